import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { at, Dependency, ScriptedScheduler } from './scripted-scheduler.ts';

const MB = 2 ** 20;
const make = (length: number, value: number) => new Float64Array(length).fill(value);
const sum = (...arrays: Float64Array[]) => arrays.map((array) => array.reduce((a, b) => a + b, 0));
const byPosition = (count: number) => Array.from({ length: count }, (_, i) => new Dependency(i));

test('large results stay where they were made, and are fetched by the ranks whose tasks depend on them', async () => {
  await using scheduler = new ScriptedScheduler(2);
  const maker = scheduler.define(1, make);
  const summer = scheduler.define(2, sum);
  scheduler.run(1, maker, 1, [
    [MB / 8, 1],
    [MB / 8, 2],
  ]);
  for (let missing = 2; missing > 0; ) {
    const { tasks, nbytes, types } = await scheduler.next('finished-stored');
    missing -= tasks.length;
    expect(nbytes.every((bytes) => bytes >= MB && bytes < MB + 100)).toBe(true);
    expect(types.every((type) => type === 'Float64Array')).toBe(true);
  }
  scheduler.run(2, summer, 10, [byPosition(3)], {
    dependencies: [[0, 1, 0]],
    locations: [at(1, MB, 1), at(2, MB, 1)],
  });
  expect(await scheduler.results([10])).toEqual([[MB / 8, MB / 4, MB / 8]]);
  const copies = [await scheduler.next('fetched'), ...scheduler.received.map(({ record }) => record)];
  expect(copies.flatMap((record) => (record.kind === 'fetched' ? record.tasks : [])).sort()).toEqual([1, 2]);
  expect(await scheduler.fetch(2, [1, 99])).toEqual([make(MB / 8, 1), undefined]);
  scheduler.send(1, { kind: 'free', ranges: [0, 1e9] });
  expect(await scheduler.fetch(1, [1, 2])).toEqual([undefined, undefined]);
});

test('futures at any depth arrive as their values, each task with its own copy', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(
    1,
    (given: { list: unknown[]; map: Map<string, unknown>; data: Uint8Array }, text: string) => {
      const seen = [given.list, [...given.map], given.data[0], text];
      given.data[0] = 77;
      return seen;
    },
  );
  const value = { list: [1, new Dependency(0)], map: new Map([['k', new Dependency(1)]]), data: new Dependency(2) };
  const data = new Uint8Array(5000).fill(5);
  scheduler.run(
    1,
    scheduler.define(1, () => new Uint8Array(5000).fill(5)),
    3,
    [[]],
  );
  await scheduler.next('finished-stored');
  expect(data[0]).toBe(5);
  const locations = [{ task: 1, value: Uint8Array.of(3) }, { task: 2, value: Uint8Array.of(1) }, at(3, 5000, 1)];
  scheduler.run(1, fn, 10, [[value, 'key-1']], { dependencies: [[0, 1, 2]], locations });
  scheduler.run(1, fn, 11, [[value, 'key-1']], { dependencies: [[0, 1, 2]], locations });
  const expected = [[1, true], [['k', null]], 5, 'key-1'];
  expect(await scheduler.results([10, 11])).toEqual([expected, expected]);
});

test('a dependency that its holder does not have is reported', async () => {
  await using scheduler = new ScriptedScheduler(2);
  const fn = scheduler.define(2, sum);
  scheduler.run(2, fn, 10, [[new Dependency(0)]], { dependencies: [[0]], locations: [at(4, 100, 1)] });
  expect(await scheduler.next('missing-dependency')).toMatchObject({ task: 10, run: 1, missing: 4, holder: 1 });
});

test('values that are put are stored and replicated', async () => {
  await using scheduler = new ScriptedScheduler(2);
  const value = [Uint8Array.of(10, 1), new Uint8Array(3000).fill(9)];
  await scheduler.world.send([{ kind: 'put', tasks: [5], values: [value] }], { dest: 1, tag: 4 });
  expect(await scheduler.next('fetched')).toMatchObject({ tasks: [5], nbytes: [3002] });
  scheduler.send(2, { kind: 'replicate', tasks: [5, 6], nbytes: [3002, 10], holders: [[1], [1]] });
  expect(await scheduler.next('fetched', (_, source) => source === 2)).toMatchObject({ tasks: [5] });
  expect(await scheduler.next('evicted')).toMatchObject({ tasks: [6] });
  expect(await scheduler.fetch(2, [5])).toEqual([new Uint8Array(3000).fill(9)]);
});

test('data beyond the limit is spilled to files of this user only, comes back, and goes with the worker', async () => {
  const parent = await mkdtemp(join(tmpdir(), 'par-test-'));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  const scheduler = new ScriptedScheduler(1, { memoryLimit: 10 * MB, spillDirectory: parent });
  try {
    const fn = scheduler.define(1, make);
    const tasks = Array.from({ length: 20 }, (_, i) => i);
    scheduler.run(
      1,
      fn,
      0,
      tasks.map((i) => [MB / 8, i]),
    );
    for (let missing = 20; missing > 0; ) missing -= (await scheduler.next('finished-stored')).tasks.length;
    // Larger than the limit by itself, however quickly the others were written.
    scheduler.run(1, fn, 50, [[(12 * MB) / 8, 50]]);
    await scheduler.next('status', ({ paused }) => paused);
    await scheduler.next('finished-stored', ({ tasks }) => tasks.includes(50));
    const { memoryBytes } = await scheduler.next(
      'status',
      ({ paused, spilledBytes }) => !paused && spilledBytes! > 20 * MB,
    );
    expect(memoryBytes).toBeLessThanOrEqual(8 * MB);
    const [directory] = await readdir(parent);
    expect((await stat(join(parent, directory!))).mode & 0o777).toBe(0o700);
    expect(await readdir(join(parent, directory!))).not.toEqual([]);
    for (const i of [0, 19, 7]) expect(await scheduler.fetch(1, [i])).toEqual([make(MB / 8, i)]);
    expect(await scheduler.fetch(1, [50])).toEqual([make((12 * MB) / 8, 50)]);
    scheduler.run(1, scheduler.define(1, sum), 100, [[new Dependency(0), new Dependency(1)]], {
      dependencies: [[0, 1]],
      locations: [at(1, MB, 1), at(2, MB, 1)],
    });
    expect(await scheduler.results([100])).toEqual([[MB / 8, MB / 4]]);
  } finally {
    await scheduler.close();
  }
  expect(await readdir(parent)).toEqual([]);
});

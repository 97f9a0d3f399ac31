import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { threadId } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Reschedule, taskContext } from '../../src/worker/index.ts';
import { ScriptedScheduler } from './scripted-scheduler.ts';

const one = () => 1;

test('what a task throws arrives as its own class with the user frames of its stack, and the worker goes on', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const thrower = scheduler.define(1, function divides(this: unknown, x: number) {
    throw Object.assign(new RangeError(`cannot divide by ${x}`, { cause: new TypeError('zero') }), { code: 'E_ZERO' });
  });
  scheduler.run(1, thrower, 7, [[0]], { keys: ['my-key'] });
  const error = await scheduler.error(7);
  expect(error).toBeInstanceOf(RangeError);
  expect(error).toMatchObject({ message: 'cannot divide by 0', code: 'E_ZERO', key: 'my-key', workerRank: 1 });
  expect(error.cause).toBeInstanceOf(TypeError);
  expect(error.stack).toContain('failures.test.ts');
  expect(error.stack).not.toContain('task-runner');
  scheduler.run(1, scheduler.define(1, one), 8, [[]]);
  expect(await scheduler.results([8])).toEqual([1]);
});

test('long messages and deep stacks are cut, and what cannot be sent with an error is left behind', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const long = scheduler.define(1, () => {
    throw new Error('x'.repeat(100_000));
  });
  scheduler.run(1, long, 1, [[]]);
  const { failure } = await scheduler.next('errored');
  expect(failure.kind === 'thrown' && failure.text.length).toBeLessThanOrEqual(10_000);
  expect(failure.kind === 'thrown' && failure.error!.reduce((sum, part) => sum + part.length, 0)).toBeLessThan(25_000);
  const odd = scheduler.define(1, () => {
    throw Object.assign(new Error('odd', { cause: new Error('why') }), { handle: () => 1, code: 7 });
  });
  scheduler.run(1, odd, 2, [[]]);
  const error = await scheduler.error(2);
  expect(error).toMatchObject({ message: 'odd', code: 7 });
  expect((error.cause as Error).message).toBe('why');
  const bare = scheduler.define(1, () => {
    throw 'just text';
  });
  scheduler.run(1, bare, 3, [[]]);
  expect(await scheduler.error(3)).toBe('just text');
});

test('a result that cannot be sent is a typed error that says where in the result', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(1, () => ({ model: { layers: [1, () => 2] } }));
  scheduler.run(1, fn, 1, [[]]);
  expect(await scheduler.error(1)).toMatchObject({
    name: 'ResultNotSerializableError',
    code: 'PAR_RESULT_NOT_SERIALIZABLE',
    path: 'result.model.layers[1]',
  });
});

test('a result too large to be kept beside the task is a typed error with its name, and the worker goes on', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(1, () => {
    const { SharedArrayBuffer: original } = globalThis;
    // What the engine does when there is no memory left.
    globalThis.SharedArrayBuffer = class {
      constructor() {
        globalThis.SharedArrayBuffer = original;
        throw new RangeError('Array buffer allocation failed');
      }
    } as never;
    return new Float64Array(1000);
  });
  scheduler.run(1, fn, 1, [[]], { keys: ['large'] });
  expect(await scheduler.error(1)).toMatchObject({
    code: 'PAR_RESULT_NOT_SERIALIZABLE',
    message: expect.stringMatching(/task large .*Array buffer allocation failed/),
  });
  scheduler.run(1, scheduler.define(1, one), 2, [[]]);
  expect(await scheduler.results([2])).toEqual([1]);
});

test('arguments and functions that cannot be made again are errors of their tasks only', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(1, one);
  scheduler.run(1, fn, 1, [[]], { chunks: [[Uint8Array.of(99, 1, 2)]] });
  expect(await scheduler.error(1)).toMatchObject({ name: 'DeserializationError', code: 'PAR_DESERIALIZATION' });
  scheduler.send(1, {
    kind: 'define',
    fn: 50,
    hash: 'none',
    fnName: 'gone',
    description: {
      description: {
        format: 1,
        hash: 'none',
        name: 'gone',
        root: 0,
        nodes: [{ kind: 'import', module: 'file:///nowhere/at-all.js', name: 'gone' }],
        values: [],
      },
      values: [Uint8Array.of(7, 0x90)],
    },
  });
  scheduler.run(1, 50, 2, [[]]);
  const error = await scheduler.error(2);
  expect(error).toMatchObject({ code: 'PAR_DESERIALIZATION' });
  expect(error.message).toContain('at-all.js');
  scheduler.run(1, fn, 3, [[]]);
  expect(await scheduler.results([3])).toEqual([1]);
});

test('process.exit ends the thread, not the rank: the task is blamed, those behind it run', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(1, (i: number) => {
    if (i === 500) process.exit(3);
    return i;
  });
  const tasks = Array.from({ length: 1000 }, (_, i) => i);
  scheduler.run(
    1,
    fn,
    0,
    tasks.map((i) => [i]),
  );
  const { failure, killed, task } = await scheduler.next('errored');
  expect({ killed, task }).toEqual({ killed: true, task: 500 });
  expect(failure.kind === 'thrown' && failure.text).toContain('TaskExitedError: task test-500 called process.exit(3)');
  const others = tasks.filter((i) => i !== 500);
  expect(await scheduler.results(others)).toEqual(others);
  expect(scheduler.received.some(({ record }) => record.kind === 'errored')).toBe(false);
});

test('a heap that runs full and an error nobody catches cost the thread and blame the task', async () => {
  await using scheduler = new ScriptedScheduler(1, { threadHeapBytes: 64 * 2 ** 20 });
  const hogs = [
    () => {
      const held: string[] = [];
      for (;;) held.push('x'.repeat(1000) + held.length);
    },
    // What grows as one piece leaves V8 no room to end the thread by itself.
    () => {
      const held: number[] = [];
      for (;;) held.push(held.length + 0.5);
    },
    () => {
      const held = new Map<number, object>();
      for (;;) held.set(held.size, { held });
    },
    () => {
      const held: unknown[] = [];
      for (;;) held.push(new Array(3e7).fill(held.length));
    },
  ];
  for (const [i, hog] of hogs.entries()) {
    scheduler.run(1, scheduler.define(1, hog), 10 + i, [[]]);
    const memory = await scheduler.next('errored', ({ task }) => task === 10 + i);
    expect(memory.killed).toBe(true);
    expect(memory.failure.kind === 'thrown' && memory.failure.text).toMatch(/^TaskOutOfMemoryError: task test-1\d /);
  }
  const crash = scheduler.define(1, () => {
    setImmediate(() => {
      throw new Error('left behind');
    });
    return new Promise(() => {});
  });
  scheduler.run(1, crash, 2, [[]]);
  const crashed = await scheduler.next('errored', ({ task }) => task === 2);
  expect(crashed.killed).toBe(true);
  expect(crashed.failure.kind === 'thrown' && crashed.failure.text).toMatch(/^TaskCrashedError: .*left behind/);
  scheduler.run(1, scheduler.define(1, one), 3, [[]]);
  expect(await scheduler.results([3])).toEqual([1]);
});

test('an endless loop is cancelled by ending its thread; what waited behind it runs', async () => {
  await using scheduler = new ScriptedScheduler(1, { cancelGraceMs: 100 });
  const quick = scheduler.define(1, one);
  scheduler.run(1, quick, 1, [[]]);
  await scheduler.results([1]);
  const loop = scheduler.define(1, () => {
    for (;;);
  });
  scheduler.run(1, loop, 2, [[]]);
  scheduler.run(1, quick, 3, [[], [], []]);
  scheduler.send(1, { kind: 'cancel', tasks: [2, 4], runs: [1, 1] });
  expect(await scheduler.results([3, 5])).toEqual([1, 1]);
  await scheduler.close();
  const kinds = scheduler.received.map(({ record }) => record.kind).filter((kind) => kind !== 'status');
  expect(kinds.every((kind) => kind === 'join' || kind === 'finished' || kind === 'leave')).toBe(true);
  expect(scheduler.received.some(({ record }) => record.kind === 'finished' && record.tasks.includes(4))).toBe(false);
});

test('a cancelled task that heeds its signal keeps its thread', async () => {
  await using scheduler = new ScriptedScheduler(1, { cancelGraceMs: 60_000 });
  const waits = scheduler.define(1, async () => {
    const context = taskContext();
    // Tells the scheduler that it runs.
    context.secede();
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
    (globalThis as { heeded?: boolean }).heeded = true;
  });
  const asks = scheduler.define(1, () => (globalThis as { heeded?: boolean }).heeded);
  scheduler.run(1, waits, 1, [[]]);
  await scheduler.next('blocked');
  scheduler.send(1, { kind: 'cancel', tasks: [1], runs: [1] });
  scheduler.run(1, asks, 2, [[]]);
  expect(await scheduler.results([2])).toEqual([true]);
});

test('a cancelled task that gave its thread away and does not end takes no other down with its thread', async () => {
  const cancelGraceMs = 5;
  await using scheduler = new ScriptedScheduler(1, { cancelGraceMs });
  const files = mkdtempSync(join(tmpdir(), 'par-test-'));
  const go = join(files, 'go');
  const away = scheduler.define(1, () => {
    const task = taskContext();
    task.signal.addEventListener('abort', () => task.link.send({ kind: 'open-client', client: 77 }));
    task.secede();
    return new Promise(() => {});
  });
  const other = scheduler.define(1, async (file: string) => {
    const task = taskContext();
    task.secede();
    await task.rejoin();
    while (!existsSync(file)) await new Promise((resolve) => setImmediate(resolve));
    return threadId;
  });
  const thread = scheduler.define(1, () => threadId);
  scheduler.run(1, away, 1, [[]]);
  await scheduler.next('blocked');
  scheduler.run(1, other, 2, [[go]]);
  await scheduler.next('unblocked');
  scheduler.send(1, { kind: 'cancel', tasks: [1], runs: [1] });
  await scheduler.next('open-client');
  // The worker's timer of the same length was set before this one.
  await setTimeout(cancelGraceMs);
  scheduler.run(1, thread, 3, [[]]);
  writeFileSync(go, '');
  const [first, second] = await scheduler.results([2, 3]);
  expect(second).not.toBe(first);
  rmSync(files, { recursive: true });
});

test('a task that asks for it is run elsewhere', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(1, () => {
    throw new Reschedule();
  });
  scheduler.run(1, fn, 1, [[]]);
  expect(await scheduler.next('rescheduled')).toMatchObject({ tasks: [1], runs: [1] });
});

import { expect, test } from 'vitest';
import { taskContext } from '../../src/worker/index.ts';
import { ScriptedScheduler } from './scripted-scheduler.ts';

const square = (i: number) => i * i;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test('a worker joins, runs a batch of shipped functions and reports small results inline', async () => {
  await using scheduler = new ScriptedScheduler(1, { nthreads: 2, name: 'alice', resources: { GPU: 2 } });
  const join = await scheduler.next('join');
  expect(join).toMatchObject({ threads: 2, name: 'alice', resources: { GPU: 2 } });
  const fn = scheduler.define(1, square);
  scheduler.run(
    1,
    fn,
    100,
    range(1000).map((i) => [i]),
  );
  const tasks = range(1000).map((i) => 100 + i);
  expect(await scheduler.results(tasks)).toEqual(range(1000).map((i) => i * i));
  const finished = scheduler.received.filter(({ record }) => record.kind === 'finished').length;
  expect(finished).toBeLessThan(500);
  await scheduler.close();
  expect(scheduler.received.at(-1)?.record.kind).toBe('leave');
});

test('async functions are awaited, generators give arrays, and a task knows its key and rank', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const later = scheduler.define(1, async (x: number) => {
    await new Promise((resolve) => setImmediate(resolve));
    const { key, workerRank, task } = taskContext();
    return [x, key, workerRank, task];
  });
  const count = scheduler.define(1, function* (n: number) {
    for (let i = 0; i < n; i++) yield i;
  });
  const countLater = scheduler.define(1, async function* (n: number) {
    for (let i = 0; i < n; i++) yield i;
  });
  scheduler.run(1, later, 1, [[7]], { keys: ['seven'] });
  scheduler.run(1, count, 2, [[3]]);
  scheduler.run(1, countLater, 3, [[2]]);
  expect(await scheduler.results([1, 2, 3])).toEqual([
    [7, 'seven', 1, 1],
    [0, 1, 2],
    [0, 1],
  ]);
});

test('tasks start in the order of priority, generation and number', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const note = scheduler.define(1, (name: string) => {
    const noted = globalThis as { names?: string[] };
    noted.names ??= [];
    return noted.names.push(name);
  });
  const order = [
    { ...scheduler.order(note, 1, [['last']]), priority: -1 },
    { ...scheduler.order(note, 2, [['third'], ['fourth']]), generation: 5 },
    { ...scheduler.order(note, 4, [['second']]), generation: 4 },
    { ...scheduler.order(note, 5, [['first']]), priority: 1 },
  ];
  scheduler.send(1, ...order);
  expect(await scheduler.results([5, 4, 2, 3, 1])).toEqual([1, 2, 3, 4, 5]);
});

test('a task that gives its thread away lets others run on it, and comes first when it wants it back', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const outer = scheduler.define(1, async () => {
    const context = taskContext();
    const shared = globalThis as { release?: () => void; log?: string[] };
    shared.log = ['outer'];
    context.secede();
    await new Promise<void>((resolve) => {
      shared.release = resolve;
    });
    await context.rejoin();
    shared.log.push('outer again');
    return shared.log;
  });
  const inner = scheduler.define(1, (name: string) => {
    const shared = globalThis as { release?: () => void; log?: string[] };
    shared.log!.push(name);
    shared.release!();
  });
  scheduler.run(1, outer, 1, [[]]);
  expect(await scheduler.next('blocked')).toMatchObject({ task: 1, run: 1 });
  scheduler.run(1, inner, 2, [['inner']]);
  expect(await scheduler.next('unblocked')).toMatchObject({ task: 1, run: 1 });
  expect(await scheduler.results([1])).toEqual([['outer', 'inner', 'outer again']]);
});

test('tasks that wait in a thread behind a long one move to a thread without work', async () => {
  await using scheduler = new ScriptedScheduler(1, { nthreads: 2 });
  const fn = scheduler.define(1, async (i: number) => {
    if (i !== 40) return i;
    // Ends by being cancelled only.
    await new Promise((resolve) => taskContext().signal.addEventListener('abort', resolve));
    return i;
  });
  const tasks = range(80);
  // So that the worker expects them to be short.
  scheduler.run(
    1,
    fn,
    1000,
    range(30).map((i) => [i]),
  );
  await scheduler.results(range(30).map((i) => 1000 + i));
  scheduler.run(
    1,
    fn,
    0,
    tasks.map((i) => [i]),
  );
  const others = tasks.filter((i) => i !== 40);
  expect(await scheduler.results(others)).toEqual(others);
});

test('runs that have not started can be retracted, others not', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const blocks = scheduler.define(1, async () => {
    const context = taskContext();
    context.secede();
    await context.rejoin();
    await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
  });
  scheduler.run(1, blocks, 1, [[]]);
  await scheduler.next('unblocked');
  scheduler.run(1, scheduler.define(1, square), 2, [[1], [2]]);
  scheduler.send(1, { kind: 'retract', request: 4, tasks: [1, 2, 9], runs: [1, 1, 1] });
  expect(await scheduler.next('retracted')).toEqual({ kind: 'retracted', request: 4, tasks: [2], runs: [1] });
  scheduler.send(1, { kind: 'cancel', tasks: [1], runs: [1] });
  expect(await scheduler.results([3])).toEqual([4]);
});

test('a client inside a task talks to the scheduler through the rank', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(1, async () => {
    const { link } = taskContext();
    const { promise, resolve } = Promise.withResolvers<string>();
    const client = link.open({ receivedRecord: (record) => resolve(record.kind), taskEnded: () => {}, lost: () => {} });
    link.send({ kind: 'open-client', client });
    link.hold();
    const kind = await promise;
    link.release();
    link.close(client);
    return [client, kind, link.task?.run];
  });
  scheduler.run(1, fn, 1, [[]]);
  const { client } = await scheduler.next('open-client');
  await scheduler.next('blocked');
  scheduler.sendToClients(1, { kind: 'opened', client, workers: [] });
  expect(await scheduler.results([1])).toEqual([[client, 'opened', 1]]);
});

test('functions run outside of scheduling on the rank itself', async () => {
  await using scheduler = new ScriptedScheduler(1);
  scheduler.call(1, 8, (x: number) => x + 1, [41]);
  expect(await scheduler.called(8)).toBe(42);
});

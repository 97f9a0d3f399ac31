import assert from 'node:assert/strict';
import { Executor } from '@par/futures';
import { casesOf, eventually, range, refused, soon, throws } from '../case.ts';

const square = (x: number): number => x * x;
const add = (x: number, y: number): number => x + y;
const root = (x: number): number => {
  if (x < 0) throw new RangeError(`no root of ${x}`);
  return Math.sqrt(x);
};
const slow = async (milliseconds: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return milliseconds;
};
const forever = (_: number): Promise<number> => new Promise(() => {});

async function all<T>(results: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const result of results) list.push(result);
  return list;
}

export const EXECUTOR = casesOf({
  'executor: every call runs, in whatever order; map keeps the order of its calls': async ({ client }) => {
    await using executor = new Executor(client);
    const random = (): number => Math.random();
    assert.notEqual(await executor.submit(random), await executor.submit(random));
    assert.deepEqual(await all(executor.map(square, range(10))), range(10).map(square));
    assert.deepEqual(await all(executor.map(add, [1, 2, 3], [10, 20])), [11, 22]);
    assert.deepEqual(await all(executor.map(square, [])), []);
    const pairs: [number, number][] = [
      [1, 2],
      [3, 4],
    ];
    assert.deepEqual(await all(executor.starmap(add, pairs)), [3, 7]);
    function* naturals(): Generator<number> {
      for (let i = 0; ; i++) yield i;
    }
    assert.deepEqual(await all(executor.map(add, naturals(), [5, 5, 5])), [5, 6, 7]);
  },

  'executor: chunks and buffers of any size give the same results': async ({ client }) => {
    await using executor = new Executor(client);
    const expected = range(40).map(square);
    for (const chunkSize of [6, 40, 50]) {
      assert.deepEqual(await all(executor.with({ chunkSize }).map(square, range(40))), expected);
    }
    for (const chunkSize of [1, 2, 9, 10, 11]) {
      for (const bufferSize of [1, 2, 9, 10, 11]) {
        const options = { chunkSize, bufferSize };
        assert.deepEqual(await all(executor.with(options).map(square, range(40))), expected, JSON.stringify(options));
        const unordered = await all(executor.with({ ...options, unordered: true }).map(square, range(40)));
        assert.deepEqual(
          unordered.sort((a, b) => a - b),
          expected,
          JSON.stringify(options),
        );
      }
    }
    throws(() => executor.with({ chunkSize: 0 }).map(square, [1]), 'PAR_ARGUMENT', /chunkSize is 0/);
    throws(() => executor.with({ bufferSize: 0 }).map(square, [1]), 'PAR_ARGUMENT', /bufferSize is 0/);
  },

  'executor: a bounded buffer reads its iterable no further than results are taken': async ({ client }) => {
    await using executor = new Executor(client);
    let read = 0;
    let closed = false;
    function* source(): Generator<number> {
      try {
        for (;;) yield read++;
      } finally {
        closed = true;
      }
    }
    const seen: number[] = [];
    for await (const result of executor.with({ bufferSize: 4 }).map(square, source())) {
      seen.push(result);
      assert.ok(read <= seen.length + 4, `${read} read, ${seen.length} taken`);
      if (seen.length === 20) break;
    }
    assert.deepEqual(seen, range(20).map(square));
    assert.ok(closed);
  },

  'executor: an error comes in its place, and ends the results': async ({ client }) => {
    await using executor = new Executor(client);
    const results = executor.map(root, [4, 9, -1, 16]);
    assert.equal((await results.next()).value, 2);
    assert.equal((await results.next()).value, 3);
    await assert.rejects(results.next(), RangeError);
    assert.deepEqual(await results.next(), { done: true, value: undefined });
    await assert.rejects(all(executor.with({ chunkSize: 2 }).map(root, [4, -1, 9, 16])), /no root of -1/);
    assert.equal(await executor.submit(root, 25), 5);
  },

  'executor: a signal ends a map; unordered, what was fast has come by then': async ({ client }) => {
    await using executor = new Executor(client);
    const late = async (i: number): Promise<number> => (i < 0 ? new Promise<number>(() => {}) : i);
    await refused(executor.with(soon()).map(late, [-1]).next(), 'PAR_TIMEOUT');
    for (const [unordered, values] of [
      [false, [1, 2, 3, -1]],
      [true, [-1, 1, 2, 3]],
    ] as const) {
      const stop = new AbortController();
      const results = executor.with({ unordered, signal: stop.signal }).map(late, values);
      const seen = [(await results.next()).value, (await results.next()).value, (await results.next()).value];
      assert.deepEqual(seen.sort(), [1, 2, 3]);
      const next = results.next();
      stop.abort();
      await refused(next, 'PAR_CANCELLED');
    }
  },

  'executor: results that are not taken cancel their tasks': async ({ client }) => {
    await using executor = new Executor(client);
    for await (const result of executor.map((i: number) => (i === 0 ? i : new Promise<number>(() => {})), range(50))) {
      assert.equal(result, 0);
      break;
    }
    await eventually(async () => [...(await client.processing()).values()].flat().length === 0, 'all are cancelled');
    assert.equal(await executor.submit(square, 3), 9);
  },

  'executor: shutdown waits for what was begun and, told so, cancels the rest': async ({ client }) => {
    const executor = new Executor(client);
    const futures = range(12).map(() => executor.submit(slow, 300));
    await eventually(async () => [...(await client.processing()).values()].flat().length >= 3, 'all threads are busy');
    await executor.shutdown({ cancelFutures: true });
    const statuses = futures.map(({ status }) => status);
    assert.equal(statuses[0], 'finished');
    assert.ok(statuses.includes('cancelled'), statuses.join());
    assert.deepEqual(new Set(statuses), new Set(['finished', 'cancelled']));
    throws(() => executor.submit(square, 1), 'PAR_CLOSED', /shut down/);
    throws(() => executor.map(square, [1]), 'PAR_CLOSED');
    await executor.shutdown();
  },

  'executor: shutdown without waiting lets tasks end nevertheless': async ({ client }) => {
    const executor = new Executor(client);
    const future = executor.submit(slow, 50);
    await executor.shutdown({ wait: false });
    assert.equal(future.done(), false);
    assert.equal(await future, 50);
    await executor.shutdown();
  },

  'executor: a task that was submitted and forgotten runs': async ({ client, another }) => {
    const { Variable } = await import('@par/futures');
    const executor = new Executor(client);
    const name = 'executor-effect';
    executor.submit(async (variable: string) => {
      await new Variable(variable).set('done');
    }, name);
    await executor.shutdown();
    const variable = new Variable<string>(name, { client: another() });
    assert.equal(await variable.get(), 'done');
    await variable.delete();
  },

  'executor: an initializer runs before the first task of each thread; if it fails, the executor is broken': async ({
    client,
  }) => {
    const settings = globalThis as { ready?: number };
    await using executor = new Executor(client, {
      initializer: () => {
        settings.ready = (settings.ready ?? 0) + 1;
      },
    });
    const ready = (_: number): number | undefined => (globalThis as { ready?: number }).ready;
    assert.deepEqual(new Set(await all(executor.map(ready, range(20)))), new Set([1]));
    const broken = new Executor(client, {
      initializer: () => {
        throw new TypeError('no licence');
      },
    });
    const futures = [broken.submit(square, 1), broken.submit(square, 2)];
    for (const future of futures) await refused(future.result(), 'PAR_EXECUTOR_BROKEN', /TypeError: no licence/);
    throws(() => broken.submit(square, 3), 'PAR_EXECUTOR_BROKEN');
    await broken.shutdown();
  },

  'executor: what cannot travel fails by itself and harms nobody': async ({ client }) => {
    await using executor = new Executor(client);
    throws(() => executor.submit(((x: unknown) => x) as (x: unknown) => unknown, () => 1), 'PAR_NOT_SERIALIZABLE');
    await refused(executor.submit(() => () => 1).result(), 'PAR_RESULT_NOT_SERIALIZABLE');
    // @ts-expect-error not lists of arguments
    throws(() => executor.starmap(square, [1]), 'PAR_ARGUMENT', /element 0 is number/);
    assert.deepEqual(await all(executor.map(square, range(10))), range(10).map(square));
  },

  'executor: sixteen of them share one pool': async ({ client }) => {
    const executors = Array.from({ length: 16 }, () => new Executor(client));
    const sums = await Promise.all(
      executors.map(async (executor, i) => (await all(executor.map(add, range(128), range(128)))).length + i),
    );
    assert.deepEqual(
      sums,
      range(16).map((i) => 128 + i),
    );
    await Promise.all(executors.map((executor) => executor.shutdown()));
  },

  'executor: wait until one is done, one fails, or all are': async ({ client }) => {
    await using executor = new Executor(client);
    const running = executor.submit(forever, 1);
    const [fast, failing] = [executor.submit(square, 2), executor.submit(root, -1)];
    const first = await client.wait([running, fast], { until: 'first' });
    assert.deepEqual([...first.done], [fast]);
    const failed = await client.wait([running, failing], { until: 'error' });
    assert.deepEqual([...failed.done], [failing]);
    assert.deepEqual([...(await client.wait([fast, failing])).pending], []);
    running.cancel();
    await refused(client.wait([running, fast]), 'PAR_FUTURE_CANCELLED');
  },
});

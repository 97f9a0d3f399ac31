import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import type { Communicator } from '@par/comm-core';
import { Client, type Future, Reschedule, taskContext } from '@par/futures';
import { casesOf, eventually, fileNames, range, refused } from '../case.ts';

const inc = (x: number): number => x + 1;
const fib = async (n: number): Promise<number> => {
  if (n < 2) return n;
  const client = Client.current();
  const [a, b] = [client.submit(fib, n - 1), client.submit(fib, n - 2)];
  return (await a) + (await b);
};

export const TASKS = casesOf({
  '47 what a task submits runs before later siblings of the task': async ({ client, workers }) => {
    const now = (_: unknown): number => performance.timeOrigin + performance.now();
    const parent = async (_: number, worker: number): Promise<{ begun: number; inner: number }> => {
      const begun = performance.timeOrigin + performance.now();
      const inner = Client.current().with({ workers: worker, pure: false });
      return { begun, inner: await inner.submit(now, 0) };
    };
    const only = client.with({ workers: workers[0]!, pure: false });
    const [first, second] = await client.gather(only.map(parent, range(5), Array(5).fill(workers[0])));
    assert.ok(first!.inner <= second!.begun, `${first!.inner} is after ${second!.begun}`);
  },

  '55 tasks submit tasks and wait for them, on one thread': async ({ client, workers }) => {
    const both = async (x: number): Promise<number> => {
      const inner = Client.current();
      const [a, b] = [inner.submit((y: number) => y + 1, x), inner.submit((y: number) => y + 2, x)];
      return (await a) + (await b);
    };
    assert.equal(await client.with({ workers: workers[0]! }).submit(both, 10), 23);
    assert.equal(await client.submit(fib, 10), 55);
    const spread = async (n: number): Promise<number[]> => {
      const inner = new Client();
      const where = async (_: number): Promise<number> => {
        await new Promise((resolve) => setTimeout(resolve, 10));
        return taskContext().workerRank;
      };
      const ranks = await inner.gather(
        inner.map(
          where,
          Array.from({ length: n }, (_, i) => i),
        ),
      );
      await inner.close();
      return ranks;
    };
    const ranks = await client.submit(spread, 100);
    for (const worker of workers) assert.ok(ranks.filter((rank) => rank === worker).length > 15, ranks.join());
  },

  '56 data scattered in a task stays on its worker; gather in a task takes from all': async ({ client, workers }) => {
    const scatter = (length: number): { data: Future<Float64Array>; rank: number } => ({
      data: Client.current().scatter(new Float64Array(length).fill(1)),
      rank: taskContext().workerRank,
    });
    for (const worker of workers) {
      const { data, rank } = await client.with({ workers: worker }).submit(scatter, 1000 + worker);
      await client.wait([data]);
      assert.equal(rank, worker);
      assert.deepEqual([...(await client.whoHas([data])).values()], [[worker]]);
      assert.equal((await data).length, 1000 + worker);
    }
    const everywhere = async (lengths: number[]): Promise<number[]> => {
      const inner = Client.current();
      const arrays = await inner.gather(
        lengths.map((length, i) => inner.with({ workers: i + 2 }).submit((n: number) => new Float64Array(n), length)),
      );
      return arrays.map((array) => array.length);
    };
    assert.deepEqual(await client.submit(everywhere, [500, 600]), [500, 600]);
  },

  '57 a task that gave its thread away leaves it to others, and counts for nothing until it is over': async ({
    client,
    workers,
  }) => {
    const only = client.with({ workers: workers[0]!, pure: false });
    const away = only.submit(async (): Promise<never> => {
      taskContext().secede();
      return new Promise(() => {});
    });
    assert.equal(await only.submit(inc, 1), 2);
    away.cancel();
    const failing = only.submit(async () => {
      taskContext().secede();
      throw new Error('away');
    });
    await assert.rejects(failing.result(), /away/);
    const back = only.submit(async () => {
      const task = taskContext();
      task.secede();
      await task.rejoin();
      return task.workerRank;
    });
    assert.equal(await back, workers[0]);
    await eventually(
      async () => (await client.processing([workers[0]!])).get(workers[0]!)!.length === 0,
      'none is left',
    );
    assert.deepEqual(await client.gather(only.map(inc, range(5))), range(5).map(inc));
  },

  'a task that asks for it runs again, elsewhere if another worker has room, which is no error': async ({ client }) => {
    const files = fileNames();
    const elsewhere = (file: string): string => {
      appendFileSync(file, String(taskContext().workerRank));
      const ranks = readFileSync(file, 'utf8');
      if (ranks.length < 5) throw new Reschedule();
      return ranks;
    };
    const ranks = await client.submit(elsewhere, files.next().value);
    assert.match(ranks, /^(23232|32323)$/);
    files.return(undefined as never);
  },

  'tasks return futures, which outlive them': async ({ client }) => {
    const start = (): { inner: Future<number> } => ({ inner: new Client().submit((x: number) => x + 1, 1) });
    const { inner } = await client.submit(start);
    assert.equal(await inner, 2);
  },

  'a task of several ranks gets their communicator': async ({ client, workers }) => {
    const sum = async (x: number, comm: Communicator): Promise<number> =>
      (await comm.allreduce(x, (a: number, b: number) => a + b)) * comm.size;
    const task = client.with({ ranks: workers.length }).submit(sum, 5);
    assert.equal(await task, 5 * workers.length * workers.length);
  },

  'a generator is an array of what it yields': async ({ client }) => {
    function* count(n: number): Generator<number> {
      for (let i = 0; i < n; i++) yield i;
    }
    async function* countSlowly(n: number): AsyncGenerator<number> {
      for (let i = 0; i < n; i++) yield i;
    }
    const results: [number[], number[]] = await client.gather([client.submit(count, 3), client.submit(countSlowly, 2)]);
    assert.deepEqual(results, [
      [0, 1, 2],
      [0, 1],
    ]);
  },

  'a stream gives what a generator yields, in order, while it runs': async ({ client }) => {
    async function* mixed(n: number): AsyncGenerator<number | string | Float64Array> {
      for (let i = 0; i < n; i++) yield [i, 'x'.repeat(300), new Float64Array(300).fill(i)][i % 3]!;
    }
    let i = 0;
    for await (const value of client.stream(mixed, 200)) {
      if (i % 3 === 0) assert.equal(value, i);
      else if (i % 3 === 1) assert.equal(value, 'x'.repeat(300));
      else assert.equal((value as Float64Array)[299], i);
      i++;
    }
    assert.equal(i, 200);
    async function* onRequest(): AsyncGenerator<number> {
      yield 1;
      await new Promise(() => {});
    }
    const endless = client.stream(onRequest);
    assert.deepEqual(await endless.next(), { done: false, value: 1 });
    await endless.return();
    assert.deepEqual(await endless.next(), { done: true, value: undefined });
  },

  'a stream stops its task when it is left, is never far ahead, and gives what came before an error': async ({
    client,
  }) => {
    function* naturals(): Generator<number> {
      for (let i = 0; ; i++) yield i;
    }
    const seen: number[] = [];
    for await (const value of client.stream(naturals)) {
      seen.push(value);
      if (seen.length === 500) break;
    }
    assert.deepEqual(seen, range(500));
    await eventually(async () => [...(await client.processing()).values()].flat().length === 0, 'the task is stopped');
    function* failing(): Generator<number> {
      yield 1;
      yield 2;
      throw new RangeError('no more');
    }
    const stream = client.stream(failing);
    assert.deepEqual([(await stream.next()).value, (await stream.next()).value], [1, 2]);
    await assert.rejects(stream.next(), RangeError);
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
    await refused(client.stream((): number[] => [() => 1] as unknown as number[]).next(), 'PAR_NOT_SERIALIZABLE');
  },
});

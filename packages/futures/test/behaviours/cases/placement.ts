import assert from 'node:assert/strict';
import { taskContext } from '@par/futures';
import { casesOf, eventually, fileNames, Hold, hold, range, refused, throws } from '../case.ts';

const inc = (x: number): number => x + 1;
const make = (length: number): Float64Array => new Float64Array(length);
const rank = (_?: unknown): number => taskContext().workerRank;
const slowRank = async (milliseconds: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return taskContext().workerRank;
};

export const PLACEMENT = [
  ...casesOf({
    '40 scattered data is one future, or one for each element; equal data is one': async ({ client }) => {
      assert.deepEqual(await client.gather(client.scatter([1, 'two', { three: 3 }])), [1, 'two', { three: 3 }]);
      assert.deepEqual(await client.scatter({ rate: 0.1 }), { rate: 0.1 });
      assert.deepEqual(await client.scatter(new Set([1])), new Set([1]));
      assert.equal(client.scatter(123).key, client.scatter(123).key);
      assert.notEqual(client.scatter(123, { hash: false }).key, client.scatter(123, { hash: false }).key);
      const large = client.scatter(new Float64Array(10_000).fill(2));
      assert.equal(await client.submit((array: Float64Array) => array.reduce((a, b) => a + b, 0), large), 20_000);
    },

    '41 scattered data goes where it is told': async ({ client, workers }) => {
      const everywhere = client.scatter([new Float64Array(1000).fill(3)], { broadcast: true });
      const holders = async (): Promise<number[]> => [...(await client.whoHas(everywhere)).values()].flat();
      await eventually(async () => (await holders()).length === workers.length, 'all have it');
      const there = client.scatter([new Float64Array(1000).fill(4)], { workers: 'bob' });
      await client.wait(there);
      assert.deepEqual([...(await client.whoHas(there)).values()], [[3]]);
      const small = client.scatter({ small: true }, { workers: 'alice' });
      await client.wait([small]);
      assert.deepEqual([...(await client.whoHas([small])).values()], [[2]]);
      throws(() => client.scatter([make(1000)], { workers: 99 }), 'PAR_NOT_FOUND');
      throws(() => client.scatter(1, { broadcast: -1 }), 'PAR_ARGUMENT');
      for (const value of [41, make(1000)]) {
        const nowhere = client.scatter(value, { workers: 'carol' });
        await refused(nowhere, 'PAR_NOT_FOUND', /carol.*alice.*bob/);
        assert.deepEqual(await client.scatter(value), value);
        nowhere.release();
      }
      await refused(client.replicate([small], { workers: 'carol' }), 'PAR_NOT_FOUND', /^replicate:/);
    },

    '42 a task goes to the larger of its dependencies': async ({ client, workers }) => {
      const where = (_: Float64Array, __: Float64Array): number => taskContext().workerRank;
      const homes = range(6).map((i) => workers[i % 2]!);
      const large = homes.map((home, i) => client.with({ workers: home }).submit(make, 100_000 + i));
      const small = client.with({ workers: workers[0]! }).submit(make, 1000);
      await client.wait([...large, small]);
      // One after the other: a worker that is busy may be worse than one that has to fetch.
      for (const [i, home] of homes.entries()) assert.equal(await client.submit(where, large[i]!, small), home);
    },

    '46 workers are named by rank or name; a preference falls back': async ({ client, workers }) => {
      for (const one of [workers[0]!, 'alice', [workers[0]!, 'alice']]) {
        assert.equal(await client.with({ workers: one, pure: false }).submit(rank), workers[0]);
      }
      // These workers are ranks of a job: there will never be others.
      const impossible = client.with({ workers: 'carol' }).submit(inc, 46);
      await refused(impossible, 'PAR_NOT_FOUND', /inc.*needs workers carol.*alice.*bob/);
      // The same call with other options is made anew.
      assert.equal(await client.with({ workers: 'bob' }).submit(inc, 46), 47);
      await refused(impossible, 'PAR_NOT_FOUND');
      await refused(client.with({ ranks: 3 }).submit(rank), 'PAR_UNRUNNABLE', /rank.*needs 3 workers at a time/);
      await refused(client.waitForWorkers(3), 'PAR_NO_WORKERS', /3 workers/);
      assert.ok(workers.includes(await client.with({ workers: 'carol', allowOtherWorkers: true }).submit(rank)));
      throws(() => client.with({ allowOtherWorkers: true }).submit(rank), 'PAR_ARGUMENT');
    },

    '47 higher priority runs first, then what was submitted first; what was begun is finished': async ({
      client,
      workers,
    }) => {
      const only = client.with({ workers: workers[0]!, pure: false });
      const stamp = (_: unknown): number => performance.timeOrigin + performance.now();
      // While the only thread is busy, what is submitted is put in order.
      const files = fileNames();
      const first = new Hold(files);
      only.with({ fireAndForget: true }).submit(hold, first.log, first.go);
      await first.held(1);
      const low = only.with({ priority: -1 }).map(stamp, range(5));
      const normal = only.map(stamp, range(5));
      const high = only.with({ priority: 1 }).map(stamp, range(5));
      await client.workers();
      first.letGo();
      const times = await client.gather({ low, normal, high });
      assert.ok(Math.max(...times.high) <= Math.min(...times.normal), JSON.stringify(times));
      assert.ok(Math.max(...times.normal) <= Math.min(...times.low), JSON.stringify(times));

      const second = new Hold(files);
      only.with({ fireAndForget: true }).submit(hold, second.log, second.go);
      await second.held(1);
      const x = only.map(stamp, range(5));
      const y = only.map(stamp, x);
      const z = only.map(stamp, y);
      await client.workers();
      second.letGo();
      const chains = await client.gather({ x, z });
      assert.ok(Math.min(...chains.z) < Math.max(...chains.x), JSON.stringify(chains));
      files.return(undefined as never);
    },

    '48 no more tasks run together than their resources allow': async ({ client, workers }) => {
      const limited = client.with({ resources: { A: 1 }, pure: false });
      const files = fileNames();
      const gate = new Hold(files);
      const held = limited.map(
        hold,
        range(12).map(() => gate.log),
        range(12).map(() => gate.go),
      );
      await gate.held(2);
      // Another task finds room, a third of these does not: alice has two of A but one thread, bob the other way round.
      assert.equal(await client.with({ workers: 'bob' }).submit(inc, 480), 481);
      const given = [...(await client.processing()).values()].map((keys) => keys.length);
      assert.deepEqual(given, [1, 1]);
      assert.equal(gate.count, 2);
      gate.letGo();
      await client.gather(held);
      files.return(undefined as never);
      const failing = limited.submit((): number => {
        throw new Error('48');
      });
      await assert.rejects(failing.result(), /48/);
      limited.submit(() => new Promise(() => {})).cancel();
      const all = client.with({ resources: { A: 2 } });
      assert.equal(await all.submit(rank), workers[0]);
      const impossible = client.with({ resources: { B: 1 } }).submit(inc, 48);
      await refused(impossible, 'PAR_UNRUNNABLE', /inc.*needs 1 B.*alice \(rank 2\) with 2 A/);
      assert.equal(await client.submit(inc, 49), 50);
      for (const amount of [-1, Number.NaN, '1']) {
        throws(() => client.with({ resources: { A: amount as number } }).submit(inc, 1), 'PAR_ARGUMENT', /inc/);
      }
    },

    '49 a preference is given up when its worker has much to do; a restriction is not': async ({ client, workers }) => {
      const [a] = workers as [number];
      const preferring = client.with({ workers: a, allowOtherWorkers: true, pure: false });
      const where = await client.gather(
        preferring.map(
          slowRank,
          range(40).map(() => 20),
        ),
      );
      assert.ok(
        where.some((one) => one !== a),
        where.join(),
      );
      assert.ok(where.filter((one) => one === a).length >= 5, where.join());
      const strict = client.with({ workers: a, pure: false });
      assert.deepEqual(
        new Set(
          await client.gather(
            strict.map(
              slowRank,
              range(10).map(() => 5),
            ),
          ),
        ),
        new Set([a]),
      );
    },

    '50 a task stays with its data while its worker has room': async ({ client, workers }) => {
      const where = (_: Float64Array, __: number): number => taskContext().workerRank;
      for (const home of workers) {
        const data = client.with({ workers: home }).submit(make, 500_000 + home);
        await client.wait([data]);
        for (const i of range(5)) assert.equal(await client.submit(where, data, i), home);
        assert.equal([...(await client.whoHas([data])).values()].flat().length, 1);
      }
    },

    '67 run: on every worker, outside of scheduling': async ({ client, workers }) => {
      assert.deepEqual(await client.run((x: number) => x * 2, 4), new Map(workers.map((worker) => [worker, 8])));
      assert.deepEqual(await client.runOn({ workers: ['bob'] }, () => 'here'), new Map([[3, 'here']]));
      await assert.rejects(
        client.run(() => {
          throw new RangeError('not here');
        }),
        RangeError,
      );
      const failures = await client.runOn({ errors: 'return' }, () => {
        throw new RangeError('not here');
      });
      assert.deepEqual([...failures.keys()], workers);
      for (const error of failures.values()) assert.ok((error as unknown) instanceof RangeError);
      const some = await client.runOn({ errors: 'skip', workers }, (): number => {
        throw new RangeError('not here');
      });
      assert.equal(some.size, 0);
      assert.equal(await client.runOnScheduler((x: number) => x + 1, 1), 2);
      await refused(
        client.runOn({ workers: ['carol'] }, () => 1),
        'PAR_NOT_FOUND',
      );
    },
  }),

  ...casesOf(
    {
      '43 replicate makes as many copies as it is told, and drops the others': async ({ client, workers }) => {
        const future = client.submit(make, 1234);
        const holders = async (): Promise<number[]> => [...(await client.whoHas([future])).values()].flat();
        await client.replicate([future], { copies: 3 });
        assert.equal((await holders()).length, 3);
        await client.replicate([future], { copies: 1 });
        assert.equal((await holders()).length, 1);
        await client.replicate([future]);
        assert.equal((await holders()).length, workers.length);
        await client.replicate([future], { copies: 1 });
        await client.replicate([future], { copies: 2, workers: [workers[1]!, workers[2]!] });
        assert.ok(
          (await holders()).every((one) => one === workers[1] || one === workers[2]) || (await holders()).length === 3,
        );
        await refused(client.replicate([future], { copies: 0 }), 'PAR_ARGUMENT');
      },

      '54 of many roots few results are in memory at a time': async ({ client }) => {
        const root = async (length: number): Promise<Float64Array> => {
          await new Promise((resolve) => setTimeout(resolve, 5));
          return new Float64Array(length);
        };
        const chains = range(50).map((i) => {
          const array = client.submit(root, 10_000 + i);
          const length = client.submit(async (one: Float64Array) => {
            await new Promise((resolve) => setTimeout(resolve, 5));
            return one.length;
          }, array);
          array.release();
          return length;
        });
        let most = 0;
        const done = client.gather(chains);
        let over = false;
        void done.finally(() => {
          over = true;
        });
        while (!over) {
          for (const keys of (await client.hasWhat()).values()) {
            most = Math.max(most, keys.filter((key) => key.startsWith('root')).length);
          }
        }
        assert.deepEqual(
          await done,
          range(50).map((i) => 10_000 + i),
        );
        assert.ok(most <= 3, `${most} roots on one worker`);
      },

      '58 actors: state on a worker, balanced, one call after the other': async ({ client, workers }) => {
        class Counter {
          n = 0;
          increment(): number {
            this.n += 1;
            return this.n;
          }
          where(): number {
            return taskContext().workerRank;
          }
          fail(): never {
            throw new RangeError('no');
          }
        }
        const futures = range(10).map(() => client.actor(Counter));
        const actors = await client.gather(futures);
        const ranks = await Promise.all(actors.map((actor) => actor.where()));
        for (const worker of workers) assert.equal(ranks.filter((one) => one === worker).length, 2, ranks.join());
        const [counter] = actors;
        const counts = await Promise.all(range(10).map(() => counter!.increment()));
        assert.deepEqual(
          counts,
          range(10).map((i) => i + 1),
        );
        assert.equal(await counter!.get('n'), 10);
        assert.equal(await actors[1]!.increment(), 1);
        await assert.rejects(counter!.fail(), RangeError);
        class Broken {
          constructor() {
            throw new TypeError('never made');
          }
        }
        await assert.rejects(client.actor(Broken).result(), /never made/);
        const notClasses: readonly unknown[] = [() => 1, async () => 1, { method() {} }.method];
        for (const one of notClasses)
          throws(() => client.actor(one as never), 'PAR_ARGUMENT', /must be a class.*submit\(/);
        throws(() => client.submit(Counter as never), 'PAR_ARGUMENT', /Counter is a class.*actor\(Counter\)/);
      },
    },
    { shape: 'five' },
  ),
];

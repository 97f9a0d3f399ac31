import assert from 'node:assert/strict';
import { type Client, Event } from '@par/futures';
import { casesOf, range, refused } from '../case.ts';

const make = (length: number): Float64Array => new Float64Array(length).fill(length);
const lengthOf = (array: Float64Array, ..._: unknown[]): number => array.length;
const forever = (_: number): Promise<number> => new Promise(() => {});
const leaf = (i: number): Float64Array => new Float64Array(200).fill(i);
const plus = (a: Float64Array, b: Float64Array): Float64Array => a.map((x, i) => x + b[i]!);

/** Kills the process of a worker; its rank starts another. */
async function kill(client: Client, rank: number): Promise<void> {
  const pids = await client.runOn({ workers: rank }, () => process.pid);
  process.kill(pids.get(rank)!, 'SIGKILL');
}

/** Workers are processes of their own (isolation: 'process'), so that they can die where a rank cannot. */
export const LOSSES = casesOf(
  {
    '44 data that only a lost worker held is cancelled, with what needs it; where there is a copy, nothing is': async ({
      client,
      workers: [first],
    }) => {
      const data = client.scatter(make(1000), { workers: first! });
      const needs = client.submit(lengthOf, data, client.submit(forever, 44));
      const copied = client.scatter(make(1001), { workers: first! });
      await client.replicate([copied], { copies: 2 });
      assert.deepEqual([...(await client.whoHas([data])).values()], [[first]]);
      await kill(client, first!);
      await refused(data.result(), 'PAR_FUTURE_CANCELLED', /lost with its worker/);
      await refused(needs.result(), 'PAR_FUTURE_CANCELLED');
      assert.equal(await client.submit(lengthOf, copied), 1001);
      assert.equal((await copied)[1000], 1001);
    },

    '45 results that are lost are computed again, in the midst of a reduction of 256 leaves too': async ({
      client,
      workers,
    }) => {
      const kept = client.with({ workers: workers[0]!, allowOtherWorkers: true }).submit(make, 5000);
      await client.wait([kept]);
      const all = client.map(leaf, range(256));
      for (let level = all.slice(); level.length > 1; ) {
        const [left, right] = [0, 1].map((odd) => level.filter((_, i) => i % 2 === odd));
        level = client.map(plus, left!, right!);
        all.push(...level);
      }
      let done = 0;
      for await (const _ of client.asCompleted(all)) {
        done++;
        if (done === 100) await kill(client, workers[0]!);
        if (done === 300) await kill(client, workers[1]!);
      }
      assert.deepEqual(await all.at(-1), new Float64Array(200).fill((255 * 256) / 2));
      assert.deepEqual(
        (await client.gather(all.slice(0, 256))).map((array) => array[7]),
        range(256),
      );
      assert.equal((await kept)[4999], 5000);
    },

    '61 a crash of native code costs a process, and the task that is always the cause fails by name': async ({
      client,
    }) => {
      const crash = client.with({ key: 'crashes' }).submit((): Promise<number> => {
        process.kill(process.pid, 'SIGSEGV');
        return new Promise(() => {});
      });
      const others = client.map(lengthOf, range(20).map(make));
      await refused(crash.result(), 'PAR_KILLED_WORKER', /crashes: 4 workers died.*SIGSEGV/s);
      assert.deepEqual(await client.gather(others), range(20));
    },

    '62 a worker that is retired ends what it runs, and its data is at another one': async ({ client, workers }) => {
      const last = workers.at(-1)!;
      const data = client.scatter(make(1002), { workers: last });
      const needs = client.submit(lengthOf, data);
      const [began, goOn] = ['began', 'go on'].map((name) => new Event(name, { client }));
      const runs = client.with({ workers: last }).submit(async () => {
        await new Event('began').set();
        await new Event('go on').wait();
        return process.pid;
      });
      await began!.wait();
      const retired = client.retireWorkers(last);
      await goOn!.set();
      await retired;
      const holders = (await client.whoHas([data])).values().next().value!;
      assert.equal(holders.length > 0 && !holders.includes(last), true, `held by ${holders}`);
      assert.equal(await needs, 1002);
      assert.equal(Number.isSafeInteger(await runs), true);
      assert.equal((await data)[1001], 1002);
      assert.equal((await client.runOn({}, () => 1)).has(last), false);
    },
  },
  { shape: 'isolated' },
);

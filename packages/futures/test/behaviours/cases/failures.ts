import assert from 'node:assert/strict';
import { Event } from '@par/futures';
import { casesOf, eventually, range, refused } from '../case.ts';

const make = (n: number): Float64Array => new Float64Array(n).fill(n);
const add = (a: number, b: number): number => a + b;
const square = (i: number): number => i * i;

/** What tasks and clients do to workers; nobody dies of it. */
export const HARM = casesOf({
  '53 two tasks on two idle workers run on one each': async ({ client, workers }) => {
    const held = client.with({ pure: false }).map((_: number) => new Event('53').wait(), range(2));
    await eventually(
      async () => [...(await client.processing()).values()].every(({ length }) => length === 1),
      `each of ${workers.length} workers has one`,
    );
    await new Event('53', { client }).set();
    await client.gather(held);
  },

  '61 a task that calls process.exit fails with its name, and the others go on': async ({ client }) => {
    const exits = client.with({ key: 'leaves' }).submit(() => process.exit(3));
    const others = client.map(square, range(50));
    await refused(exits.result(), 'PAR_KILLED_WORKER', /leaves.*process\.exit\(3\)/s);
    assert.deepEqual(await client.gather(others), range(50).map(square));
  },

  '61 an error that nothing catches costs the thread, and fails the task': async ({ client }) => {
    const crash = client.submit(() => {
      setImmediate(() => {
        throw new Error('left behind');
      });
      return new Promise<number>(() => {});
    });
    await refused(crash.result(), 'PAR_KILLED_WORKER', /left behind/);
    assert.equal(await client.submit(add, 1, 2), 3);
  },

  'an endless loop is cancelled, and its thread runs others': async ({ client, workers }) => {
    const loops = workers.flatMap((rank) =>
      range(2).map((i) =>
        client.with({ workers: rank, pure: false }).submit((_: number) => {
          for (;;);
        }, i),
      ),
    );
    await eventually(
      async () => [...(await client.processing()).values()].every((keys) => keys.length > 0),
      'they run',
    );
    client.cancel(loops);
    assert.deepEqual(await client.gather(client.map(square, range(20))), range(20).map(square));
  },

  '63 restart cancels what all clients want, ends a task of an hour, and the same calls run again': async ({
    client,
    another,
  }) => {
    const other = another();
    const kept = client.submit(make, 1000);
    await kept;
    const hour = other.submit((ms: number) => new Promise((resolve) => setTimeout(resolve, ms)), 3_600_000);
    await eventually(async () => [...(await client.processing()).values()].flat().length === 1, 'it runs');
    await client.restart();
    await refused(hour.result(), 'PAR_FUTURE_CANCELLED');
    await refused(kept.result(), 'PAR_FUTURE_CANCELLED');
    const again = client.submit(make, 1000);
    assert.equal((await again).length, 1000);
    // The handle from before is of the same name, but another task.
    kept.release();
    assert.equal([...(await client.whoHas([again])).values()].length, 1);
    assert.equal((await again)[999], 1000);
  },
});

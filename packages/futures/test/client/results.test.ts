import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Client, Event, FutureCancelledError } from '@par/futures';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestCluster } from './cluster.ts';

class InvalidInput extends Error {
  override name = 'InvalidInput';
  readonly field: string;
  constructor(field: string) {
    super(`invalid ${field}`);
    this.field = field;
  }
}
const inc = (x: number): number => x + 1;
const forever = (_: number): Promise<number> => new Promise(() => {});

let cluster: TestCluster;
let client: Client;
beforeAll(async () => {
  cluster = await TestCluster.start();
  client = cluster.client;
});
afterAll(() => cluster[Symbol.asyncDispose]());

it('an error of a class that the function knows arrives as that class, with the rank it is from', async () => {
  const error = await client
    .submit((field: string) => {
      throw new InvalidInput(field);
    }, 'name')
    .exception();
  expect(error).toBeInstanceOf(InvalidInput);
  expect(error).toMatchObject({ field: 'name', message: 'invalid name', workerRank: expect.toBeOneOf([2, 3]) });
});

it('something thrown that is no error is told with what it was', async () => {
  const future = client.submit(() => {
    throw 'a string';
  });
  expect(await future.exception()).toMatchObject({ code: 'PAR_TASK_ERROR', cause: 'a string' });
});

it('a gathered result is its taker’s own', async () => {
  const make = (i: number): Float64Array => new Float64Array(10_000).fill(i);
  const results = await client.gather(client.map(make, [1, 2, 3]));
  results[0]![0] = 99;
  const again = client.submit(make, 1);
  const [one, other] = await Promise.all([again, again]);
  one[0] = 98;
  expect(other[0]).toBe(1);
  expect(await client.gather(5)).toBe(5);
});

it('a released future refuses use, and `using` releases', async () => {
  const released = client.submit(inc, 1);
  released.release();
  await expect(released.result()).rejects.toMatchObject({ code: 'PAR_FUTURE_RELEASED' });
  let kept: PromiseLike<number>;
  {
    using future = client.submit(inc, 7);
    expect(await future).toBe(8);
    kept = future;
  }
  await expect(Promise.resolve(kept)).rejects.toMatchObject({ code: 'PAR_FUTURE_RELEASED' });
});

it('a future that is waited for outlives its handle', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const gated = async (x: number): Promise<number> => {
    await new Event('kept').wait();
    return x;
  };
  const waits = [
    client.submit(gated, 1).result(),
    client.submit(gated, 2).exception(),
    client.progress(client.submit(gated, 3)),
    client.wait([client.submit(gated, 4)]).then(({ done }) => done.size),
    client
      .asCompleted([client.submit(gated, 5)])
      .next()
      .then(({ done }) => done),
    client.gather({ of: client.submit(gated, 6) }),
  ];
  for (let round = 0; round < 5; round++) {
    collect();
    await turn();
  }
  await client.workers();
  await new Event('kept', { client }).set();
  expect(await Promise.all(waits)).toEqual([1, undefined, undefined, 1, false, { of: 6 }]);
});

it('a cancelled future says why', async () => {
  const future = client.submit(forever, 1);
  future.cancel({ message: 'enough' });
  expect(future.status).toBe('cancelled');
  const error = await future.result().catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(FutureCancelledError);
  expect(error).toMatchObject({ code: 'PAR_FUTURE_CANCELLED', reason: 'requested', message: /enough/ });
});

it('futures reject when the cluster is shut down, and the client refuses work', async () => {
  await using other = await TestCluster.start({ workers: 1 });
  const lost = expect(other.client.submit(forever, 1).result()).rejects.toMatchObject({ code: 'PAR_SCHEDULER_LOST' });
  await new Client({ cluster: other.cluster }).shutdown();
  await lost;
  expect(() => other.client.submit(inc, 1)).toThrowError(expect.objectContaining({ code: 'PAR_SCHEDULER_LOST' }));
});

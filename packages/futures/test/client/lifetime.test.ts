import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Client, FutureCancelledError } from '../../src/index.ts';
import { eventually, TestCluster } from './cluster.ts';

const inc = (x: number): number => x + 1;
const forever = (_: number): Promise<number> => new Promise(() => {});
const make = (length: number): Float64Array => new Float64Array(length);

let cluster: TestCluster;
let client: Client;
beforeEach(async () => {
  cluster = await TestCluster.start();
  client = cluster.client;
});
afterEach(() => cluster[Symbol.asyncDispose]());

async function tasksLeft(): Promise<number> {
  const counts = await client.counts();
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
const nothingLeft = (): Promise<void> => eventually(async () => (await tasksLeft()) === 0);

describe('releasing futures', () => {
  it('drops the task and its data with the last handle', async () => {
    const a = client.submit(make, 1000);
    const b = client.submit(make, 1000);
    await a;
    a.release();
    expect((await client.whoHas([b])).size).toBe(1);
    b.release();
    await nothingLeft();
    await eventually(async () => [...(await client.hasWhat()).values()].every((keys) => keys.length === 0));
  });

  it('keeps what a dependent still needs', async () => {
    const x = client.submit(make, 2000);
    const z = client.submit((array: Float64Array) => array.length, x);
    x.release();
    expect(await z).toBe(2000);
    z.release();
    await nothingLeft();
  });

  it('computes a released call anew', async () => {
    const first = client.submit(inc, 1);
    expect(await first).toBe(2);
    first.release();
    await nothingLeft();
    expect(await client.submit(inc, 1)).toBe(2);
  });

  it('never starts work that nobody wants any more', async () => {
    const futures = client.map(
      forever,
      Array.from({ length: 1000 }, (_, i) => i),
    );
    await eventually(async () => (await tasksLeft()) === 1000);
    client.release(futures);
    await nothingLeft();
    expect(await client.submit(inc, 5)).toBe(6);
  });

  it('is what `using` does', async () => {
    {
      using future = client.submit(inc, 7);
      expect(await future).toBe(8);
    }
    await nothingLeft();
  });

  it('refuses use afterwards', async () => {
    const future = client.submit(inc, 1);
    future.release();
    await expect(future.result()).rejects.toMatchObject({ code: 'PAR_FUTURE_RELEASED' });
  });
});

describe('cancelling', () => {
  it('cancels the task, those that depend on it, and waits for them', async () => {
    const x = client.submit(forever, 1);
    const y = client.submit(inc, x);
    const waiting = expect(y.result()).rejects.toBeInstanceOf(FutureCancelledError);
    x.cancel({ message: 'enough' });
    expect(x.status).toBe('cancelled');
    expect(String(x)).toContain('cancelled');
    await expect(x.result()).rejects.toMatchObject({
      code: 'PAR_FUTURE_CANCELLED',
      reason: 'requested',
      message: /enough/,
    });
    await waiting;
    await nothingLeft();
    expect(await client.submit(inc, 1)).toBe(2);
  });

  it('works before the scheduler has heard of the task, a thousand times', async () => {
    for (let i = 0; i < 1000; i++) client.submit(forever, i).cancel();
    await nothingLeft();
    expect(await client.submit(inc, 1)).toBe(2);
  });

  it('makes what is submitted with a cancelled future cancelled', async () => {
    const x = client.submit(forever, 2);
    x.cancel();
    await expect(client.submit(inc, x).result()).rejects.toMatchObject({ code: 'PAR_FUTURE_CANCELLED' });
  });

  it('leaves the task to another client that wants it, unless forced', async () => {
    const other = new Client({ cluster: cluster.cluster });
    const slow = async (ms: number): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, ms));
      return ms;
    };
    const ours = client.submit(slow, 300);
    const theirs = other.submit(slow, 300);
    await client.workers();
    await other.workers();
    ours.cancel();
    expect(await theirs).toBe(300);
    const mine = client.submit(forever, 3);
    const hers = other.submit(forever, 3);
    await other.workers();
    mine.cancel({ force: true });
    await expect(hers.result()).rejects.toMatchObject({ code: 'PAR_FUTURE_CANCELLED' });
    await other.close();
  });
});

describe('clients', () => {
  it('drop what they wanted when they are closed, and only that', async () => {
    const other = new Client({ cluster: cluster.cluster });
    const shared = client.submit(inc, 1);
    other.submit(inc, 1);
    const theirs = other.submit(forever, 9);
    await other.close();
    await expect(theirs.result()).rejects.toMatchObject({ code: 'PAR_CLIENT_CLOSED' });
    await eventually(async () => (await tasksLeft()) === 1);
    expect(await shared).toBe(2);
  });

  it('are told when the cluster is shut down', async () => {
    const future = client.submit(forever, 1);
    const lost = expect(future.result()).rejects.toMatchObject({ code: 'PAR_SCHEDULER_LOST' });
    await client.shutdown();
    await lost;
    expect(() => client.submit(inc, 1)).toThrowError(expect.objectContaining({ code: 'PAR_SCHEDULER_LOST' }));
  });

  it('run tasks for their effect', async () => {
    client.fireAndForget(inc, 1);
    await nothingLeft();
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    client.fireAndForget(() => {
      throw new Error('forgotten');
    });
    expect((await warned).message).toContain('forgotten');
    await nothingLeft();
  });
});

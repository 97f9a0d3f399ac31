import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, type Future } from '../../src/index.ts';
import { TestCluster } from './cluster.ts';

const inc = (x: number): number => x + 1;
const sum = (array: Float64Array): number => array.reduce((total, x) => total + x, 0);

let cluster: TestCluster;
let client: Client;
beforeAll(async () => {
  cluster = await TestCluster.start();
  client = cluster.client;
  await client.waitForWorkers(2, { signal: AbortSignal.timeout(30_000) });
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe('scatter', () => {
  it('makes data futures: one per element of an array, one of anything else', async () => {
    expect(await client.gather(client.scatter([1, 'two', { three: 3 }]))).toEqual([1, 'two', { three: 3 }]);
    expect(await client.scatter({ rate: 0.1 })).toEqual({ rate: 0.1 });
    const large = client.scatter(new Float64Array(10_000).fill(2));
    expect(await client.submit(sum, large)).toBe(20_000);
    expect((await large)[0]).toBe(2);
  });

  it('gives equal data one key, unless told not to', () => {
    expect(client.scatter(123).key).toBe(client.scatter(123).key);
    expect(client.scatter(123, { hash: false }).key).not.toBe(client.scatter(123, { hash: false }).key);
  });

  it('puts data where it is told', async () => {
    const everywhere = client.scatter([new Float64Array(1000).fill(3)], { broadcast: true });
    await client.wait(everywhere);
    expect([...(await client.whoHas(everywhere)).values()].flat().sort()).toEqual([2, 3]);
    const there = client.scatter([new Float64Array(1000).fill(4)], { workers: 3 });
    await client.wait(there);
    expect([...(await client.whoHas(there)).values()]).toEqual([[3]]);
  });
});

describe('placement', () => {
  it('runs tasks where they may run', async () => {
    const where = client.with({ workers: 3, pure: false });
    const ranks = [where.submit(inc, 1), where.submit(inc, 1)];
    await client.wait(ranks);
    const arrays = [
      where.submit((n: number) => new Float64Array(n), 1000),
      where.submit((n: number) => new Float64Array(n), 1001),
    ];
    await client.wait(arrays);
    expect([...(await client.whoHas(arrays)).values()]).toEqual([[3], [3]]);
  });

  it('copies results until enough workers hold them', async () => {
    const future = client.submit((n: number) => new Float64Array(n), 1234);
    await client.replicate([future]);
    expect([...(await client.whoHas([future])).values()].flat().sort()).toEqual([2, 3]);
    await client.replicate([future], { copies: 1 });
    expect([...(await client.whoHas([future])).values()].flat().length).toBe(1);
  });

  it('refuses options that make no sense', () => {
    for (const options of [
      { retries: -1 },
      { ranks: 0 },
      { priority: Number.NaN },
      { allowOtherWorkers: true },
      { workers: [] },
    ]) {
      expect(() => client.with(options).submit(inc, 1)).toThrowError(expect.objectContaining({ code: 'PAR_ARGUMENT' }));
    }
  });
});

describe('run', () => {
  it('runs a function on every worker, outside of scheduling', async () => {
    expect(await client.run((x: number) => x * 2, 4)).toEqual(
      new Map([
        [2, 8],
        [3, 8],
      ]),
    );
    expect(await client.runOn({ workers: [3] }, () => 'here')).toEqual(new Map([[3, 'here']]));
    await expect(
      client.run(() => {
        throw new RangeError('not here');
      }),
    ).rejects.toThrowError(RangeError);
    expect(await client.runOnScheduler((x: number) => x + 1, 1)).toBe(2);
  });
});

describe('datasets', () => {
  it('go from client to client by name', async () => {
    const other = new Client({ cluster: cluster.cluster });
    await other.publish('numbers', { future: other.submit(inc, 10), note: 'eleven' });
    expect(await client.listDatasets()).toEqual(['numbers']);
    await expect(client.publish('numbers', 1)).rejects.toMatchObject({ code: 'PAR_EXISTS' });
    await other.close();
    const { future, note } = await client.getDataset<{ future: Promise<number>; note: string }>('numbers');
    expect([await future, note]).toEqual([11, 'eleven']);
    await client.publish('numbers', 'other', { override: true });
    expect(await client.getDataset('numbers')).toBe('other');
    await client.unpublish('numbers');
    await expect(client.getDataset('numbers')).rejects.toMatchObject({ code: 'PAR_NOT_FOUND' });
  });
});

describe('tasks that submit tasks', () => {
  it('wait for them without taking a thread from them', async () => {
    const fib = async (n: number): Promise<number> => {
      if (n < 2) return n;
      const inner = new Client();
      const [a, b] = [inner.submit(fib, n - 1), inner.submit(fib, n - 2)];
      return (await a) + (await b);
    };
    expect(await client.submit(fib, 6)).toBe(8);
  });

  it('return futures', async () => {
    const make = (): { inner: Future<number> } => ({ inner: new Client().submit(inc, 1) });
    const { inner } = await client.submit(make);
    expect(await inner).toBe(2);
  });
});

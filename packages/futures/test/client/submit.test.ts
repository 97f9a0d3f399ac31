import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../../src/index.ts';
import { TestCluster } from './cluster.ts';

const inc = (x: number): number => x + 1;
const add = (x: number, y: number): number => x + y;
const identity = (value: unknown): unknown => value;

let cluster: TestCluster;
let client: Client;
beforeAll(async () => {
  cluster = await TestCluster.start();
  client = cluster.client;
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe('submit', () => {
  it('returns at once; the future is its result when awaited', async () => {
    const future = client.submit(inc, 10);
    expect(future.done()).toBe(false);
    expect(future.status).toBe('pending');
    expect(await future).toBe(11);
    expect(future.done()).toBe(true);
    expect(future.status).toBe('finished');
  });

  it('replaces futures among the arguments by their values', async () => {
    const x = client.submit(inc, 1);
    const y = client.submit(inc, x);
    expect(await client.submit(add, x, y)).toBe(5);
  });

  it('replaces futures at any depth', async () => {
    const x = client.submit(inc, 1);
    const nested = { x, list: [x, [x]], map: new Map([['x', x]]), set: new Set([x]) };
    expect(await client.submit(identity, nested)).toEqual({
      x: 2,
      list: [2, [2]],
      map: new Map([['x', 2]]),
      set: new Set([2]),
    });
  });

  it('awaits functions that are async', async () => {
    expect(await client.submit(async (x: number) => x * 2, 21)).toBe(42);
  });

  it('runs the same pure call once and shares its state', async () => {
    const a = client.submit(inc, 1);
    const b = client.submit(inc, 1);
    expect(a.key).toBe(b.key);
    expect(await client.gather([a, b])).toEqual([2, 2]);
    expect(client.submit(inc, 1).done()).toBe(true);
  });

  it('tells apart calls whose arguments differ, however alike they look', async () => {
    const values: unknown[] = [
      1,
      '1',
      1n,
      true,
      'true',
      null,
      'null',
      undefined,
      0,
      -0,
      [1],
      ['1'],
      { a: 1 },
      new Map([['a', 1]]),
    ];
    const futures = values.map((value) => client.submit(identity, value));
    expect(new Set(futures.map(({ key }) => key)).size).toBe(values.length);
    expect(await client.gather(futures)).toEqual(values);
  });

  it('runs impure calls each time', async () => {
    const impure = client.with({ pure: false });
    const keys = new Set([impure.submit(inc, 1).key, impure.submit(inc, 1).key]);
    expect(keys.size).toBe(2);
  });

  it('runs a call of two clients once', async () => {
    const other = new Client({ cluster: cluster.cluster });
    const ours = client.submit(() => Math.random());
    const theirs = other.submit(() => Math.random());
    const same = (): number => Math.random();
    expect(await client.submit(same)).toBe(await other.submit(same));
    expect([await ours, await theirs].every((value) => value < 1)).toBe(true);
    await other.close();
  });

  it('leaves a string that equals a key a string', async () => {
    const future = client.with({ key: 'a-key' }).submit(inc, 1);
    expect(await future).toBe(2);
    expect(await client.submit(identity, 'a-key')).toBe('a-key');
    expect(await client.submit(identity, ['a-key', { 'a-key': 'a-key' }])).toEqual(['a-key', { 'a-key': 'a-key' }]);
  });

  it('takes the arguments as they are at the call', async () => {
    const data = new Float64Array(4096).fill(1);
    const future = client.submit((numbers: Float64Array) => numbers.reduce((sum, x) => sum + x, 0), data);
    data.fill(2);
    expect(await future).toBe(4096);
  });

  it('refuses what is no function', () => {
    // @ts-expect-error not a function
    expect(() => client.submit(1, 2)).toThrowError(expect.objectContaining({ code: 'PAR_ARGUMENT' }));
  });

  it('refuses arguments that cannot be sent, saying which', () => {
    expect(() => client.submit(identity, { model: { fn: () => 1 } })).toThrowError(
      /submit\(identity\): argument 1\.model\.fn is a function/,
    );
  });

  it('refuses functions that captured what stays here', () => {
    const comm = { allreduceInto() {}, sendrecvInto() {}, processorName: 'here' };
    expect(() => client.submit(() => comm.processorName)).toThrowError(/Communicator/);
    expect(() => client.submit(() => client.workers())).toThrowError(/Client/);
    const future = client.submit(inc, 1);
    expect(() => client.submit(async () => future)).toThrowError(
      /captured 'future', which is a Future\. Pass it as an argument/,
    );
  });

  it('refuses workers that cannot exist', () => {
    expect(() => client.with({ workers: 99 }).submit(inc, 1)).toThrowError(
      expect.objectContaining({ code: 'PAR_NOT_FOUND' }),
    );
  });

  it('refuses futures of another client and released ones', async () => {
    const other = new Client({ cluster: cluster.cluster });
    const foreign = other.submit(inc, 5);
    expect(() => client.submit(inc, foreign)).toThrowError(expect.objectContaining({ code: 'PAR_FOREIGN_FUTURE' }));
    foreign.release();
    expect(() => other.submit(inc, foreign)).toThrowError(expect.objectContaining({ code: 'PAR_FUTURE_RELEASED' }));
    await other.close();
    expect(() => other.submit(inc, 1)).toThrowError(expect.objectContaining({ code: 'PAR_CLIENT_CLOSED' }));
  });

  it('warns of large arguments', async () => {
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve));
    const length = client.submit((bytes: Uint8Array) => bytes.length, new Uint8Array(11_000_000));
    expect((await warned).code).toBe('PAR_LARGE_SUBMISSION');
    expect(await length).toBe(11_000_000);
  });
});

describe('map', () => {
  it('gives one future per element, in order', async () => {
    const futures = client.map(
      inc,
      Array.from({ length: 1000 }, (_, i) => i),
    );
    expect(await client.gather(futures)).toEqual(Array.from({ length: 1000 }, (_, i) => i + 1));
  });

  it('goes on as long as the shortest list', async () => {
    expect(await client.gather(client.map(add, [1, 2, 3], [10, 20, 30, 40]))).toEqual([11, 22, 33]);
    expect(client.map(inc, [])).toEqual([]);
  });

  it('takes any iterable, with futures in it', async () => {
    const one = client.submit(inc, 0);
    expect(await client.gather(client.map(add, new Set([1, 2]), [one, one]))).toEqual([2, 3]);
    expect(await client.gather(client.map(identity, [{ one }, [one, 2]]))).toEqual([{ one: 1 }, [1, 2]]);
  });

  it('shares equal pure calls', () => {
    expect(new Set(client.map(inc, [1, 1, 1, 1]).map(({ key }) => key)).size).toBe(1);
    expect(
      new Set(
        client
          .with({ pure: false })
          .map(inc, [1, 1, 1, 1])
          .map(({ key }) => key),
      ).size,
    ).toBe(4);
  });

  it('names tasks by a prefix or one by one', async () => {
    const named = client.with({ key: 'INC' });
    const first = named.map(inc, [1, 2, 3]);
    const second = named.map(inc, [4, 5, 6]);
    const keys = [...first, ...second].map(({ key }) => key);
    expect(keys.every((key) => key.startsWith('INC'))).toBe(true);
    expect(new Set(keys).size).toBe(6);
    const exact = client.with({ key: ['x1', 'x2'] }).map(inc, [1, 2]);
    expect(exact.map(({ key }) => key)).toEqual(['x1', 'x2']);
    expect(() => client.with({ key: ['x1'] }).map(inc, [1, 2])).toThrowError(/1 keys for 2 tasks/);
  });

  it('streams the results of an async source, a bounded number ahead of the taker', async () => {
    let read = 0;
    async function* source(): AsyncGenerator<number> {
      for (let i = 0; i < 600; i++) {
        read = i;
        yield i;
      }
    }
    const seen: number[] = [];
    for await (const result of client.map(inc, source())) {
      seen.push(result);
      if (seen.length === 10) expect(read).toBeLessThan(400);
    }
    expect(seen).toEqual(Array.from({ length: 600 }, (_, i) => i + 1));
  });

  it('refuses what cannot be iterated over', () => {
    // @ts-expect-error not an iterable
    expect(() => client.map(inc, 5)).toThrowError(/argument 2 is number/);
  });
});

import { Client, Queue, Variable } from '@par/futures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

  it('takes the arguments as they are at the call', async () => {
    const data = new Float64Array(4096).fill(1);
    const future = client.submit((numbers: Float64Array) => numbers.reduce((sum, x) => sum + x, 0), data);
    data.fill(2);
    expect(await future).toBe(4096);
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

  it.each([{ retries: -1 }, { ranks: 0 }, { priority: Number.NaN }, { allowOtherWorkers: true }, { workers: [] }])(
    'refuses options that make no sense: %o',
    (options) => {
      expect(() => client.with(options).submit(inc, 1)).toThrowError(expect.objectContaining({ code: 'PAR_ARGUMENT' }));
    },
  );

  it.each([99, -1, 0.5, 0, 1])('refuses workers that cannot exist: rank %o of four, which has none', (workers) => {
    expect(() => client.with({ workers }).submit(inc, 1)).toThrowError(
      expect.objectContaining({
        code: 'PAR_NOT_FOUND',
        message: expect.stringContaining(`submit(inc): there is no worker ${workers};`),
      }),
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
});

describe('whatever takes values and futures', () => {
  it.each<[string, () => unknown]>([
    ['scatter: value.fn', () => client.scatter({ fn: inc })],
    ['run(identity): argument 2', () => client.run(identity as never, 1 as never, inc as never)],
    ['runOnScheduler(identity): argument 1.fn', () => client.runOnScheduler(identity, { fn: inc })],
    ['publish: value[1]', () => client.publish('refused', [1, inc])],
    ['queue.put: value', () => new Queue('refused', { client }).put(inc)],
    ['variable.set: value', () => new Variable('refused', { client }).set(inc)],
    ['logEvent: value', () => client.logEvent('refused', inc)],
  ])('says where what cannot be sent is: %s', async (where, call) => {
    await expect((async () => call())()).rejects.toMatchObject({
      code: 'PAR_NOT_SERIALIZABLE',
      message: expect.stringMatching(new RegExp(`^${where.replace(/[()[\].]/g, '\\$&')} is a function`)),
    });
  });

  it.each<[string, () => unknown]>([
    ['cancel', () => client.cancel(5 as never)],
    ['wait', () => client.wait([5 as never])],
    ['explain', () => client.explain(5 as never)],
    ['asCompleted', () => client.asCompleted([]).add(null as never)],
  ])('refuses what is no future: %s', async (operation, call) => {
    await expect((async () => call())()).rejects.toMatchObject({
      code: 'PAR_ARGUMENT',
      message: expect.stringMatching(`^${operation}: `),
    });
  });
});

describe('map', () => {
  it('takes any iterable, with futures in it', async () => {
    const one = client.submit(inc, 0);
    expect(await client.gather(client.map(add, new Set([1, 2]), [one, one]))).toEqual([2, 3]);
    expect(await client.gather(client.map(identity, [{ one }, [one, 2]]))).toEqual([{ one: 1 }, [1, 2]]);
  });

  it('refuses as many names as there are no tasks', () => {
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

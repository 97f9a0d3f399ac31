import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client, Event, type Future } from '../../src/index.ts';
import { TestCluster } from './cluster.ts';

const inc = (x: number): number => x + 1;
const div = (x: number, y: number): number => {
  if (y === 0) throw new RangeError(`${x} divided by zero`);
  return x / y;
};
/** Is done once the event of that name is set. */
const gated = async (gate: string): Promise<string> => {
  await new Event(gate).wait();
  return gate;
};
const forever = (_: number): Promise<never> => new Promise(() => {});
/** Fails as often as told; attempts are counted in a file, since the threads of workers share nothing. */
const countingAttempts = (file: string, failures: number): number => {
  appendFileSync(file, '.');
  const attempt = readFileSync(file).length;
  if (attempt <= failures) throw new Error(`attempt ${attempt}`);
  return attempt;
};
class InvalidInput extends Error {
  override name = 'InvalidInput';
  readonly field: string;
  constructor(field: string) {
    super(`invalid ${field}`);
    this.field = field;
  }
}

const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
let cluster: TestCluster;
let client: Client;
beforeAll(async () => {
  cluster = await TestCluster.start({ nthreads: 2 });
  client = cluster.client;
});
afterAll(async () => {
  await cluster[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true });
});

describe('errors', () => {
  it('arrive as what was thrown, with the remote stack and rank', async () => {
    const future = client.submit(div, 1, 0);
    const error = (await future.exception()) as Error & { workerRank: number };
    expect(error).toBeInstanceOf(RangeError);
    expect(error.message).toBe('1 divided by zero');
    expect(error.stack).toMatch(/results\.test\.ts/);
    expect(error.stack).toMatch(/run by rank [23]/);
    expect(error.workerRank).toBeGreaterThan(1);
    expect(future.status).toBe('error');
    await expect(future.result()).rejects.toThrowError(error.message);
    expect(await client.submit(div, 4, 2)).toBe(2);
    expect(await client.submit(div, 6, 2).exception()).toBeUndefined();
  });

  it('of a class that the function knows arrive as that class', async () => {
    const error = await client
      .submit((field: string) => {
        throw new InvalidInput(field);
      }, 'name')
      .exception();
    expect(error).toBeInstanceOf(InvalidInput);
    expect(error).toMatchObject({ field: 'name', message: 'invalid name' });
  });

  it('of a dependency reach all that depend on it', async () => {
    const x = client.submit(div, 2, 0);
    const z = client.submit(inc, client.submit(inc, x));
    await expect(z.result()).rejects.toThrowError('2 divided by zero');
  });

  it('that something thrown is no error is told with what it was', async () => {
    const future = client.submit(() => {
      throw 'a string';
    });
    const error = await future.exception();
    expect(error).toMatchObject({ code: 'PAR_TASK_ERROR', cause: 'a string' });
  });

  it.each([
    [2, undefined],
    [1, 'attempt 2'],
    [0, 'attempt 1'],
  ])('are retried %i times', async (retries, message) => {
    const future = client
      .with({ retries, pure: false })
      .submit(countingAttempts, join(directory, `retries-${retries}`), 2);
    expect((await future.exception())?.message).toBe(message);
  });

  it('go away when a task is retried and succeeds', async () => {
    const future = client.submit(countingAttempts, join(directory, 'retry'), 1);
    const dependent = client.submit(inc, future);
    await expect(dependent.result()).rejects.toThrowError('attempt 1');
    dependent.retry();
    expect(await dependent).toBe(3);
    future.retry();
    expect(await future).toBe(2);
  });
});

describe('gather', () => {
  it('keeps the shape of what it is given', async () => {
    const x = client.submit(inc, 1);
    const y = client.submit(inc, 2);
    expect(await client.gather(x)).toBe(2);
    expect(await client.gather([x])).toEqual([2]);
    expect(await client.gather({ x, more: [y, new Map([['y', y]]), new Set([x])] })).toEqual({
      x: 2,
      more: [3, new Map([['y', 3]]), new Set([2])],
    });
    expect(await client.gather(5)).toBe(5);
  });

  it('skips failed tasks when told to', async () => {
    const futures = [client.submit(inc, 1), client.submit(div, 3, 0), client.submit(inc, 3)];
    expect(await client.gather(futures, { errors: 'skip' })).toEqual([2, 4]);
  });

  it('rejects at once although another task is still running', async () => {
    const running = client.submit(forever, 1);
    await expect(client.gather([running, client.submit(div, 4, 0)])).rejects.toThrowError('4 divided by zero');
    running.cancel();
  });

  it('fetches large results from where they are', async () => {
    const make = (i: number): Float64Array => new Float64Array(10_000).fill(i);
    const results = await client.gather(client.map(make, [1, 2, 3, 4, 5, 6]));
    expect(results.map((array) => array[9_999])).toEqual([1, 2, 3, 4, 5, 6]);
    results[0]![0] = 99;
    expect((await client.submit(make, 1))[0]).toBe(1);
  });

  it('refuses futures of another client', async () => {
    const other = new Client({ cluster: cluster.cluster });
    await expect(client.gather([other.submit(inc, 1)])).rejects.toMatchObject({ code: 'PAR_FOREIGN_FUTURE' });
    await other.close();
  });
});

describe('wait', () => {
  it('tells done from pending', async () => {
    const futures = client.map(inc, [71, 72, 73]);
    expect(await client.wait(futures)).toEqual({ done: new Set(futures), pending: new Set() });
  });

  it('ends with the first when told to', async () => {
    const [fast, running] = [client.submit(inc, 74), client.submit(forever, 2)];
    const { done, pending } = await client.wait([fast, running], { until: 'first' });
    expect([...done]).toEqual([fast]);
    expect([...pending]).toEqual([running]);
    running.cancel();
  });

  it('ends with its signal; the futures stay usable', async () => {
    const future = client.submit(gated, 'wait');
    await expect(client.wait([future], { signal: AbortSignal.timeout(10) })).rejects.toMatchObject({
      code: 'PAR_TIMEOUT',
    });
    await expect(future.result({ signal: AbortSignal.timeout(10) })).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
    await new Event('wait', { client }).set();
    expect(await future).toBe('wait');
  });

  it('says how it is called when called otherwise', async () => {
    // @ts-expect-error not a list
    await expect(client.wait(client.submit(inc, 1))).rejects.toThrowError(/list of futures.*AbortSignal\.timeout/);
  });
});

describe('asCompleted', () => {
  it('yields futures as they are done, failed ones too', async () => {
    const [last, ...first] = [client.submit(gated, 'last'), client.submit(div, 5, 0), client.submit(inc, 1)];
    const seen: Future<unknown>[] = [];
    for await (const future of client.asCompleted<unknown>([last!, ...first])) {
      seen.push(future);
      if (seen.length === 2) await new Event('last', { client }).set();
    }
    expect(new Set(seen.slice(0, 2))).toEqual(new Set(first));
    expect(seen[2]).toBe(last);
  });

  it('ends at once without futures, and refuses other things', async () => {
    expect(await client.asCompleted([]).next()).toEqual({ done: true, value: undefined });
    // @ts-expect-error not futures
    expect(() => client.asCompleted([1])).toThrowError(/futures only/);
  });

  it('can be added to while it goes on', async () => {
    const completed = client.asCompleted(client.map(inc, [81, 82]));
    const results: number[] = [];
    for await (const future of completed) {
      results.push(await future);
      if (results.length === 1) completed.add(client.submit(inc, 83));
    }
    expect(results.sort()).toEqual([82, 83, 84]);
  });

  it('yields a future as often as it was added, and counts', async () => {
    const future = client.submit(gated, 'twice');
    const completed = client.asCompleted([future, future]);
    expect(completed).toMatchObject({ count: 2, isEmpty: false, hasReady: false });
    expect(await completed.nextBatch({ block: false })).toEqual([]);
    await new Event('twice', { client }).set();
    expect((await completed.next()).value).toBe(future);
    expect((await completed.next()).value).toBe(future);
    expect(completed).toMatchObject({ count: 0, isEmpty: true });
  });

  it('ends with its signal after what was in time', async () => {
    const futures = [...client.map(inc, [91, 92]), client.submit(forever, 3)];
    const completed = client.asCompleted(futures, { signal: AbortSignal.timeout(2000) });
    expect([(await completed.next()).value, (await completed.next()).value]).toEqual(
      expect.arrayContaining(futures.slice(0, 2)),
    );
    await expect(completed.next()).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
    completed.clear();
    expect(completed.isEmpty).toBe(true);
  });
});

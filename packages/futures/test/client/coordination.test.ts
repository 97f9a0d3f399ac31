import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, Event, Lock, Queue, Semaphore, Variable } from '../../src/index.ts';
import { TestCluster } from './cluster.ts';

let cluster: TestCluster;
let client: Client;
beforeAll(async () => {
  cluster = await TestCluster.start();
  client = cluster.client;
});
afterAll(() => cluster[Symbol.asyncDispose]());

const soon = (): { readonly signal: AbortSignal } => ({ signal: AbortSignal.timeout(50) });

describe('a queue', () => {
  it('gives items first in first out, waits for them and for room', async () => {
    const queue = new Queue<number>('numbers', { client, maxSize: 2 });
    await queue.put(1);
    await queue.put(2);
    await expect(queue.put(3, soon())).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
    expect(await queue.size()).toBe(2);
    expect([await queue.get(), await queue.get()]).toEqual([1, 2]);
    await expect(queue.get(soon())).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
    expect(await queue.getBatch()).toEqual([]);
    const waiting = queue.get();
    await queue.put(4);
    expect(await waiting).toBe(4);
    const closed = expect(queue.get()).rejects.toMatchObject({ code: 'PAR_CLOSED' });
    await queue.close();
    await closed;
  });

  it('keeps the futures in it alive', async () => {
    const queue = new Queue<{ future: PromiseLike<number> }>('futures', { client });
    const future = client.submit((x: number) => x + 1, 10);
    await queue.put({ future });
    future.release();
    expect(await (await queue.get()).future).toBe(11);
  });

  it('is the same for tasks', async () => {
    const queue = new Queue<string>('from tasks', { client });
    const task = client.submit(async (name: string) => {
      await new Queue<string>(name).put('hello');
    }, 'from tasks');
    expect(await queue.get()).toBe('hello');
    await task;
  });
});

describe('a variable', () => {
  it('is waited for until it is set', async () => {
    const variable = new Variable<number>('x', { client });
    await expect(variable.get(soon())).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
    const waiting = variable.get();
    await variable.set(5);
    expect(await waiting).toBe(5);
    await variable.set(6);
    expect(await variable.get()).toBe(6);
    await variable.delete();
    await expect(variable.get(soon())).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
  });
});

describe('an event', () => {
  it('lets go who waits for it', async () => {
    const event = new Event('go', { client });
    expect(await event.isSet()).toBe(false);
    await expect(event.wait(soon())).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
    const waiting = event.wait();
    await event.set();
    await waiting;
    await event.clear();
    expect(await event.isSet()).toBe(false);
  });
});

describe('a semaphore', () => {
  it('has so many leases and no more', async () => {
    const semaphore = new Semaphore('two', { client, maxLeases: 2 });
    const [first, second] = [await semaphore.acquire(), await semaphore.acquire()];
    await expect(semaphore.acquire(soon())).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
    expect(await semaphore.value()).toBe(2);
    await expect(new Semaphore('two', { client, maxLeases: 3 }).acquire()).rejects.toMatchObject({
      code: 'PAR_EXISTS',
    });
    await first.release();
    await first.release();
    const third = await semaphore.acquire();
    await second.release();
    await third.release();
    expect(await semaphore.value()).toBe(0);
  });

  it('gets back the leases of tasks that ended', async () => {
    const lock = new Lock('forgotten', { client });
    await client.submit(async (name: string) => {
      await new Lock(name).acquire();
    }, 'forgotten');
    await using _ = await lock.acquire({ signal: AbortSignal.timeout(10_000) });
    expect(await lock.locked()).toBe(true);
  });
});

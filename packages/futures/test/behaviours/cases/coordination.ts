import assert from 'node:assert/strict';
import {
  Client,
  Event,
  type Future,
  Lock,
  MultiLock,
  print,
  Queue,
  Semaphore,
  type TopicEvent,
  Variable,
  warn,
} from '@par/futures';
import { casesOf, eventually, range, refused, soon } from '../case.ts';

const inc = (x: number): number => x + 1;

export const COORDINATION = casesOf({
  '38 a future in a queue, variable or dataset survives its client': async ({ client, another }) => {
    const other = another();
    const queue = new Queue<{ future: Future<number> }>('38', { client });
    const variable = new Variable<{ future: Future<number> }>('38', { client });
    await new Queue<{ future: Future<number> }>('38', { client: other }).put({ future: other.submit(inc, 10) });
    const failing = other.submit((): number => {
      throw new RangeError('38');
    });
    await failing.exception();
    await new Variable<{ future: Future<number> }>('38', { client: other }).set({ future: failing });
    await other.publish('38', { future: other.submit(inc, 20) });
    await other.close();
    assert.equal(await (await queue.get()).future, 11);
    const { future } = await variable.get();
    await assert.rejects(Promise.resolve(future), RangeError);
    const dataset = await client.getDataset<{ future: Future<number> }>('38');
    assert.equal(await dataset.future, 21);
    await Promise.all([queue.close(), variable.delete(), client.unpublish('38')]);
  },

  '59 a queue: first in first out, waits for items and for room': async ({ client }) => {
    const queue = new Queue<number>('59', { client, maxSize: 2 });
    await queue.put(1);
    await queue.put(2);
    await refused(queue.put(3, soon()), 'PAR_TIMEOUT');
    assert.equal(await queue.size(), 2);
    assert.deepEqual(await queue.getBatch(5), [1, 2]);
    await refused(queue.get(soon()), 'PAR_TIMEOUT');
    assert.deepEqual(await queue.getBatch(), []);
    const waiting = queue.get();
    await client.submit(async (name: string) => {
      await new Queue<number>(name).put(4);
    }, '59');
    assert.equal(await waiting, 4);
    const closed = refused(queue.get(), 'PAR_CLOSED');
    await queue.close();
    await closed;
  },

  '59 a variable and an event are waited for': async ({ client }) => {
    const variable = new Variable<number>('59', { client });
    await refused(variable.get(soon()), 'PAR_TIMEOUT');
    const value = variable.get();
    await variable.set(5);
    assert.equal(await value, 5);
    await variable.set(6);
    assert.equal(await variable.get(), 6);
    await variable.delete();
    const event = new Event('59', { client });
    await refused(event.wait(soon()), 'PAR_TIMEOUT');
    const waiting = event.wait();
    await event.set();
    await waiting;
    assert.equal(await event.isSet(), true);
    await event.clear();
    assert.equal(await event.isSet(), false);
  },

  '59 a semaphore has its leases and no more; those of ended tasks and closed clients come back': async ({
    client,
    another,
  }) => {
    const semaphore = new Semaphore('59', { client, maxLeases: 2 });
    const [first, second] = [await semaphore.acquire(), await semaphore.acquire()];
    await refused(semaphore.acquire(soon()), 'PAR_TIMEOUT');
    assert.equal(await semaphore.value(), 2);
    await refused(new Semaphore('59', { client, maxLeases: 3 }).acquire(), 'PAR_EXISTS');
    await first.release();
    await first.release();
    await second.release();
    assert.equal(await semaphore.value(), 0);
    await client.submit(async (name: string) => {
      await new Lock(name).acquire();
    }, '59 lock');
    const lock = new Lock('59 lock', { client });
    await (await lock.acquire()).release();
    const other = another();
    await new Lock('59 lock', { client: other }).acquire();
    const waiting = lock.acquire();
    await other.close();
    await (await waiting).release();
    assert.equal(await lock.locked(), false);
  },

  '59 several locks are taken at once, or any of them': async ({ client }) => {
    const all = new MultiLock(['a', 'b', 'c'], { client });
    const two = await all.acquire({ count: 2 });
    assert.equal(two.names.length, 2);
    await refused(all.acquire(soon()), 'PAR_TIMEOUT');
    const third = await all.acquire({ count: 1 });
    assert.deepEqual([...two.names, ...third.names].sort(), ['a', 'b', 'c']);
    const waiting = new MultiLock(['b', 'c'], { client }).acquire();
    await two.release();
    await third.release();
    assert.deepEqual([...(await waiting).names].sort(), ['b', 'c']);
    await (await waiting).release();
    await refused(all.acquire({ count: 4 }), 'PAR_ARGUMENT');
    await client.submit(
      async (names: string[]) => {
        await new MultiLock(names).acquire();
      },
      ['a', 'b'],
    );
    await (await all.acquire()).release();
  },

  '60 datasets go from client to client by name': async ({ client, another }) => {
    const other = another();
    await other.publish('60', { future: other.submit(inc, 10), note: 'eleven' });
    assert.deepEqual(await client.listDatasets(), ['60']);
    await refused(client.publish('60', 1), 'PAR_EXISTS');
    const { future, note } = await client.getDataset<{ future: Future<number>; note: string }>('60');
    assert.deepEqual([await future, note], [11, 'eleven']);
    await client.publish('60', 'other', { override: true });
    assert.equal(await client.getDataset('60'), 'other');
    await client.unpublish('60');
    await refused(client.getDataset('60'), 'PAR_NOT_FOUND');
  },

  '66 subscribers get what is logged, also by tasks, until they unsubscribe; the log keeps it': async ({
    client,
    another,
  }) => {
    const heard: TopicEvent<{ i: number }>[] = [];
    const subscription = await client.subscribeTopic<{ i: number }>('66', (event) => heard.push(event));
    const before = Date.now();
    await client.submit(async (topic: string) => {
      for (let i = 0; i < 3; i++) await Client.current().logEvent([topic, `${topic} too`], { i });
    }, '66');
    await eventually(() => heard.length === 3, 'three events came');
    assert.deepEqual(
      heard.map(({ message }) => message.i),
      [0, 1, 2],
    );
    for (const { time, topic } of heard) {
      assert.equal(topic, '66');
      assert.ok(Math.abs(time - before) < 60_000, `${time} is near ${before}`);
    }
    await subscription.unsubscribe();
    await another().logEvent('66', { i: 3 });
    await client.workers();
    assert.equal(heard.length, 3);
    const events = await client.getEvents<{ i: number }>('66');
    assert.deepEqual(
      events.map(({ message }) => message.i),
      [0, 1, 2, 3],
    );
    assert.equal((await client.getEvents('66 too')).length, 3);
    assert.deepEqual(await client.getEvents('nothing'), []);
    await refused(client.logEvent('66', { future: client.submit(inc, 1) }), 'PAR_ARGUMENT');
  },

  'tasks print and warn where the script runs': async ({ client }) => {
    const lines: string[] = [];
    const log = console.log;
    console.log = (text: string) => lines.push(text);
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve));
    try {
      await client.gather(
        client.map((i: number) => {
          print('task %d', i, { i });
          if (i === 2) warn('two is even');
          return i;
        }, range(3)),
      );
      await eventually(() => lines.length === 3, 'three lines came');
      print('here');
    } finally {
      console.log = log;
    }
    assert.deepEqual(lines.sort(), ['here', 'task 0 { i: 0 }', 'task 1 { i: 1 }', 'task 2 { i: 2 }']);
    const warning = await warned;
    assert.deepEqual([warning.message, warning.code], ['two is even', 'PAR_TASK_WARNING']);
  },

  'Client.current is the first client that is open': async ({ client, another }) => {
    assert.equal(Client.current(), client);
    const other = another();
    assert.equal(Client.current(), client);
    await client.close();
    const current = Client.current();
    assert.notEqual(current, client);
    assert.equal(Client.current(), current);
    assert.equal(await current.submit(inc, 1), 2);
    await current.close();
    await other.close();
  },
});

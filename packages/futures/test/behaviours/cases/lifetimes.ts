import assert from 'node:assert/strict';
import { casesOf, eventually, nothingLeft, range, refused, soon, tasksLeft } from '../case.ts';

const inc = (x: number): number => x + 1;
const make = (length: number): Float64Array => new Float64Array(length);
const forever = (_: number): Promise<number> => new Promise(() => {});
const slow = async (milliseconds: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
  return milliseconds;
};

export const LIFETIMES = casesOf({
  '9 what is submitted with a cancelled future is cancelled': async ({ client }) => {
    const x = client.submit(forever, 1);
    x.cancel();
    await refused(client.submit(inc, x).result(), 'PAR_FUTURE_CANCELLED');
  },

  '29 the last handle takes the task and its data with it': async ({ client }) => {
    const [a, b] = [client.submit(make, 1000), client.submit(make, 1000)];
    await a;
    a.release();
    assert.equal((await client.whoHas([b])).size, 1);
    b.release();
    await nothingLeft(client);
    await eventually(
      async () => [...(await client.hasWhat()).values()].every(({ length }) => length === 0),
      'data gone',
    );
  },

  '30 what is released is kept as long as something else needs it': async ({ client }) => {
    const x = client.submit(make, 2000);
    const y = client.submit(make, 2001);
    const length = (array: Float64Array): number => array.length;
    const z = client.submit(length, x);
    x.release();
    assert.equal(await z, 2000);
    z.release();
    await eventually(async () => (await tasksLeft(client)) === 1, 'only y is left');
    assert.equal((await y).length, 2001);
    // A diamond: both sides keep its head.
    const head = client.submit(make, 10);
    const sides = [
      client.submit((a: Float64Array) => a.length, head),
      client.submit((a: Float64Array) => -a.length, head),
    ];
    const end = client.submit((p: number, q: number) => p + q, sides[0]!, sides[1]!);
    client.release([head, ...sides]);
    assert.equal(await end, 0);
    client.release([y, end]);
    await nothingLeft(client);
  },

  '31 a released call is computed anew': async ({ client }) => {
    const first = client.submit(inc, 1);
    assert.equal(await first, 2);
    first.release();
    await nothingLeft(client);
    assert.equal(await client.submit(inc, 1), 2);
  },

  '32 work that nobody wants any more is not started': async ({ client }) => {
    const futures = client.map(forever, range(1000));
    await eventually(async () => (await tasksLeft(client)) === 1000, 'all are submitted');
    client.release(futures);
    await nothingLeft(client);
    assert.equal(await client.submit(inc, 5), 6);
  },

  '33 cancelling reaches what depends on it': async ({ client }) => {
    const x = client.submit(forever, 33);
    const y = client.submit(inc, x);
    const waiting = refused(y.result(), 'PAR_FUTURE_CANCELLED', /cancelled/);
    x.cancel({ message: 'no longer of interest' });
    await refused(x.result(), 'PAR_FUTURE_CANCELLED', /no longer of interest/);
    await waiting;
    assert.match(String(x), /cancelled/);
    await nothingLeft(client);
  },

  '34 another client keeps the task it wants, unless forced': async ({ client, another }) => {
    const other = another();
    const [ours, theirs] = [client.submit(slow, 100), other.submit(slow, 100)];
    await Promise.all([client.workers(), other.workers()]);
    ours.cancel();
    assert.equal(await theirs, 100);
    const [mine, hers] = [client.submit(forever, 3), other.submit(forever, 3)];
    await other.workers();
    mine.cancel({ force: true });
    await refused(hers.result(), 'PAR_FUTURE_CANCELLED');
  },

  '35 cancelling works before the scheduler has heard of the task, a thousand times': async ({ client }) => {
    for (const i of range(1000)) client.submit(forever, i).cancel();
    await nothingLeft(client);
    const running = client.with({ pure: false }).submit(forever, 1);
    await eventually(async () => [...(await client.processing()).values()].flat().length === 1, 'it runs');
    running.cancel();
    await eventually(async () => [...(await client.processing()).values()].flat().length === 0, 'it is gone');
    assert.equal(await client.submit(inc, 1), 2);
  },

  '36 a client that closes takes what it wanted with it, and only that': async ({ client, another }) => {
    const other = another();
    const shared = client.submit(inc, 1);
    other.submit(inc, 1);
    const theirs = other.submit(forever, 9);
    await other.close();
    await refused(theirs.result(), 'PAR_CLIENT_CLOSED');
    await eventually(async () => (await tasksLeft(client)) === 1, 'theirs is gone');
    assert.equal(await shared, 2);
  },

  '37 a task runs for its effect though nobody holds a future of it': async ({ client }) => {
    client.fireAndForget(inc, 1);
    await nothingLeft(client);
    const warned = new Promise<Error>((resolve) => process.once('warning', resolve));
    client.fireAndForget(() => {
      throw new Error('forgotten');
    });
    assert.match((await warned).message, /forgotten/);
    await nothingLeft(client);
  },

  '23 a wait that is given up leaves the futures usable': async ({ client }) => {
    const future = client.submit(slow, 200);
    await refused(client.wait([future], soon(10)), 'PAR_TIMEOUT');
    await refused(future.result(soon(10)), 'PAR_TIMEOUT');
    assert.equal(await future, 200);
  },
});

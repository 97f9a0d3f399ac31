import assert from 'node:assert/strict';
import { casesOf, range, throws } from '../case.ts';

const inc = (x: number): number => x + 1;
const add = (x: number, y: number): number => x + y;
const div = (x: number, y: number): number => {
  if (y === 0) throw new RangeError(`${x} divided by zero`);
  return x / y;
};
const identity = (value: unknown): unknown => value;

export const SUBMITTING = casesOf({
  '1 submit returns at once, and a future is its result': async ({ client }) => {
    const x = client.submit(inc, 10);
    assert.equal(x.done(), false);
    assert.equal(await x, 11);
    assert.equal(x.done(), true);
    assert.equal(await client.submit(add, x, client.submit(inc, 1)), 13);
  },

  '2 equal pure calls are one task, also of two clients, also one that fails': async ({ client, another }) => {
    const other = another();
    const [a, b, c] = [client.submit(inc, 1), client.submit(inc, 1), other.submit(inc, 1)];
    assert.equal(a.key, b.key);
    assert.equal(a.key, c.key);
    assert.deepEqual([await a, await b, await c], [2, 2, 2]);
    const before = await client.story(a.key);
    assert.equal(before.filter(({ to }) => to === 'processing').length, 1);
    assert.equal(await another().submit(inc, 1), 2);
    assert.deepEqual(await client.story(a.key), before);

    const failed = client.submit(div, 1, 0);
    assert.ok(await failed.exception());
    const story = await client.story(failed.key);
    assert.ok(await other.submit(div, 1, 0).exception());
    assert.deepEqual(await client.story(failed.key), story);
    const impure = client.with({ pure: false });
    assert.notEqual(impure.submit(inc, 1).key, impure.submit(inc, 1).key);
  },

  '3 map of equal arguments is one task, or as many as there are when it is not pure': async ({ client }) => {
    assert.equal(new Set(client.map(inc, [1, 1, 1, 1]).map(({ key }) => key)).size, 1);
    const impure = client.with({ pure: false }).map(inc, [1, 1, 1, 1]);
    assert.equal(new Set(impure.map(({ key }) => key)).size, 4);
    assert.deepEqual(await client.gather(impure), [2, 2, 2, 2]);
  },

  '4 map goes as far as the shortest iterable, over generators too': async ({ client }) => {
    function* three(): Generator<number> {
      yield* [1, 2, 3];
    }
    assert.deepEqual(await client.gather(client.map(add, [1, 2, 3], [10, 20, 30, 40])), [11, 22, 33]);
    assert.deepEqual(client.map(inc, []), []);
    assert.deepEqual(await client.gather(client.map(inc, three())), [2, 3, 4]);
  },

  '5 tasks of a map have names by a prefix or one by one': async ({ client }) => {
    const named = client.with({ key: 'INC' });
    const keys = [...named.map(inc, [1, 2, 3]), ...named.map(inc, [4, 5, 6])].map(({ key }) => key);
    assert.ok(keys.every((key) => key.startsWith('INC')));
    assert.equal(new Set(keys).size, 6);
    const exact = client.with({ key: ['x1', 'x2'] }).map(inc, [1, 2]);
    assert.deepEqual(
      exact.map(({ key }) => key),
      ['x1', 'x2'],
    );
    assert.deepEqual(await client.gather(exact), [2, 3]);
    throws(() => client.with({ key: ['x', 'x'] }).map(inc, [1, 2]), 'PAR_ARGUMENT', /two tasks have the key 'x'/);
    throws(() => client.with({ key: ['x'] }).map(inc, [1, 2]), 'PAR_ARGUMENT');
  },

  '6 a hundred results come in order': async ({ client }) => {
    assert.deepEqual(
      await client.gather(client.map(add, range(100), range(100))),
      range(100).map((i) => 2 * i),
    );
  },

  '7 futures are arguments at any depth': async ({ client }) => {
    const [x, y] = [client.submit(inc, 0), client.submit(inc, 1)];
    assert.deepEqual(await client.submit(identity, { x, y: 2 }), { x: 1, y: 2 });
    const sum = (list: readonly number[], offset: number): number => list.reduce((a, b) => a + b, offset);
    assert.deepEqual(
      await client.gather(
        client.map(
          sum,
          [
            [x, y],
            [y, y],
          ],
          [x, x],
        ),
      ),
      [4, 5],
    );
  },

  '8 async functions are awaited, and what is no function is refused': async ({ client }) => {
    assert.equal(await client.submit(async (x: number) => x * 2, 21), 42);
    // @ts-expect-error not a function
    throws(() => client.submit(1, 2), 'PAR_ARGUMENT');
    // Over an async iterable too at the call, not when the first value is taken.
    async function* none(): AsyncGenerator<number> {}
    throws(() => client.map(1 as never, none()), 'PAR_ARGUMENT');
    throws(() => client.with({ workers: [{} as never] }).map(inc, [1]), 'PAR_ARGUMENT', /ranks or names/);
    assert.equal(await client.submit(add.bind(undefined, 1), 1), 2);
  },

  '10 a large argument warns of its size, and arrives': async ({ client }) => {
    const warned = new Promise<Error & { code?: string }>((resolve) => process.once('warning', resolve));
    const length = client.submit((bytes: Uint8Array) => bytes.length, new Uint8Array(11_000_000));
    assert.equal((await warned).code, 'PAR_LARGE_SUBMISSION');
    assert.equal(await length, 11_000_000);
  },

  '11 a string that equals a key stays a string': async ({ client }) => {
    const future = client.with({ key: 'a-key' }).submit(inc, 1);
    assert.equal(await future, 2);
    assert.deepEqual(await client.submit(identity, ['a-key', { 'a-key': 'a-key' }]), ['a-key', { 'a-key': 'a-key' }]);
  },
});

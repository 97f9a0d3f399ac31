import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { capture, rebuild } from '../../src/closures/index.ts';
import { Elsewhere } from './elsewhere.ts';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let elsewhere: Elsewhere;
beforeAll(() => {
  elsewhere = new Elsewhere();
});
afterAll(() => elsewhere[Symbol.asyncDispose]());

describe('captured values', () => {
  test('Map, Set, typed arrays, Date, RegExp, BigInt, URL and Buffer', async () => {
    const captured = {
      map: new Map<unknown, unknown>([['a', new Map([[1, 2n ** 80n]])]]),
      set: new Set([1, 'x']),
      f64: new Float64Array([1.5, Number.NaN, -0]),
      bytes: Buffer.from('par'),
      view: new DataView(new Uint8Array([1, 2, 3]).buffer, 1),
      date: new Date(86_400_000),
      pattern: /a(b)/giu,
      url: new URL('http://localhost:1/x?y=1'),
      huge: 2n ** 100n,
      infinite: Number.NEGATIVE_INFINITY,
      nothing: [undefined, null],
    };
    const use = () => [
      (captured.map.get('a') as Map<number, bigint>).get(1),
      [...captured.set],
      captured.f64,
      captured.bytes.toString('utf8'),
      captured.view.getUint8(0),
      captured.date.getTime(),
      'xAB'.replace(captured.pattern, '$1'),
      captured.url.searchParams.get('y'),
      captured.huge,
      captured.infinite,
      captured.nothing,
    ];
    expect(await elsewhere.call(use)).toEqual([
      2n ** 80n,
      [1, 'x'],
      new Float64Array([1.5, Number.NaN, -0]),
      'par',
      2,
      86_400_000,
      'xB',
      '1',
      2n ** 100n,
      Number.NEGATIVE_INFINITY,
      [undefined, null],
    ]);
  });

  test('errors keep class, message, cause, own properties and stack', async () => {
    const error = Object.assign(new RangeError('too far', { cause: new Error('first') }), { code: 'E_FAR' });
    const use = () => [
      error instanceof RangeError,
      error.message,
      (error.cause as Error).message,
      error.code,
      error.stack,
    ];
    expect(await elsewhere.call(use)).toEqual([true, 'too far', 'first', 'E_FAR', error.stack]);
  });

  test('symbols: registered and well-known', async () => {
    const registered = Symbol.for('par.test');
    const iterable = { [Symbol.iterator]: () => [registered.description].values(), [registered]: 1 };
    expect(
      await elsewhere.call(() => [[...iterable], iterable[registered], Symbol.for('par.test') === registered]),
    ).toEqual([['par.test'], 1, true]);
  });

  test('null prototypes, holes, frozen objects and accessors', async () => {
    const bare: Record<string, number> = Object.assign(Object.create(null), { a: 1 });
    const holes = [1, 2, 3];
    delete holes[1];
    const frozen = Object.freeze({ deep: 1 });
    let reads = 0;
    const lazy = {
      get cost() {
        reads += 1;
        return reads;
      },
    };
    const match = 'ab'.match(/(?<first>a)/);
    const use = () => [
      Object.getPrototypeOf(bare),
      bare.a,
      1 in holes,
      holes.length,
      Object.isFrozen(frozen),
      lazy.cost,
      match?.index,
      match?.groups?.first,
    ];
    expect(await elsewhere.call(use)).toEqual([null, 1, false, 3, true, 1, 0, 'a']);
    expect(reads).toBe(0);
  });

  test('cycles, also through functions, maps and class instances', async () => {
    interface Node {
      next?: Node;
      f?: () => Node;
      by?: Map<string, unknown>;
    }
    const a: Node = {};
    const b: Node = { next: a, f: () => a };
    a.next = b;
    a.by = new Map<string, unknown>([['self', a]]);
    const ring: unknown[] = [1];
    ring.push(ring);
    const use = () => [
      a.next === b,
      b.next === a,
      b.f!() === a,
      a.by!.get('self') === a,
      (ring[1] as unknown[])[1] === ring,
    ];
    expect(await elsewhere.call(use)).toEqual([true, true, true, true, true]);
  });

  test('an object two functions share is one object again', async () => {
    const shared = { hits: 0 };
    const list = [shared];
    const inner = { shared, f: () => shared };
    const hit = () => {
      shared.hits += 1;
    };
    const use = () => {
      hit();
      inner.f().hits += 1;
      return [shared.hits, list[0] === shared, inner.shared === shared];
    };
    expect(await elsewhere.call(use)).toEqual([2, true, true]);
  });

  test('a variable two functions assign is one variable again', async () => {
    const counter = (start: number) => {
      let count = start;
      return {
        increment: () => ++count,
        show: () => ({ count }),
        reset({ to = 0 } = {}) {
          [count] = [to];
        },
      };
    };
    const one = counter(5);
    const two = counter(50);
    const use = () => {
      one.increment();
      one.increment();
      two.increment();
      const before = [one.show().count, two.show().count];
      one.reset({ to: 1 });
      return [...before, one.show().count, two.show().count];
    };
    expect(await elsewhere.call(use)).toEqual([7, 51, 1, 51]);
    expect(one.show().count).toBe(5);
  });

  test('views of one buffer share it, as far as the codec keeps that', async () => {
    const make = (bytes: Uint8Array, floats: Float64Array) => () => {
      bytes[7] = 64;
      return [floats[0], bytes.buffer === floats.buffer];
    };
    const bytes = new Uint8Array(8);
    const shared = capture(make(bytes, new Float64Array(bytes.buffer)));
    const apart = capture(make(bytes, new Float64Array(1)));
    expect((await rebuild<() => unknown[]>(structuredClone(shared)))()).toEqual([2, true]);
    expect((await rebuild<() => unknown[]>(structuredClone(apart)))()).toEqual([0, false]);
  });

  test('a list of 20,000 links does not overflow the stack', async () => {
    interface Link {
      next: Link | undefined;
      f?: () => number;
    }
    let plain: Link | undefined;
    let mixed: Link | undefined = { next: undefined, f: () => 42 };
    for (let i = 0; i < 20_000; i += 1) {
      plain = { next: plain };
      mixed = { next: mixed };
    }
    const heads = [plain, mixed];
    const shipped = capture(() => heads.length);
    expect(shipped.values.length).toBeGreaterThan(0);
    const there = await rebuild<() => number>(shipped);
    expect(there()).toBe(2);
  });

  test('captured variables are read again at every capture', async () => {
    let level = 1;
    const config = { depth: 1 };
    const use = () => [level, config.depth];
    expect(await elsewhere.call(use)).toEqual([1, 1]);
    level = 2;
    config.depth = 3;
    expect(await elsewhere.call(use)).toEqual([2, 3]);
  });

  test('a number that changes is read again, also through another function', async () => {
    let level = 1;
    const read = () => level;
    const use = () => read();
    expect([capture(use).values, await elsewhere.call(use)]).toEqual([[1], 1]);
    level = 2;
    expect([capture(use).values, await elsewhere.call(use)]).toEqual([[2], 2]);
  });

  test('a property added to an unchanging function goes along', async () => {
    const fn = (x: number) => x;
    const use = () => Reflect.get(fn, 'extra');
    expect(await elsewhere.call(use)).toBe(undefined);
    Reflect.set(fn, 'extra', 3);
    expect(await elsewhere.call(use)).toBe(3);
  });

  test('any structured-clonable value arrives as it left', async () => {
    const value = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
    });
    await fc.assert(
      fc.asyncProperty(value, async (captured) => {
        const there = await elsewhere.call(() => captured);
        expect(there).toEqual(deserialize(serialize(captured)));
      }),
      { numRuns: 200 },
    );
  });
});

describe('hash', () => {
  test('equal functions with equal values have equal hashes, other values other hashes', () => {
    const make = (value: unknown) => () => value;
    fc.assert(
      fc.property(
        fc.anything({ withMap: true, withSet: true, withBigInt: true, withTypedArray: true }),
        fc.anything(),
        (a, b) => {
          const copy: unknown = structuredClone(a);
          expect(capture(make(a)).hash).toBe(capture(make(a)).hash);
          // A clone gives null prototypes the usual one; without them it is the same value.
          if (fc.stringify(copy) === fc.stringify(a)) expect(capture(make(copy)).hash).toBe(capture(make(a)).hash);
          if (fc.stringify(a) !== fc.stringify(b)) expect(capture(make(a)).hash).not.toBe(capture(make(b)).hash);
        },
      ),
      { numRuns: 100 },
    );
  });

  test('sharing is part of the content', () => {
    const part = { x: 1 };
    const shared = [part, part];
    const copies = [{ x: 1 }, { x: 1 }];
    const make = (value: unknown) => () => value;
    expect(capture(make(shared)).hash).not.toBe(capture(make(copies)).hash);
  });

  test('a function is rebuilt once per hash', async () => {
    const fn = (x: number) => x + 1;
    const first = await rebuild(structuredClone(capture(fn)));
    expect(await rebuild(structuredClone(capture(fn)))).toBe(first);
  });

  test('what is rebuilt can be captured again, and its imports stay references', async () => {
    const base = 4;
    const { extname } = await import('node:path');
    const fn = (x: string) => [extname(x), base, import.meta.url];
    const here = await rebuild<typeof fn>(structuredClone(capture(fn)));
    expect(await elsewhere.call(here, 'a.ts')).toEqual(['.ts', 4, import.meta.url]);
    expect(capture(here).nodes.some((node) => node.kind === 'import' && node.module === 'node:path')).toBe(true);
  });
});

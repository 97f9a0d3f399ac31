import { deepStrictEqual } from 'node:assert/strict';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { carried } from './carried.ts';

class Point {
  x: number;
  y: number;
  #hidden = 7;
  constructor(x: number, y: number) {
    this.x = x;
    this.y = y;
  }
  norm(): number {
    return Math.hypot(this.x, this.y) + this.#hidden;
  }
}

describe('values that arrive equal', () => {
  it.each([
    undefined,
    null,
    true,
    false,
    0,
    -0,
    -7,
    127,
    2 ** 31,
    2 ** 53 + 2,
    -2.17,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    Number.MIN_VALUE,
    0n,
    -1n,
    2n ** 63n - 1n,
    -(2n ** 63n),
    2n ** 63n,
    -(2n ** 63n) - 1n,
    3n ** 500n,
    -(3n ** 500n),
    '',
    'par',
    'ünïcödé 🎉',
    'x'.repeat(100_000),
    '\ud800 alone',
    '\udc00',
    '\ufeffmark',
    `\ufeff${'long '.repeat(50)}`,
    [],
    {},
    [null],
    [null, 1],
    [null, 0, 'x'],
    [undefined, null],
    { a: undefined },
    { nested: { deeper: [{ x: [[[]]] }] } },
    { '': 1, 'two words': 2, '\ud800': 3, 7: 'seven' },
    { constructor: 'own', hasOwnProperty: 1, toJSON: 'text', __keys__: [1], toString: 'own' },
    new Map<unknown, unknown>([
      [1, 'one'],
      ['1', new Map([[null, undefined]])],
      [Number.NaN, -0],
    ]),
    new Set<unknown>([1, '1', null, undefined, Number.NaN, new Set([2n])]),
    new Date(0),
    new Date(-1),
    new Date(1_700_000_000_123),
    new Date(8.64e15),
    new Date(-8.64e15),
    new Date(Number.NaN),
    /a\/b\n/giu,
    /\ud800/,
    Object(1),
    Object('text'),
    Object(false),
    Object(5n),
    Object(-0),
  ])('%o', (value) => {
    expect(carried(value)).toStrictEqual(value);
    expect(carried({ value })).toStrictEqual({ value });
    expect(carried([value, value])).toStrictEqual([value, value]);
    expect(carried(new Map([[value, value]]))).toStrictEqual(new Map([[value, value]]));
  });

  it('any structure of any values', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      withSparseArray: true,
      withNullPrototype: true,
      withBoxedValues: true,
      withUnicodeString: true,
      key: fc.oneof(
        fc.string({ unit: 'binary' }),
        fc.constantFrom('__proto__', 'constructor', 'toJSON', '__keys__', 'length', '\ud800'),
      ),
    });
    fc.assert(
      fc.property(anything, (value) => {
        // toStrictEqual asks objects for their constructor, which may be a property here.
        deepStrictEqual(carried(value), value);
      }),
      { numRuns: 500 },
    );
  });

  it('many objects of the same shape, of different shapes, and with many keys', () => {
    const rows = Array.from({ length: 500 }, (_, i) => ({ id: i, name: `n${i}`, score: i / 3 }));
    const shapes = Array.from({ length: 300 }, (_, i) => ({ [`a${i}`]: i, [`b${i % 7}`]: { [`c${i % 3}`]: null } }));
    const dictionary = Object.fromEntries(Array.from({ length: 70_000 }, (_, i) => [`word ${i}`, i]));
    expect(carried(rows)).toStrictEqual(rows);
    expect(carried(shapes)).toStrictEqual(shapes);
    expect(carried(dictionary)).toStrictEqual(dictionary);
    expect(carried({ rows, shapes, at: new Date(0) })).toStrictEqual({ rows, shapes, at: new Date(0) });
  });
});

describe('identity', () => {
  it('keeps cycles through objects, arrays, maps, sets and errors', () => {
    const value: Record<string, unknown> = { list: [], map: new Map(), set: new Set(), error: new Error('cyclic') };
    (value.list as unknown[]).push(value);
    (value.map as Map<unknown, unknown>).set(value, value);
    (value.set as Set<unknown>).add(value);
    (value.error as Error).cause = value;
    const arrived = carried(value) as typeof value;
    expect((arrived.list as unknown[])[0]).toBe(arrived);
    expect((arrived.map as Map<unknown, unknown>).get(arrived)).toBe(arrived);
    expect((arrived.set as Set<unknown>).has(arrived)).toBe(true);
    expect((arrived.error as Error).cause).toBe(arrived);
  });

  it('keeps a cycle that starts with an array', () => {
    const value: unknown[] = [null, 1];
    value.push(value);
    const arrived = carried(value);
    expect(arrived).toHaveLength(3);
    expect(arrived[2]).toBe(arrived);
    expect(arrived[0]).toBe(null);
  });

  it('keeps references to one object as references to one object', () => {
    const shared = { n: 1 };
    const array = new Float64Array(4);
    const date = new Date(5);
    const arrived = carried({ a: shared, b: [shared], c: array, d: array, e: date, f: date });
    expect(arrived.b[0]).toBe(arrived.a);
    expect(arrived.d).toBe(arrived.c);
    expect(arrived.f).toBe(arrived.e);
  });

  it('does not join equal objects', () => {
    const arrived = carried([{ n: 1 }, { n: 1 }]);
    expect(arrived[0]).not.toBe(arrived[1]);
  });

  it('carries a linked list of 100,000 elements', () => {
    type Node = { value: number; next: Node | undefined };
    let list: Node | undefined;
    for (let i = 0; i < 100_000; i++) list = { value: i, next: list };
    let length = 0;
    for (let node = carried(list); node; node = node.next) length += 1;
    expect(length).toBe(100_000);
  });

  it('carries deeply nested arrays, maps and errors', () => {
    let value: unknown = 'core';
    for (let i = 0; i < 3000; i++) {
      value = i % 3 === 0 ? [value] : i % 3 === 1 ? new Map([['in', value]]) : new Error('outer', { cause: value });
    }
    let arrived = carried(value);
    for (let i = 2999; i >= 0; i--) {
      if (i % 3 === 0) [arrived] = arrived as [unknown];
      else if (i % 3 === 1) arrived = (arrived as Map<string, unknown>).get('in');
      else arrived = (arrived as Error).cause;
    }
    expect(arrived).toBe('core');
  });
});

describe('objects', () => {
  it('arrive as plain data when they are instances of a class', () => {
    const arrived = carried({ at: new Point(1, 2) }) as { at: object };
    expect(arrived).toStrictEqual({ at: { x: 1, y: 2 } });
    expect(Object.getPrototypeOf(carried(new Point(3, 4)))).toBe(Object.prototype);
  });

  it('keep a missing prototype', () => {
    const value = Object.assign(Object.create(null), { a: 1, b: new Date(0) });
    const arrived = carried(value);
    expect(Object.getPrototypeOf(arrived)).toBe(null);
    expect({ ...arrived }).toEqual({ a: 1, b: new Date(0) });
  });

  it('carry a key named __proto__ as a property and never as a prototype', () => {
    const value = JSON.parse('{"__proto__":{"polluted":true},"x":{"__proto__":1}}');
    const arrived = carried(value) as object;
    expect(Object.getPrototypeOf(arrived)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(arrived, '__proto__')?.value).toEqual({ polluted: true });
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(carried(JSON.parse('[{"__proto__":[]}]'))).toStrictEqual(JSON.parse('[{"__proto__":[]}]'));
  });

  it('read getters and leave out symbols and what cannot be enumerated', () => {
    const value = {
      get half() {
        return 0.5;
      },
      [Symbol('hidden')]: 1,
    };
    Object.defineProperty(value, 'secret', { value: 1, enumerable: false });
    expect(carried(value)).toStrictEqual({ half: 0.5 });
  });

  it('are not asked for their JSON', () => {
    expect(
      carried({
        toJSON: 1,
        a: [
          {
            b: new (class {
              c = 1;
              toJSON() {
                return 'json';
              }
            })(),
          },
        ],
      }),
    ).toEqual({
      toJSON: 1,
      a: [{ b: { c: 1 } }],
    });
  });
});

describe('arrays with holes', () => {
  it('keep their holes and length', () => {
    // biome-ignore lint/suspicious/noSparseArray: the subject of this test.
    const value = [1, , 3, ,];
    const arrived = carried(value);
    expect(arrived).toHaveLength(4);
    expect(Object.keys(arrived)).toEqual(['0', '2']);
  });

  it('cost what they hold, not their length', () => {
    const value: unknown[] = [];
    value[4_294_967_294 - 1] = 'far';
    const arrived = carried(value);
    expect(arrived.length).toBe(4_294_967_294);
    expect(Object.keys(arrived)).toEqual(['4294967293']);
    const empty = carried(new Array(30_000_000));
    expect(empty.length).toBe(30_000_000);
    expect(Object.keys(empty)).toEqual([]);
  });
});

describe('RegExp', () => {
  it('starts again at 0, as structuredClone does', () => {
    const value = /x/g;
    value.lastIndex = 3;
    expect(carried(value).lastIndex).toBe(0);
  });
});

describe('errors', () => {
  const kinds = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
  it.each(kinds)('%o arrives as itself with message, stack, cause and properties', (Kind) => {
    const error = Object.assign(new Kind('broken', { cause: new Map([['why', -0]]) }), {
      code: 'E_BROKEN',
      detail: [1],
    });
    const arrived = carried(error);
    expect(arrived).toBeInstanceOf(Kind);
    expect(arrived.name).toBe(error.name);
    expect(arrived.message).toBe('broken');
    expect(arrived.stack).toBe(error.stack);
    expect(arrived.cause).toEqual(new Map([['why', -0]]));
    expect(arrived.code).toBe('E_BROKEN');
    expect(arrived.detail).toEqual([1]);
    expect(Object.keys(arrived)).toEqual(['code', 'detail']);
  });

  it('AggregateError keeps its errors', () => {
    const inner = [new TypeError('one'), 'two'];
    const arrived = carried(new AggregateError(inner, 'many'));
    expect(arrived).toBeInstanceOf(AggregateError);
    expect(arrived.message).toBe('many');
    expect(arrived.errors).toHaveLength(2);
    expect(arrived.errors[0]).toBeInstanceOf(TypeError);
    expect(arrived.errors[1]).toBe('two');
  });

  it('DOMException keeps its name and code', () => {
    const arrived = carried(new DOMException('too late', 'TimeoutError'));
    expect(arrived).toBeInstanceOf(DOMException);
    expect(arrived.name).toBe('TimeoutError');
    expect(arrived.code).toBe(23);
    expect(arrived.message).toBe('too late');
  });

  it('of a class of the program arrive as what it extends, with its name', () => {
    class DivergedError extends RangeError {
      override name = 'DivergedError';
      step = 12;
    }
    const arrived = carried(new DivergedError('x'));
    expect(arrived).toBeInstanceOf(RangeError);
    expect(arrived.name).toBe('DivergedError');
    expect(arrived.step).toBe(12);
  });

  it('tell a missing cause from an undefined one', () => {
    expect('cause' in carried(new Error('x'))).toBe(false);
    expect('cause' in carried(new Error('x', { cause: undefined }))).toBe(true);
  });

  it('with text that is not well-formed arrive too', () => {
    const message = '\ud800'.repeat(4000);
    expect(carried([new Error(message)])[0]!.message).toBe(message);
  });
});

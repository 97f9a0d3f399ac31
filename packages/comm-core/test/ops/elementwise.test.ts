import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BAND,
  BOR,
  BXOR,
  createOp,
  type ElementArray,
  LAND,
  LOR,
  LXOR,
  MAX,
  MAXLOC,
  MIN,
  MINLOC,
  NO_OP,
  PROD,
  type PredefinedOp,
  REPLACE,
  SUM,
} from '../../src/index.ts';
import { combineInto, resolveOp } from '../../src/ops/index.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const NUMBER_CLASSES = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
] as const;
const BIGINT_CLASSES = [BigInt64Array, BigUint64Array] as const;

/** Results in exact arithmetic, before they are put into an element. */
const EXACT: [PredefinedOp, (a: bigint, b: bigint) => bigint][] = [
  [SUM, (a, b) => a + b],
  [PROD, (a, b) => a * b],
  // biome-ignore lint/complexity/useMathMinMax: Math.max takes no bigints.
  [MAX, (a, b) => (a > b ? a : b)],
  // biome-ignore lint/complexity/useMathMinMax: Math.min takes no bigints.
  [MIN, (a, b) => (a < b ? a : b)],
  [LAND, (a, b) => BigInt(a !== 0n && b !== 0n)],
  [LOR, (a, b) => BigInt(a !== 0n || b !== 0n)],
  [LXOR, (a, b) => BigInt((a !== 0n) !== (b !== 0n))],
  [BAND, (a, b) => a & b],
  [BOR, (a, b) => a | b],
  [BXOR, (a, b) => a ^ b],
  [REPLACE, (_a, b) => b],
  [NO_OP, (a) => a],
];

/** The element an integer class makes of an exact integer: wrapped, or clamped by Uint8ClampedArray. */
function element(Class: (typeof NUMBER_CLASSES)[number] | (typeof BIGINT_CLASSES)[number], exact: bigint): unknown {
  if (Class === Uint8ClampedArray) return Number(exact < 0n ? 0n : exact > 255n ? 255n : exact);
  const bits = Class.BYTES_PER_ELEMENT * 8;
  const wrapped = Class.name.includes('U') ? BigInt.asUintN(bits, exact) : BigInt.asIntN(bits, exact);
  return Class.name.startsWith('Big') ? wrapped : Number(wrapped);
}

const INTEGER_CLASSES = [...NUMBER_CLASSES.filter((Class) => !Class.name.startsWith('Float')), ...BIGINT_CLASSES];

describe.each(INTEGER_CLASSES)('on %o', (Class) => {
  it('every op equals exact arithmetic put into an element', () => {
    const words = fc.array(fc.tuple(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt(-3n, 3n)), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(fc.constantFrom(...EXACT), words, fc.boolean(), ([op, exact], pairs, small) => {
        const fill = (index: 0 | 1): ElementArray => {
          const array = new Class(pairs.length) as unknown as unknown[] & ElementArray;
          pairs.forEach((pair, i) => {
            array[i] = element(Class, pair[small ? 1 : index]) as never;
          });
          return array;
        };
        const a = fill(0);
        const into = fill(1);
        const valuesOf = (array: ElementArray) => Array.from(array as Iterable<number | bigint>);
        const [xs, ys] = [valuesOf(a), valuesOf(into)];
        const expected = ys.map((y, i) => element(Class, exact(BigInt(xs[i]!), BigInt(y))));
        const lower = a.slice() as ElementArray;
        op.combineElements(into, lower, true);
        expect(valuesOf(lower)).toEqual(expected);
        op.combineElements(a, into);
        expect(valuesOf(into)).toEqual(expected);
      }),
    );
  });
});

describe.each([Float32Array, Float64Array])('on %o', (Class) => {
  it.each<[PredefinedOp, number[], number[], number[]]>([
    [SUM, [0.5, 1e300, Number.NaN], [0.25, 1e300, 1], [0.75, 2e300, Number.NaN]],
    [PROD, [0.5, -2, 0], [4, 3, -1], [2, -6, -0]],
    [MAX, [1, Number.NaN, -0, 0], [2, 1, 0, -0], [2, Number.NaN, 0, 0]],
    [MIN, [1, 1, -0, 0], [2, Number.NaN, 0, -0], [1, Number.NaN, -0, -0]],
    [REPLACE, [1], [2], [2]],
    [NO_OP, [1], [2], [1]],
    [MAXLOC, [3, 0, 1, 0, Number.NaN, 5], [3, 1, 2, 1, 9, 2], [3, 0, 2, 1, Number.NaN, 5]],
    [MINLOC, [3, 1, 1, 0, 7, 5], [3, 0, 2, 1, Number.NaN, 2], [3, 0, 1, 0, Number.NaN, 2]],
  ])('%o', (op, a, b, expected) => {
    const into = Class.from(b);
    op.combineElements(Class.from(a), into);
    expect(into).toEqual(Class.from(expected));
    const lower = Class.from(a);
    op.combineElements(Class.from(b), lower, true);
    expect(lower).toEqual(Class.from(expected));
  });

  it.each([LAND, LOR, LXOR, BAND, BOR, BXOR])('%o does not exist', (op) => {
    expect(() => op.combineElements(new Class(1), new Class(1))).toThrow(code('PAR_OP'));
    expect(() => op.combineElements(new Class(1), new Class(1))).toThrow('float');
  });
});

describe('combineElements', () => {
  it.runIf('Float16Array' in globalThis)('adds half floats', () => {
    const Half = (globalThis as unknown as { Float16Array: { of(...values: number[]): ElementArray } }).Float16Array;
    const into = Half.of(1.5, 2);
    SUM.combineElements(Half.of(1, 0.25), into);
    expect([...(into as Float64Array)]).toEqual([2.5, 2.25]);
  });

  it('equals combine on the values, for every op and floats', () => {
    const floats = fc.float({ noDefaultInfinity: true });
    fc.assert(
      fc.property(
        fc.constantFrom(SUM, PROD, MAX, MIN),
        fc.array(fc.tuple(floats, floats), { maxLength: 10 }),
        (op, pairs) => {
          const into = Float64Array.from(pairs, ([, b]) => b);
          const expected = Float64Array.from(pairs, ([a, b]) => op.combine(a, b));
          op.combineElements(
            Float64Array.from(pairs, ([a]) => a),
            into,
          );
          expect(into).toEqual(expected);
        },
      ),
    );
  });

  it('refuses arrays of another length or type, and half a pair', () => {
    expect(() => SUM.combineElements(new Int32Array(2), new Int32Array(3))).toThrow(code('PAR_MISMATCH'));
    expect(() => SUM.combineElements(new Int32Array(2), new Uint32Array(2))).toThrow(code('PAR_MISMATCH'));
    expect(() => MAXLOC.combineElements(new Int32Array(3), new Int32Array(3))).toThrow(code('PAR_OP'));
  });

  it('does nothing to no elements', () => {
    for (const op of [SUM, MAXLOC, NO_OP, REPLACE]) op.combineElements(new Float64Array(0), new Float64Array(0));
  });
});

describe('createOp', () => {
  it('is non-commutative and named after its function unless told otherwise', () => {
    const join = createOp(function concat(a: string, b: string) {
      return a + b;
    });
    expect(join).toMatchObject({ kind: 'user', name: 'concat', commutative: false });
    expect(join.combine('a', 'b')).toBe('ab');
    expect(createOp((a: number, b: number) => a + b, { commutative: true, name: 'add' })).toMatchObject({
      name: 'add',
      commutative: true,
    });
    expect(createOp((a: number) => a)).toMatchObject({ name: 'user' });
  });

  it('has no limit on live ops', () => {
    expect(Array.from({ length: 1000 }, () => createOp((a: number, b: number) => a + b))).toHaveLength(1000);
  });

  it('refuses what is no function', () => {
    expect(() => createOp('SUM' as unknown as () => number)).toThrow(code('PAR_OP'));
    expect(() => createOp(undefined as unknown as () => number)).toThrow(code('PAR_OP'));
  });
});

describe('resolveOp', () => {
  it('takes ops and functions, and counts a function as non-commutative', () => {
    expect(resolveOp(SUM, () => 'reduce')).toBe(SUM);
    const op = createOp((a: number, b: number) => a - b);
    expect(resolveOp(op, () => 'reduce')).toBe(op);
    const resolved = resolveOp(
      (a: number, b: number) => a - b,
      () => 'reduce',
    );
    expect(resolved.commutative).toBe(false);
    expect(resolved.combine(5, 3)).toBe(2);
  });

  it.each([undefined, null, 'SUM', 3, {}, { kind: 'other' }])('refuses %o and names the operation', (op) => {
    expect(() => resolveOp(op as unknown as PredefinedOp, () => 'allreduce')).toThrow(code('PAR_OP'));
    expect(() => resolveOp(op as unknown as PredefinedOp, () => 'allreduce')).toThrow('allreduce');
  });
});

describe('combineInto', () => {
  it('applies a function to each pair of elements, the lower rank first', () => {
    const into = Int16Array.of(1, 2, 3);
    combineInto((a: number, b: number) => 10 * a + b, Int16Array.of(4, 5, 6), into);
    expect(into).toEqual(Int16Array.of(41, 52, 63));
    const big = BigInt64Array.of(2n);
    combineInto(
      createOp((a: bigint, b: bigint) => a - b),
      BigInt64Array.of(5n),
      big,
    );
    expect(big).toEqual(BigInt64Array.of(3n));
    const sum = Float64Array.of(1);
    combineInto(SUM, Float64Array.of(2), sum);
    expect(sum).toEqual(Float64Array.of(3));
  });

  it('refuses arrays that differ', () => {
    expect(() => combineInto((a: number) => a, new Int8Array(1), new Int8Array(2))).toThrow(code('PAR_MISMATCH'));
  });
});

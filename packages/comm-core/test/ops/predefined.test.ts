import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BAND,
  BOR,
  BXOR,
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

const ALL = [SUM, PROD, MAX, MIN, LAND, BAND, LOR, BOR, LXOR, BXOR, MAXLOC, MINLOC, REPLACE, NO_OP];
const code = (expected: string) => expect.objectContaining({ code: expected });

describe('the predefined ops', () => {
  it('are fourteen, all but REPLACE and NO_OP commutative, and cannot be changed', () => {
    expect(new Set(ALL.map(({ name }) => name)).size).toBe(14);
    expect(ALL.filter(({ commutative }) => !commutative)).toEqual([REPLACE, NO_OP]);
    expect(ALL.filter(({ unit }) => unit === 2)).toEqual([MAXLOC, MINLOC]);
    expect(ALL.every((op) => op.kind === 'predefined' && Object.isFrozen(op))).toBe(true);
  });

  it.each<[PredefinedOp, unknown, unknown, unknown]>([
    [SUM, 2, 3.5, 5.5],
    [SUM, 2n ** 80n, 1n, 2n ** 80n + 1n],
    [PROD, 2, -3, -6],
    [PROD, 2n ** 40n, 2n ** 40n, 2n ** 80n],
    [MAX, 2, 3, 3],
    [MAX, -0, 0, 0],
    [MAX, 0, -0, 0],
    [MAX, Number.NaN, 3, Number.NaN],
    [MAX, 3, Number.NaN, Number.NaN],
    [MAX, 5n, -7n, 5n],
    [MAX, true, false, true],
    [MIN, 2, 3, 2],
    [MIN, 0, -0, -0],
    [MIN, 3, Number.NaN, Number.NaN],
    [MIN, 5n, -7n, -7n],
    [MIN, true, false, false],
    [LAND, 3, 5, 1],
    [LAND, 3, 0, 0],
    [LAND, true, true, true],
    [LAND, 2n, 0n, 0n],
    [LOR, 0, 5, 1],
    [LOR, 0, 0, 0],
    [LOR, false, true, true],
    [LXOR, 3, 5, 0],
    [LXOR, 0, 5, 1],
    [LXOR, true, false, true],
    [LXOR, 2n, 3n, 0n],
    [BAND, 12, 10, 8],
    [BAND, -1, 0xff, 255],
    [BAND, 2 ** 40 + 5, 2 ** 40 + 3, 2 ** 40 + 1],
    [BAND, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff],
    [BAND, 2n ** 70n + 1n, 2n ** 70n, 2n ** 70n],
    [BAND, true, false, false],
    [BOR, 12, 10, 14],
    [BOR, 2 ** 40, 1, 2 ** 40 + 1],
    [BOR, true, false, true],
    [BXOR, 12, 10, 6],
    [BXOR, -1, 2 ** 40, -(2 ** 40) - 1],
    [BXOR, true, true, false],
    [MAXLOC, [3, 0], [3, 1], [3, 0]],
    [MAXLOC, [3, 1], [3, 0], [3, 0]],
    [MAXLOC, [1, 0], [2, 1], [2, 1]],
    [MAXLOC, [Number.NaN, 4], [2, 1], [Number.NaN, 4]],
    [MAXLOC, [Number.NaN, 4], [Number.NaN, 1], [Number.NaN, 1]],
    [MAXLOC, [5n, 0], [7n, 1], [7n, 1]],
    [MINLOC, [3, 1], [3, 0], [3, 0]],
    [MINLOC, [1, 0], [2, 1], [1, 0]],
    [MINLOC, [1, 0], [Number.NaN, 1], [Number.NaN, 1]],
    [REPLACE, { a: 1 }, { b: 2 }, { b: 2 }],
    [NO_OP, { a: 1 }, { b: 2 }, { a: 1 }],
  ])('%o: %o op %o is %o', (op, a, b, result) => {
    expect(op.combine(a, b)).toStrictEqual(result);
  });

  it('combine arrays and typed arrays element by element and change neither', () => {
    const a = [1, [2, 3n], Float64Array.of(1, 2)];
    const b = [10, [20, 30n], Float64Array.of(0.5, 4)];
    expect(SUM.combine<unknown>(a, b)).toEqual([11, [22, 33n], Float64Array.of(1.5, 6)]);
    expect(a).toEqual([1, [2, 3n], Float64Array.of(1, 2)]);
    expect(b).toEqual([10, [20, 30n], Float64Array.of(0.5, 4)]);
    expect(
      MAXLOC.combine<unknown>(
        [
          [1, 0],
          [5, 0],
        ],
        [
          [2, 1],
          [3, 1],
        ],
      ),
    ).toEqual([
      [2, 1],
      [5, 0],
    ]);
  });

  it.each<[PredefinedOp, unknown, unknown]>([
    [SUM, 'a', 'b'],
    [SUM, true, false],
    [SUM, 1, 1n],
    [SUM, 1, undefined],
    [SUM, {}, {}],
    [SUM, [1], 1],
    [SUM, new Map(), new Map()],
    [PROD, null, null],
    [MAX, 'a', 'b'],
    [BAND, 1.5, 2],
    [BOR, 2 ** 60, 1],
    [BXOR, Number.NaN, 1],
    [BAND, Float64Array.of(1), Float64Array.of(1)],
    [LOR, Float32Array.of(1), Float32Array.of(1)],
    [MAXLOC, 1, 2],
    [MAXLOC, [1], [2]],
    [MINLOC, ['a', 0], ['b', 1]],
    [MINLOC, Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 3)],
  ])('%o refuses %o and %o', (op, a, b) => {
    expect(() => op.combine<unknown>(a, b)).toThrow(code('PAR_OP'));
  });

  it('refuse arrays of different length or type', () => {
    expect(() => SUM.combine([1, 2], [1])).toThrow(code('PAR_MISMATCH'));
    expect(() => SUM.combine(Int8Array.of(1), Int8Array.of(1, 2))).toThrow(code('PAR_MISMATCH'));
    expect(() => SUM.combine<unknown>(Int8Array.of(1), Int16Array.of(1))).toThrow(code('PAR_MISMATCH'));
    expect(() =>
      MAXLOC.combine(
        [[1, 0]],
        [
          [1, 0],
          [2, 1],
        ],
      ),
    ).toThrow(code('PAR_MISMATCH'));
  });

  it('give over ranks what MPI gives', () => {
    const ranks = [0, 1, 2, 3, 4];
    const over = (op: PredefinedOp) => ranks.map<unknown>((r) => (op.unit === 2 ? [r, r] : r)).reduce(op.combine);
    expect(over(SUM)).toBe(10);
    expect(over(MAX)).toBe(4);
    expect(over(MAXLOC)).toEqual([4, 4]);
    expect(over(MINLOC)).toEqual([0, 0]);
    expect(over(REPLACE)).toBe(4);
    expect(over(NO_OP)).toBe(0);
  });

  it('are associative, and commutative where they say so', () => {
    const numbers = fc.oneof(fc.integer({ min: -100, max: 100 }), fc.constantFrom(0, -0, Number.NaN));
    const pair = fc.tuple(numbers, fc.nat(5));
    fc.assert(
      fc.property(fc.constantFrom(...ALL), fc.tuple(pair, pair, pair), (op, pairs) => {
        const integers = op.name.startsWith('B');
        const [a, b, c] = pairs.map(([value, index]) =>
          op.unit === 2 ? [value, index] : integers ? Math.trunc(value || 0) || 0 : value,
        ) as [unknown, unknown, unknown];
        expect(op.combine(op.combine(a, b), c)).toStrictEqual(op.combine(a, op.combine(b, c)));
        if (op.commutative && op.unit === 1) expect(op.combine(a, b)).toStrictEqual(op.combine(b, a));
      }),
    );
  });
});

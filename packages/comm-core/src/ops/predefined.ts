import { ArgumentTypeError, MismatchError } from '../errors.ts';
import { combineElements } from './elementwise.ts';
import type { ElementArray, PredefinedOp, PredefinedOpName } from './op.ts';

/** What an operator does to two scalars of the same type; undefined: not defined for that type. */
interface Scalars {
  readonly number?: (a: number, b: number) => number;
  readonly bigint?: (a: bigint, b: bigint) => bigint;
  readonly boolean?: (a: boolean, b: boolean) => boolean;
}

type Pair = readonly [value: number | bigint, index: number | bigint];

const SCALARS: Partial<Record<PredefinedOpName, Scalars>> = {
  SUM: { number: (a, b) => a + b, bigint: (a, b) => a + b },
  PROD: { number: (a, b) => a * b, bigint: (a, b) => a * b },
  // biome-ignore lint/complexity/useMathMinMax: Math.max takes no bigints.
  MAX: { number: Math.max, bigint: (a, b) => (a > b ? a : b), boolean: (a, b) => a || b },
  // biome-ignore lint/complexity/useMathMinMax: Math.min takes no bigints.
  MIN: { number: Math.min, bigint: (a, b) => (a < b ? a : b), boolean: (a, b) => a && b },
  LAND: logical((a, b) => a && b),
  LOR: logical((a, b) => a || b),
  LXOR: logical((a, b) => a !== b),
  BAND: bitwise(
    'BAND',
    (a, b) => a & b,
    (a, b) => a & b,
    (a, b) => a && b,
  ),
  BOR: bitwise(
    'BOR',
    (a, b) => a | b,
    (a, b) => a | b,
    (a, b) => a || b,
  ),
  BXOR: bitwise(
    'BXOR',
    (a, b) => a ^ b,
    (a, b) => a ^ b,
    (a, b) => a !== b,
  ),
};

function logical(combine: (a: boolean, b: boolean) => boolean): Scalars {
  return {
    number: (a, b) => (combine(Boolean(a), Boolean(b)) ? 1 : 0),
    bigint: (a, b) => (combine(Boolean(a), Boolean(b)) ? 1n : 0n),
    boolean: combine,
  };
}

function bitwise(
  name: string,
  int32: (a: number, b: number) => number,
  bigint: (a: bigint, b: bigint) => bigint,
  boolean: (a: boolean, b: boolean) => boolean,
): Scalars {
  const number = (a: number, b: number): number => {
    if ((a | 0) === a && (b | 0) === b) return int32(a, b);
    // JavaScript's own operators would cut to 32 bits.
    if (Number.isSafeInteger(a) && Number.isSafeInteger(b)) return Number(bigint(BigInt(a), BigInt(b)));
    throw new ArgumentTypeError(
      'PAR_OP',
      `${name} needs integers up to 2^53, got ${a} and ${b}; use bigints for larger ones`,
    );
  };
  return { number, bigint, boolean };
}

function isTypedArray(value: unknown): value is ElementArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function checkLengths(name: string, a: { length: number }, b: { length: number }): void {
  if (a.length === b.length) return;
  throw new MismatchError(`${name}: ${a.length} elements meet ${b.length}; all ranks must give the same number`);
}

function refuse(name: string, a: unknown, b: unknown): never {
  const hint = typeof a === 'string' ? '; to join strings reduce with (a, b) => a + b' : '';
  throw new ArgumentTypeError('PAR_OP', `${name} is not defined for ${kindOf(a)} and ${kindOf(b)}${hint}`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return typeof value === 'object' ? (value.constructor?.name ?? 'an object') : typeof value;
}

function combineScalars(name: PredefinedOpName, a: unknown, b: unknown): unknown {
  const scalars = SCALARS[name]!;
  if (typeof a === 'number' && typeof b === 'number') return scalars.number!(a, b);
  if (isTypedArray(a) && isTypedArray(b)) return combineArrays(name, a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    checkLengths(name, a, b);
    return a.map((element, i) => combineScalars(name, element, b[i]));
  }
  if (typeof a === 'bigint' && typeof b === 'bigint') return scalars.bigint!(a, b);
  if (typeof a === 'boolean' && typeof b === 'boolean' && scalars.boolean) return scalars.boolean(a, b);
  return refuse(name, a, b);
}

function combineArrays(name: PredefinedOpName, a: ElementArray, b: ElementArray): ElementArray {
  const result = b.slice();
  combineElements(name, a, result);
  return result;
}

function isPair(value: unknown): value is Pair {
  return (
    Array.isArray(value) &&
    value.length === 2 &&
    (typeof value[0] === 'number' || typeof value[0] === 'bigint') &&
    (typeof value[1] === 'number' || typeof value[1] === 'bigint')
  );
}

/** Pairs, typed arrays of interleaved pairs, and arrays of either. */
function combinePairs(name: 'MAXLOC' | 'MINLOC', a: unknown, b: unknown): unknown {
  if (isPair(a) && isPair(b)) return pairWins(name, a, b) ? a : b;
  if (isTypedArray(a) && isTypedArray(b)) return combineArrays(name, a, b);
  if (Array.isArray(a) && Array.isArray(b)) {
    checkLengths(name, a, b);
    return a.map((element, i) => combinePairs(name, element, b[i]));
  }
  throw new ArgumentTypeError(
    'PAR_OP',
    `${name} reduces [value, index] pairs, got ${kindOf(a)} and ${kindOf(b)}; give [value, rank]`,
  );
}

/** Ties go to the lower index; NaN beats every number, as it does in MAX and MIN. */
function pairWins(name: 'MAXLOC' | 'MINLOC', [x, i]: Pair, [y, j]: Pair): boolean {
  const xNaN = Number.isNaN(x);
  const yNaN = Number.isNaN(y);
  if (xNaN || yNaN) return xNaN && (!yNaN || i < j);
  if (x === y) return i < j;
  return name === 'MAXLOC' ? x > y : x < y;
}

function predefined(
  name: PredefinedOpName,
  combine: (a: unknown, b: unknown) => unknown,
  { commutative = true, unit = 1 }: { commutative?: boolean; unit?: 1 | 2 } = {},
): PredefinedOp {
  return Object.freeze<PredefinedOp>({
    kind: 'predefined',
    name,
    commutative,
    unit,
    combine: combine as <T>(a: T, b: T) => T,
    combineElements: (a, into, aIsUpper) => combineElements(name, a, into, aIsUpper),
  });
}

function elementwise(name: PredefinedOpName): PredefinedOp {
  return predefined(name, (a, b) => combineScalars(name, a, b));
}

/** Sum. Integer elements of typed arrays wrap as their type does. */
export const SUM: PredefinedOp = elementwise('SUM');
/** Product. Integer elements of typed arrays wrap as their type does. */
export const PROD: PredefinedOp = elementwise('PROD');
/** Largest; NaN if any is NaN. */
export const MAX: PredefinedOp = elementwise('MAX');
/** Smallest; NaN if any is NaN. */
export const MIN: PredefinedOp = elementwise('MIN');
/** Logical and: booleans give booleans, numbers 1 or 0. */
export const LAND: PredefinedOp = elementwise('LAND');
/** Bitwise and of integers. */
export const BAND: PredefinedOp = elementwise('BAND');
/** Logical or: booleans give booleans, numbers 1 or 0. */
export const LOR: PredefinedOp = elementwise('LOR');
/** Bitwise or of integers. */
export const BOR: PredefinedOp = elementwise('BOR');
/** Logical exclusive or: booleans give booleans, numbers 1 or 0. */
export const LXOR: PredefinedOp = elementwise('LXOR');
/** Bitwise exclusive or of integers. */
export const BXOR: PredefinedOp = elementwise('BXOR');
/** The [value, index] pair with the largest value; ties go to the lower index. Typed arrays hold interleaved pairs. */
export const MAXLOC: PredefinedOp = predefined('MAXLOC', (a, b) => combinePairs('MAXLOC', a, b), { unit: 2 });
/** The [value, index] pair with the smallest value; ties go to the lower index. Typed arrays hold interleaved pairs. */
export const MINLOC: PredefinedOp = predefined('MINLOC', (a, b) => combinePairs('MINLOC', a, b), { unit: 2 });
/** The value of the highest rank. */
export const REPLACE: PredefinedOp = predefined('REPLACE', (_a, b) => b, { commutative: false });
/** The value of the lowest rank. */
export const NO_OP: PredefinedOp = predefined('NO_OP', (a) => a, { commutative: false });

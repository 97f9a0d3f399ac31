import { compileFunction } from 'node:vm';
import { elementTypeOf } from '../datatype/typed-array.ts';
import { ArgumentTypeError, MismatchError } from '../errors.ts';
import type { ElementArray, PredefinedOpName } from './op.ts';

/** `into[i] = a[i] op into[i]` over whole arrays, or `into[i] op a[i]`. */
export type Kernel = (a: ElementArray, into: ElementArray) => void;

type Family = 'float' | 'integer' | 'bigint';
/** Computes `z` from `x` (lower ranks) and `y`; typed arrays then wrap or clamp `z` as their elements do. */
type Expression = string | Partial<Record<Family, string>>;

const LOGICAL = (expression: string) => ({
  integer: `${expression} ? 1 : 0`,
  bigint: `${expression} ? 1n : 0n`,
});

/** Operators MPI-4.1 §6.9.2 allows for a family of types; logical and bitwise ones do not exist for floats. */
const ELEMENTWISE: Partial<Record<PredefinedOpName, Expression>> = {
  SUM: { float: 'x + y', integer: 'x + y', bigint: 'BigInt.asIntN(64, x + y)' },
  PROD: { float: 'x * y', integer: 'Math.imul(x, y)', bigint: 'BigInt.asIntN(64, x * y)' },
  // Math.max and Math.min give NaN for NaN and order the zeros, so the result does not depend on the ranks' order.
  MAX: { float: 'Math.max(x, y)', integer: 'x > y ? x : y', bigint: 'x > y ? x : y' },
  MIN: { float: 'Math.min(x, y)', integer: 'x < y ? x : y', bigint: 'x < y ? x : y' },
  LAND: LOGICAL('(x && y)'),
  LOR: LOGICAL('(x || y)'),
  LXOR: LOGICAL('(!x !== !y)'),
  BAND: { integer: 'x & y', bigint: 'x & y' },
  BOR: { integer: 'x | y', bigint: 'x | y' },
  BXOR: { integer: 'x ^ y', bigint: 'x ^ y' },
};

/** For [value, index] pairs: whether the pair of lower ranks (x, i) wins over (y, j). */
const PAIR_WINS: Partial<Record<PredefinedOpName, string>> = {
  MAXLOC: 'x > y || (x !== x && y === y) || ((x === y || (x !== x && y !== y)) && i < j)',
  MINLOC: 'x < y || (x !== x && y === y) || ((x === y || (x !== x && y !== y)) && i < j)',
};

const kernels = new Map<string, Kernel>();

/**
 * The loop for one operator and one array class, compiled once. A loop shared by all classes would see them all in one
 * place and run several times slower (measured by benchmarks/reductions/kernels.ts).
 */
function kernelFor(op: PredefinedOpName, array: ElementArray, aIsUpper: boolean): Kernel {
  const type = array[Symbol.toStringTag];
  const key = aIsUpper ? `${op} ${type} reversed` : `${op} ${type}`;
  let kernel = kernels.get(key);
  if (kernel === undefined) {
    kernel = compile(op, array, type, aIsUpper);
    kernels.set(key, kernel);
  }
  return kernel;
}

function compile(op: PredefinedOpName, array: ElementArray, type: string, aIsUpper: boolean): Kernel {
  if (op === 'REPLACE') return aIsUpper ? copyA : keepInto;
  if (op === 'NO_OP') return aIsUpper ? keepInto : copyA;
  const [lower, upper] = aIsUpper ? ['into', 'a'] : ['a', 'into'];
  const wins = PAIR_WINS[op];
  if (wins !== undefined) {
    return compileFunction(
      `for (let k = 0; k < into.length; k += 2) {
        const x = ${lower}[k], i = ${lower}[k + 1], y = ${upper}[k], j = ${upper}[k + 1];
        if (${wins}) { into[k] = x; into[k + 1] = i; } else { into[k] = y; into[k + 1] = j; }
      }`,
      ['a', 'into'],
    ) as Kernel;
  }
  const family: Family = type.startsWith('Big') ? 'bigint' : type.startsWith('Float') ? 'float' : 'integer';
  const expressions = ELEMENTWISE[op]!;
  const expression = typeof expressions === 'string' ? expressions : expressions[family];
  if (expression === undefined) {
    throw new ArgumentTypeError(
      'PAR_OP',
      `${op} is not defined for ${elementTypeOf(array) ?? type} elements: logical and bitwise reductions need integers`,
    );
  }
  // A product of two clamped bytes is exact as a double and must be clamped, not wrapped by imul first.
  const clamped = type === 'Uint8ClampedArray' && op === 'PROD' ? 'x * y' : expression;
  // Two elements a turn: with one, V8's loops run up to seven times slower once short arrays came first (same benchmark).
  return compileFunction(
    `const last = into.length - 1;
    let k = 0;
    for (; k < last; k += 2) {
      let x = ${lower}[k], y = ${upper}[k];
      const z = ${clamped};
      x = ${lower}[k + 1]; y = ${upper}[k + 1];
      into[k + 1] = ${clamped};
      into[k] = z;
    }
    if (k === last) { const x = ${lower}[k], y = ${upper}[k]; into[k] = ${clamped}; }`,
    ['a', 'into'],
  ) as Kernel;
}

function keepInto(): void {}

function copyA(a: ElementArray, into: ElementArray): void {
  (into as Float64Array).set(a as Float64Array);
}

/** Throws PAR_OP when the operator does not exist for these elements and PAR_MISMATCH when the arrays differ in type or length. */
export function combineElements(op: PredefinedOpName, a: ElementArray, into: ElementArray, aIsUpper = false): void {
  if (a.length !== into.length || a[Symbol.toStringTag] !== into[Symbol.toStringTag]) {
    throw new MismatchError(
      `${op}: ${a.length} ${a[Symbol.toStringTag]} elements meet ${into.length} ${into[Symbol.toStringTag]} elements; all ranks must give the same`,
    );
  }
  if (op in PAIR_WINS && a.length % 2 !== 0) {
    throw new ArgumentTypeError(
      'PAR_OP',
      `${op}: ${a.length} elements are not [value, index] pairs; give an even number`,
    );
  }
  kernelFor(op, into, aIsUpper)(a, into);
}

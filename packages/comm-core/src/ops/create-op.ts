import { ArgumentTypeError, MismatchError } from '../errors.ts';
import type { BufferOp, ElementArray, OpLike, PredefinedOp, ReduceFunction, UserOp } from './op.ts';

/**
 * A reduction of your own. `commutative: true` allows any order of operands; otherwise (the default) operands are
 * combined in rank order. It must be associative. Throws ArgumentTypeError PAR_OP if `fn` is not a function.
 */
export function createOp<T>(fn: ReduceFunction<T>, options: { commutative?: boolean; name?: string } = {}): UserOp<T> {
  if (typeof fn !== 'function') throw notAnOp('createOp', fn);
  const { commutative = false, name = fn.name || 'user' } = options;
  return Object.freeze<UserOp<T>>({ kind: 'user', name, commutative, combine: fn });
}

/** An op of either kind from what a caller passed; a bare function becomes a non-commutative op. Throws PAR_OP. */
export function resolveOp<T>(op: OpLike<T>, what: () => string): PredefinedOp | UserOp<T> {
  if (typeof op === 'function') return createOp(op);
  if (typeof op === 'object' && op !== null && (op.kind === 'predefined' || op.kind === 'user')) return op;
  throw notAnOp(what(), op);
}

/**
 * `into[i] = a[i] op into[i]` for what buffer reductions take, a from lower ranks, or with `aIsUpper` `into[i] op a[i]`.
 * Throws PAR_OP, PAR_MISMATCH.
 */
export function combineInto(op: BufferOp, a: ElementArray, into: ElementArray, aIsUpper = false): void {
  if (typeof op === 'object' && op.kind === 'predefined') {
    op.combineElements(a, into, aIsUpper);
    return;
  }
  if (a.length !== into.length || a[Symbol.toStringTag] !== into[Symbol.toStringTag]) {
    throw new MismatchError(`${a.length} elements meet ${into.length}; all ranks must give the same type and number`);
  }
  // Elements are all numbers or all bigints; the cast only says so to the compiler.
  const combine = (typeof op === 'function' ? op : op.combine) as ReduceFunction<number>;
  const from = a as Float64Array;
  const to = into as Float64Array;
  for (let i = 0; i < to.length; i++) to[i] = aIsUpper ? combine(to[i]!, from[i]!) : combine(from[i]!, to[i]!);
}

function notAnOp(what: string, value: unknown): ArgumentTypeError {
  return new ArgumentTypeError(
    'PAR_OP',
    `${what}: expected a reduction (SUM, MAX, …, createOp(fn) or a function of two values), got ${value === null ? 'null' : typeof value}`,
  );
}

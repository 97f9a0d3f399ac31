/** `(a, b) => c` with a from lower ranks than b. May change and return one of its arguments. */
export type ReduceFunction<T> = (a: T, b: T) => T;

/**
 * One of MPI's fourteen reductions. Values: numbers, bigints, booleans and, elementwise, typed arrays and arrays of
 * equal length. Anything else is refused with PAR_OP.
 */
export interface PredefinedOp {
  readonly kind: 'predefined';
  readonly name: PredefinedOpName;
  readonly commutative: boolean;
  /** Elements that belong together: 2 for MAXLOC and MINLOC (value, index), else 1. Buffers are only cut at multiples of it. */
  readonly unit: 1 | 2;
  /** `a op b` with a from lower ranks. Changes neither. */
  combine<T>(a: T, b: T): T;
  /**
   * `into[i] = a[i] op into[i]` with a from lower ranks, or with `aIsUpper` `into[i] op a[i]`. Both have the same element
   * type and length.
   */
  combineElements(a: ElementArray, into: ElementArray, aIsUpper?: boolean): void;
}

export type PredefinedOpName =
  | 'SUM'
  | 'PROD'
  | 'MAX'
  | 'MIN'
  | 'LAND'
  | 'BAND'
  | 'LOR'
  | 'BOR'
  | 'LXOR'
  | 'BXOR'
  | 'MAXLOC'
  | 'MINLOC'
  | 'REPLACE'
  | 'NO_OP';

/** A reduction made by `createOp`; on buffers it is applied to each pair of elements. */
export interface UserOp<T> {
  readonly kind: 'user';
  readonly name: string;
  readonly commutative: boolean;
  readonly combine: ReduceFunction<T>;
}

/** Typed array seen by elementwise reductions. */
export type ElementArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array
  | BigInt64Array
  | BigUint64Array;

/** What value reductions take: a function counts as non-commutative. */
export type OpLike<T> = PredefinedOp | UserOp<T> | ReduceFunction<T>;
/** What buffer reductions take. */
export type BufferOp = PredefinedOp | UserOp<number> | UserOp<bigint> | ReduceFunction<number> | ReduceFunction<bigint>;

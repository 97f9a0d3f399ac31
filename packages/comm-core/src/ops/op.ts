/** `(a, b) => c` with a from lower ranks than b. May change and return one of its arguments. */
export type ReduceFunction<T> = (a: T, b: T) => T;

/** One of MPI's fourteen reductions: numbers, bigints, booleans and, elementwise, typed arrays of equal length. */
export interface PredefinedOp {
  readonly kind: 'predefined';
  readonly name: string;
  readonly commutative: boolean;
  combine<T>(a: T, b: T): T;
  /** `into[i] = a[i] op into[i]` with a from lower ranks. Both have the same element type and length. */
  combineElements(a: ElementArray, into: ElementArray): void;
}

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

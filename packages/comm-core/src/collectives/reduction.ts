import { decode, encode } from '../codec/index.ts';
import { elementsOf } from '../datatype/index.ts';
import { ArgumentRangeError, ArgumentTypeError, MismatchError } from '../errors.ts';
import {
  type BufferOp,
  combineInto,
  type ElementArray,
  type OpLike,
  type PredefinedOp,
  resolveOp,
  type UserOp,
} from '../ops/index.ts';
import type { BufferView } from '../transport/index.ts';
import { type Call, describe } from './call.ts';

/**
 * Operands of a reduction, each standing for a contiguous range of ranks. Algorithms say which operands meet, the lower
 * ranks' first, and never see what is in them.
 */
export interface Reduction<A> {
  readonly commutative: boolean;
  send(operand: A, dest: number): Promise<void>;
  recv(source: number): Promise<A>;
  /** The reduction of both; consumes them. */
  combine(lower: A, upper: A): A;
  /** An operand with the same contents that `combine` may consume. */
  copy(operand: A): A;
  /** Like `copy` for the caller's own input; where the input is the caller's to give (in place), itself. */
  own(input: A): A;
  /** The caller's own input as an operand of `combine`, without a copy where `combine` leaves the caller's memory alone. */
  lent(input: A): A;
}

/** Values, encoded for each message. */
export class ValueReduction<T> implements Reduction<T> {
  readonly commutative: boolean;
  readonly combine: (lower: T, upper: T) => T;
  /** A program's function may change its arguments; the predefined operations do not. */
  readonly copy: (operand: T) => T;
  readonly own: (input: T) => T;
  readonly lent: (input: T) => T;
  /** Name of the op. */
  readonly name: string;
  readonly #op: PredefinedOp | UserOp<T>;
  readonly #call: Call;
  /** The caller's own input, which `combine` never gets where it may be changed. */
  #own: { readonly operand: T; readonly segments: readonly Uint8Array[] } | undefined;

  constructor(call: Call, op: PredefinedOp | UserOp<T>) {
    this.#call = call;
    this.#op = op;
    this.name = op.name;
    this.commutative = op.commutative;
    this.combine = (lower, upper) => op.combine(lower, upper);
    this.copy = op.kind === 'user' ? clone : (operand) => operand;
    this.own = this.copy;
    this.lent = this.copy;
  }

  /** The same reduction with messages of another call. */
  on(call: Call): ValueReduction<T> {
    return new ValueReduction(call, this.#op);
  }

  send(operand: T, dest: number): Promise<void> {
    const { space, tag, signal } = this.#call;
    const own = this.#own;
    const segments = own !== undefined && Object.is(own.operand, operand) ? own.segments : encode(operand);
    return space.sendValue(segments, dest, tag, false, signal);
  }

  /** The caller's own input, encoded once however often it travels. */
  encodeOwn(operand: T): readonly Uint8Array[] {
    this.#own ??= { operand, segments: encode(operand) };
    return this.#own.segments;
  }

  recv(source: number): Promise<T> {
    const { space, tag, signal } = this.#call;
    return space.recvValue(source, tag, signal).then(({ segments }) => decode(segments) as T);
  }
}

/** A copy made the way a message would make it. */
function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return decode(encode(value).map((segment) => segment.slice())) as T;
}

/** Arrays of equal type and length, combined elementwise. Operands that are done with become memory for later ones. */
export class BufferReduction implements Reduction<ElementArray> {
  readonly commutative: boolean;
  /** This rank's operand, in the caller's memory. */
  readonly input: ElementArray;
  readonly op: PredefinedOp | UserOp<number>;
  readonly type: BufferView['type'];
  /** Elements that must stay together. */
  readonly unit: number;
  readonly #call: Call;
  readonly #home: ElementArray | undefined;
  readonly #spare: ElementArray[] = [];

  /**
   * `home` is where the result is wanted, undefined on ranks that get none. It serves as working memory; in place it is the
   * same view as `input`.
   */
  constructor(call: Call, op: BufferOp, input: BufferView, home?: BufferView) {
    this.#call = call;
    this.input = elementsOf(input);
    this.type = input.type;
    this.op = checkedOp(call, op, input.type, this.input);
    this.commutative = this.op.commutative;
    this.unit = this.op.kind === 'predefined' ? this.op.unit : 1;
    this.checkUnits(this.input.length);
    this.#home = home === undefined ? undefined : home === input ? this.input : elementsOf(home);
    if (this.#home !== undefined && this.#home !== this.input) this.#spare.push(this.#home);
  }

  send(operand: ElementArray, dest: number): Promise<void> {
    const { space, tag, signal } = this.#call;
    return space.sendBuffer({ bytes: bytesOf(operand), type: this.type }, dest, tag, false, signal);
  }

  recv(source: number): Promise<ElementArray> {
    return this.recvInto(this.#take(), source);
  }

  recvInto(into: ElementArray, source: number): Promise<ElementArray> {
    const { space, tag, signal } = this.#call;
    return space.recvBuffer({ bytes: bytesOf(into), type: this.type }, source, tag, signal).then(({ bytes }) => {
      if (bytes === into.byteLength) return into;
      throw new MismatchError(
        `${describe(this.#call)}: rank ${source} reduces ${bytes} bytes, this rank ${into.byteLength}; pass equally long buffers on all ranks`,
      );
    });
  }

  combine(lower: ElementArray, upper: ElementArray): ElementArray {
    if (this.#isLent(upper)) {
      combineInto(this.op, upper, lower, true);
      return lower;
    }
    combineInto(this.op, lower, upper);
    if (!this.#isLent(lower)) this.#spare.push(lower);
    return upper;
  }

  lent(input: ElementArray): ElementArray {
    return input;
  }

  /** Memory of the caller that must stay as it is. */
  #isLent(operand: ElementArray): boolean {
    return operand === this.input && operand !== this.#home;
  }

  /** `acc = received op acc` or `acc = acc op received`, with the result in `acc`; consumes `received`. */
  accumulate(acc: ElementArray, received: ElementArray, receivedIsLower: boolean): void {
    if (receivedIsLower || this.commutative) {
      combineInto(this.op, received, acc);
    } else {
      combineInto(this.op, acc, received);
      copyElements(received, acc);
    }
  }

  copy(operand: ElementArray): ElementArray {
    const copy = this.#take();
    copyElements(operand, copy);
    return copy;
  }

  own(input: ElementArray): ElementArray {
    return input === this.#home ? input : this.copy(input);
  }

  /** Throws PAR_COUNT when elements that must stay together would be cut apart. */
  checkUnits(length: number): void {
    if (length % this.unit === 0) return;
    throw new ArgumentRangeError(
      'PAR_COUNT',
      `${describe(this.#call)}: ${this.op.name} takes groups of ${this.unit} elements, but gets ${length}`,
    );
  }

  /** The same reduction, its result nowhere in particular, with messages of another call. */
  on(call: Call): BufferReduction {
    return new BufferReduction(call, this.op, { bytes: bytesOf(this.input), type: this.type });
  }

  /** Elements of memory of its own. */
  allocate(length: number): ElementArray {
    return elementsOf({ bytes: new Uint8Array(length * this.input.BYTES_PER_ELEMENT), type: this.type });
  }

  /** Puts the result where the caller wants it, unless it was made there. */
  deliver(result: ElementArray): void {
    if (this.#home !== undefined && result !== this.#home) copyElements(result, this.#home);
  }

  #take(): ElementArray {
    return this.#spare.pop() ?? this.allocate(this.input.length);
  }
}

/** Operations every element type has. */
const ARITHMETIC_OPS: readonly string[] = ['SUM', 'PROD', 'MAX', 'MIN'];
/** Operations that make sense on memory without an element type (MPI-4.1 §6.9.2, MPI_BYTE). */
const RAW_BYTES_OPS: readonly string[] = ['BAND', 'BOR', 'BXOR', 'REPLACE', 'NO_OP'];

/** The op, if it exists for these elements; otherwise throws PAR_OP or PAR_COUNT, before anything is sent. */
function checkedOp(call: Call, op: BufferOp, type: BufferView['type'], elements: ElementArray): BufferReduction['op'] {
  const resolved = resolveOp(op as OpLike<number>, () => describe(call));
  if (resolved.kind === 'user') return resolved;
  if (type === 'bytes' && !RAW_BYTES_OPS.includes(resolved.name)) {
    throw new ArgumentTypeError(
      'PAR_OP',
      `${describe(call)}: ${resolved.name} is not defined for raw bytes; pass a typed array`,
    );
  }
  if (ARITHMETIC_OPS.includes(resolved.name)) return resolved;
  const none = elements.subarray(0, 0);
  try {
    resolved.combineElements(none, none);
  } catch (cause) {
    throw new ArgumentTypeError('PAR_OP', `${describe(call)}: ${(cause as Error).message}`, { cause });
  }
  return resolved;
}

/** The array's memory as bytes. */
export function bytesOf(elements: ElementArray): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}

/** Copies between arrays that are known to have the same element type. */
export function copyElements(from: ElementArray, to: ElementArray): void {
  (to as Float64Array).set(from as Float64Array);
}

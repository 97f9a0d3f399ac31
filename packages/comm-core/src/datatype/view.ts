import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import type { ElementType } from '../transport/element-type.ts';
import { contiguousView, elementTypeOf, type TypedArray } from './typed-array.ts';

/** Blocks of elements: block i covers `lengths[i]` elements from `starts[i]` on, in the order they are packed. */
export interface Blocks {
  readonly starts: readonly number[];
  readonly lengths: readonly number[];
}

/**
 * Elements picked from a typed array (MPI's vector, indexed and subarray types): packed when sent, scattered when
 * received, gaps untouched. Made by `vector`, `indexed` and `subarray`.
 */
export class DatatypeView {
  readonly kind = 'datatype-view';
  readonly array: TypedArray;
  /** Elements picked. */
  readonly length: number;
  readonly type: ElementType;
  readonly #blocks: Blocks;
  #overlapping: boolean | undefined;

  constructor(array: TypedArray, blocks: Blocks, what = 'DatatypeView') {
    const type = elementTypeOf(array);
    if (type === undefined || type === 'bytes') {
      throw new ArgumentTypeError('PAR_BUFFER', `${what}: expected a typed array, got ${describe(array)}`);
    }
    contiguousView(array, what);
    this.array = array;
    this.type = type;
    this.#blocks = blocks;
    this.length = checkBlocks(blocks, array.length, what);
  }

  /** Copies the picked elements, in order, into a new array of the same type. */
  pack(): TypedArray {
    const packed = this.array.slice(0, 0).constructor as new (length: number) => TypedArray;
    const out = new packed(this.length);
    copyBlocks(this.array, out, this.#blocks, this.length, false);
    return out;
  }

  /** Writes the first `count` elements of `packed` (default all of them) to their places; everything else stays as it is. */
  unpack(packed: TypedArray, count: number = this.length): void {
    if (elementTypeOf(packed) !== this.type) {
      throw new ArgumentTypeError('PAR_BUFFER', `unpack: expected ${this.type} elements, got ${describe(packed)}`);
    }
    if (!Number.isInteger(count) || count < 0 || count > this.length || count > packed.length) {
      throw new ArgumentRangeError(
        'PAR_BUFFER',
        `unpack: count ${count} is outside 0..${Math.min(this.length, packed.length)}`,
      );
    }
    this.assertWritable('unpack');
    copyBlocks(this.array, packed, this.#blocks, count, true);
  }

  /** Throws PAR_BUFFER when two blocks share an element: such a view can be sent, not received into (MPI-4.1 §4.1.11). */
  assertWritable(what: string): void {
    this.#overlapping ??= overlaps(this.#blocks);
    if (this.#overlapping) {
      throw new ArgumentRangeError(
        'PAR_BUFFER',
        `${what}: blocks of this view overlap, so the result would depend on their order; receive into disjoint blocks`,
      );
    }
  }
}

function checkBlocks({ starts, lengths }: Blocks, available: number, what: string): number {
  let total = 0;
  for (let i = 0; i < starts.length; i++) {
    const start = starts[i]!;
    const length = lengths[i]!;
    if (!Number.isInteger(start) || !Number.isInteger(length) || start < 0 || length < 0) {
      throw new ArgumentRangeError(
        'PAR_BUFFER',
        `${what}: block ${i} (start ${start}, length ${length}) must have non-negative integers`,
      );
    }
    if (length > 0 && start + length > available) {
      throw new ArgumentRangeError(
        'PAR_BUFFER',
        `${what}: block ${i} ends at element ${start + length}, the array has ${available}`,
      );
    }
    total += length;
  }
  return total;
}

function overlaps({ starts, lengths }: Blocks): boolean {
  const order = starts.map((_, i) => i).filter((i) => lengths[i]! > 0);
  order.sort((a, b) => starts[a]! - starts[b]!);
  let end = 0;
  for (const i of order) {
    if (starts[i]! < end) return true;
    end = starts[i]! + lengths[i]!;
  }
  return false;
}

// Blocks shorter than this are copied element by element: a call to `set` costs more.
const SHORT_BLOCK = 16;

function copyBlocks(array: TypedArray, packed: TypedArray, blocks: Blocks, count: number, scatter: boolean): void {
  // The element types agree, so numbers meet numbers and bigints meet bigints; the cast only says so to the compiler.
  const whole = array as Float64Array;
  const dense = packed as Float64Array;
  let at = 0;
  for (let i = 0; i < blocks.starts.length && at < count; i++) {
    const start = blocks.starts[i]!;
    const length = Math.min(blocks.lengths[i]!, count - at);
    if (length < SHORT_BLOCK) {
      if (scatter) for (let k = 0; k < length; k++) whole[start + k] = dense[at + k]!;
      else for (let k = 0; k < length; k++) dense[at + k] = whole[start + k]!;
    } else if (scatter) {
      whole.set(dense.subarray(at, at + length), start);
    } else {
      dense.set(whole.subarray(start, start + length), at);
    }
    at += length;
  }
}

function describe(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return value.constructor?.name ?? 'an object';
}

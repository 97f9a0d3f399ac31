import type { BufferLike } from '../comm/communicator.ts';
import { ArgumentTypeError, ParError } from '../errors.ts';
import type { ElementArray } from '../ops/op.ts';
import type { BufferView } from '../transport/contract.ts';
import { ELEMENT_BYTES, type ElementType } from '../transport/element-type.ts';
import { arrayView, contiguousView, type TypedArray } from './typed-array.ts';
import { DatatypeView } from './view.ts';

type ElementArrayClass = new (buffer: ArrayBufferLike, byteOffset?: number, length?: number) => TypedArray;

/** Undefined before Node 24. */
export const Float16 = (globalThis as unknown as { Float16Array?: ElementArrayClass }).Float16Array;

const ARRAY_CLASS: Readonly<Record<ElementType, ElementArrayClass | undefined>> = {
  bytes: Uint8Array,
  int8: Int8Array,
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  int32: Int32Array,
  uint32: Uint32Array,
  int64: BigInt64Array,
  uint64: BigUint64Array,
  float16: Float16,
  float32: Float32Array,
  float64: Float64Array,
};

/**
 * The memory an operation reads: uncopied for contiguous buffers, a packed copy for a datatype view. `what` starts the
 * message of the error: ArgumentTypeError PAR_BUFFER for anything that is not a buffer, is detached, or lies outside
 * its resized buffer.
 */
export function toBufferView(buffer: BufferLike, what: string): BufferView {
  return arrayView(buffer) ?? toAnyView(buffer, what);
}

function toAnyView(buffer: BufferLike, what: string): BufferView {
  if (buffer instanceof DatatypeView) {
    contiguousView(buffer.array, what);
    return contiguousView(buffer.pack(), what)!;
  }
  const view = contiguousView(buffer, what);
  if (view === undefined) throw notABuffer(buffer, what);
  return view;
}

/** Memory to receive into. `deliver` puts what arrived where the caller wanted it: nothing to do for contiguous buffers. */
export interface ReceiveBuffer {
  readonly view: BufferView;
  /** Elements that arrived; default all. The rest of the caller's buffer stays as it was. */
  deliver(count?: number): void;
}

/**
 * The memory an operation writes, and may read first (in place): the buffer itself, or for a datatype view a packed
 * copy that `deliver` scatters. Errors as for `toBufferView`, and PAR_BUFFER for a view whose blocks overlap.
 */
export function toReceiveBuffer(buffer: BufferLike, what: string): ReceiveBuffer {
  const view = arrayView(buffer);
  return view === undefined ? toAnyReceiveBuffer(buffer, what) : { view, deliver: alreadyThere };
}

function toAnyReceiveBuffer(buffer: BufferLike, what: string): ReceiveBuffer {
  if (!(buffer instanceof DatatypeView)) return { view: toBufferView(buffer, what), deliver: alreadyThere };
  buffer.assertWritable(what);
  const view = toBufferView(buffer, what);
  return { view, deliver: (count) => buffer.unpack(elementsOf(view), count) };
}

/** `deliver` of memory that a transport writes itself. */
export function alreadyThere(): void {}

/** Number of elements in a view. */
export function countOf(view: BufferView): number {
  return byteLengthOf(view) / ELEMENT_BYTES[view.type];
}

/** Bytes in a view. */
export function byteLengthOf(view: BufferView): number {
  return (view.array ?? view.bytes).byteLength;
}

/** The view's memory as a typed array of its element type (raw bytes as Uint8Array), for elementwise reductions. */
export function elementsOf(view: BufferView): ElementArray {
  const { bytes, type } = view;
  const ArrayClass = ARRAY_CLASS[type];
  if (ArrayClass === undefined) {
    throw new ParError('PAR_BUFFER', `this Node (${process.version}) has no ${type} arrays; use Node 24 or float32`);
  }
  const size = ELEMENT_BYTES[type];
  if (bytes.byteOffset % size !== 0 || bytes.length % size !== 0) {
    throw new ParError(
      'PAR_BUFFER',
      `memory of ${bytes.length} bytes at offset ${bytes.byteOffset} cannot hold ${type} elements of ${size} bytes`,
    );
  }
  return new ArrayClass(bytes.buffer, bytes.byteOffset, bytes.length / size);
}

function notABuffer(value: unknown, what: string): ArgumentTypeError {
  const got =
    value === null ? 'null' : typeof value === 'object' ? (value?.constructor?.name ?? 'object') : typeof value;
  return new ArgumentTypeError(
    'PAR_BUFFER',
    `${what}: expected a typed array, DataView, ArrayBuffer, SharedArrayBuffer or datatype view, got ${got}`,
  );
}

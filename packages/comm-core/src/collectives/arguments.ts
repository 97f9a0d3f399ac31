import type { BufferLike, InPlace } from '../comm/communicator.ts';
import { IN_PLACE } from '../constants.ts';
import {
  alreadyThere,
  arrayView,
  byteLengthOf,
  countOf,
  ELEMENT_BYTES,
  type ReceiveBuffer,
  toBufferView,
  toReceiveBuffer,
} from '../datatype/index.ts';
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import type { BufferView } from '../transport/index.ts';
import { type Call, describe } from './call.ts';

/** The root, default 0. Throws PAR_RANK unless it is a rank of the group. */
export function rootOf(call: Call, options: { root?: number | undefined } | undefined): number {
  const root = options?.root ?? 0;
  if (Number.isInteger(root) && root >= 0 && root < call.size) return root;
  throw new ArgumentRangeError(
    'PAR_RANK',
    `${describe(call)}: root is ${String(root)}, but must be a rank from 0 to ${call.size - 1}`,
  );
}

/** Throws PAR_COUNT unless `values` is a list of one value for each of `size` ranks. */
export function checkValues(call: Call, values: readonly unknown[] | undefined, size: number): readonly unknown[] {
  if (Array.isArray(values) && values.length === size) return values;
  const got = Array.isArray(values) ? `a list of ${values.length}` : String(values);
  throw new ArgumentTypeError(
    'PAR_COUNT',
    `${describe(call)}: expected a list of ${size} values, one for each rank, got ${got}`,
  );
}

/** Element counts and displacements, one of each per rank. */
export interface Layout {
  readonly counts: readonly number[];
  readonly displs: readonly number[];
}

/**
 * Blocks of a buffer of `total` elements for `size` ranks. Default counts divide it equally; default displacements follow
 * each other. Throws PAR_COUNT for lists of another length, negative numbers, an indivisible buffer, or blocks outside it.
 */
export function layoutOf(
  call: Call,
  total: number,
  size: number,
  counts: number | readonly number[] | undefined,
  displs: number | readonly number[] | undefined,
  what = 'counts',
): Layout {
  const each = counts === undefined ? equalCounts(call, total, size, what) : perRank(call, counts, size, what);
  const starts = displs === undefined ? running(each) : perRank(call, displs, size, 'displs', true);
  for (let rank = 0; rank < size; rank++) {
    const end = starts[rank]! + each[rank]!;
    if (each[rank] !== 0 && end > total) {
      throw new ArgumentRangeError(
        'PAR_COUNT',
        `${describe(call)}: the block of rank ${rank} is elements ${starts[rank]} to ${end}, but the buffer has ${total}`,
      );
    }
  }
  return { counts: each, displs: starts };
}

/** Counts that divide `total` elements equally; throws PAR_COUNT where none do. */
export function equalCounts(call: Call, total: number, size: number, what: string): number[] {
  if (size === 0 || total % size === 0) return new Array<number>(size).fill(size === 0 ? 0 : total / size);
  throw new ArgumentRangeError(
    'PAR_COUNT',
    `${describe(call)}: a buffer of ${total} elements cannot be shared equally by ${size} ranks; pass ${what}`,
  );
}

function perRank(
  call: Call,
  given: number | readonly number[],
  size: number,
  what: string,
  stride = false,
): readonly number[] {
  const list = typeof given === 'number' ? Array.from({ length: size }, (_, i) => (stride ? i * given : given)) : given;
  if (Array.isArray(list) && list.length === size && list.every((n) => Number.isSafeInteger(n) && n >= 0)) return list;
  throw new ArgumentRangeError(
    'PAR_COUNT',
    `${describe(call)}: ${what} must be ${size} integers ≥ 0, one for each rank, got ${JSON.stringify(given)}`,
  );
}

function running(counts: readonly number[]): number[] {
  let next = 0;
  return counts.map((count) => {
    const start = next;
    next += count;
    return start;
  });
}

/** Throws PAR_COUNT unless the counts cover the buffer. */
export function checkCounts(call: Call, view: BufferView, { counts }: Layout): void {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === countOf(view)) return;
  throw new ArgumentRangeError(
    'PAR_COUNT',
    `${describe(call)}: the counts add up to ${total} elements, but the input has ${countOf(view)}`,
  );
}

/** The memory of each block of a buffer. */
export function blocksOf(view: BufferView, { counts, displs }: Layout): Uint8Array[] {
  const width = ELEMENT_BYTES[view.type];
  return counts.map((count, rank) => view.bytes.subarray(displs[rank]! * width, (displs[rank]! + count) * width));
}

/** Whether the input already lies in the receive buffer: IN_PLACE, or the same buffer passed twice. */
export function isInPlace(send: BufferLike | InPlace | undefined, recv: BufferLike | InPlace | undefined): boolean {
  return send === IN_PLACE || recv === IN_PLACE || (send !== undefined && send === recv);
}

/** A buffer to read. Throws PAR_BUFFER where it may not be left out. */
export function sendOf(call: Call, buffer: BufferLike | InPlace | undefined): BufferView {
  return arrayView(buffer) ?? toBufferView(given(call, buffer, 'send'), `${describe(call)}, send buffer`);
}

/** A buffer to receive into. Throws PAR_BUFFER where it may not be left out. */
export function recvOf(call: Call, buffer: BufferLike | InPlace | undefined): ReceiveBuffer {
  const view = arrayView(buffer);
  if (view !== undefined) return { view, deliver: alreadyThere };
  return toReceiveBuffer(given(call, buffer, 'receive'), `${describe(call)}, receive buffer`);
}

function given(call: Call, buffer: BufferLike | InPlace | undefined, what: string): BufferLike {
  if (typeof buffer !== 'symbol' && buffer !== undefined) return buffer;
  const got = buffer === undefined ? 'undefined' : 'IN_PLACE';
  throw new ArgumentTypeError(
    'PAR_BUFFER',
    `${describe(call)}: the ${what} buffer is ${got}; this rank must pass memory`,
  );
}

/** Throws PAR_BUFFER unless both have the same element type; raw bytes go with every type. */
export function checkTypes(call: Call, send: BufferView, recv: BufferView): void {
  if (send.type === recv.type || send.type === 'bytes' || recv.type === 'bytes') return;
  throw new ArgumentTypeError(
    'PAR_BUFFER',
    `${describe(call)}: sends ${send.type} from one buffer and receives ${recv.type} into the other; use one element type`,
  );
}

/** Throws PAR_COUNT unless the send buffer holds exactly `bytes`. */
export function checkSendBytes(call: Call, send: BufferView, bytes: number): void {
  if (byteLengthOf(send) === bytes) return;
  throw new ArgumentRangeError(
    'PAR_COUNT',
    `${describe(call)}: the send buffer has ${send.bytes.length} bytes, but the counts say ${bytes}`,
  );
}

/** Throws PAR_BUFFER unless the receive buffer has room for `bytes`. */
export function checkRoom(call: Call, recv: BufferView, bytes: number): void {
  if (byteLengthOf(recv) >= bytes) return;
  throw new ArgumentRangeError(
    'PAR_BUFFER',
    `${describe(call)}: the receive buffer has room for ${recv.bytes.length} bytes, but ${bytes} are due`,
  );
}

/** What a reduction reads and where its result goes, of equal length; in place both are the same view. */
export interface Operands {
  readonly input: BufferView;
  readonly home: BufferView;
  readonly inPlace: boolean;
}

/** Throws PAR_BUFFER for element types that differ or a receive buffer that is too short; a longer one keeps its tail. */
export function operandsOf(
  call: Call,
  send: BufferLike | InPlace,
  recv: BufferLike | undefined,
  into: BufferView,
): Operands {
  if (isInPlace(send, recv)) return { input: into, home: into, inPlace: true };
  const input = sendOf(call, send);
  if (input.type !== into.type) {
    throw new ArgumentTypeError(
      'PAR_BUFFER',
      `${describe(call)}: the send buffer has ${input.type} elements, the receive buffer ${into.type}; use one element type`,
    );
  }
  const bytes = byteLengthOf(input);
  checkRoom(call, into, bytes);
  const home =
    byteLengthOf(into) === bytes ? into : { bytes: into.bytes.subarray(0, input.bytes.length), type: into.type };
  return { input, home, inPlace: false };
}

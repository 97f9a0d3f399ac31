import { HEADER_BYTES } from '../transport/frames.ts';

/*
 * Frame header, little endian:
 *   0 u8  kind          1 u8 flags          2 u16 element type (buffer) or number of segments (eager value); REFUSE: reason
 *   4 u32 plane         8 i32 tag          12 u32 message id, unique among the sender's unfinished ones to this rank
 *  16 f64 payload length
 *  24 f64 RTS: total length; DATA: offset; CREDIT: bytes; REFUSE: rank
 */

/** A whole message: the payload, preceded for values of several segments by their lengths (u32 each). */
export const EAGER = 1;
/** A message that waits at the sender. Payload of values: the segments' lengths (f64 each). */
export const RTS = 2;
/** Answer to RTS and synchronous EAGER: it was matched; send the data, or (RELEASED) nothing more is needed. */
export const CTS = 3;
/** Part of a rendezvous message; never reaches across a segment's end. */
export const DATA = 4;
/** Eager messages (id) and bytes (byte 24) that were received and may be sent again. */
export const CREDIT = 5;
/** The sender takes an unanswered RTS or synchronous EAGER back. Answered by REFUSE, or by the CTS under way. */
export const CANCEL = 6;
/** Answer to RTS, synchronous EAGER and CANCEL: the message will not be received. */
export const REFUSE = 7;

/** The payload is a value (segments), not a buffer. */
export const VALUE = 1;
/** The send settles when the message was matched. */
export const SYNCHRONOUS = 2;
/** On CTS: the sender is done. */
export const RELEASED = 4;

/** Why a message was refused (REFUSE, u16 at byte 2). */
export const REFUSED_CANCELLED = 0;
export const REFUSED_FREED = 1;
export const REFUSED_LOST = 2;
export const REFUSED_FINISHED = 3;

/** The one header being written; links copy it during `send`. */
export class HeaderWriter {
  private readonly bytes = new Uint8Array(HEADER_BYTES);
  private readonly view = new DataView(this.bytes.buffer);

  write(
    kind: number,
    flags: number,
    detail: number,
    plane: number,
    tag: number,
    id: number,
    length: number,
    extra: number,
  ): Uint8Array {
    const view = this.view;
    view.setUint16(0, kind | (flags << 8), true);
    view.setUint16(2, detail, true);
    view.setUint32(4, plane, true);
    view.setInt32(8, tag, true);
    view.setUint32(12, id, true);
    view.setFloat64(16, length, true);
    view.setFloat64(24, extra, true);
    return this.bytes;
  }
}

// Byte by byte: a DataView per arriving header would cost more than the reads.
export function readU16(header: Uint8Array, at: number): number {
  return header[at]! | (header[at + 1]! << 8);
}

export function readI32(header: Uint8Array, at: number): number {
  return header[at]! | (header[at + 1]! << 8) | (header[at + 2]! << 16) | (header[at + 3]! << 24);
}

export function readU32(header: Uint8Array, at: number): number {
  return readI32(header, at) >>> 0;
}

const floatBytes = new Uint8Array(8);
const floatView = new DataView(floatBytes.buffer);

export function readF64(header: Uint8Array, at: number): number {
  for (let i = 0; i < 8; i++) floatBytes[i] = header[at + i]!;
  return floatView.getFloat64(0, true);
}

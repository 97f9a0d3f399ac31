import { ParError } from '@par/comm-core';
import { SMALL } from '../native.ts';

/*
 * The first message of a value:
 *   u32 segments, u32 flags and continuation, f64 length of each segment, payload.
 * Everything that fits is in it. Otherwise the rest follows in messages of their own, one per segment, with the
 * continuation as their tag on the plane all contexts share; so a receiver knows every size before it makes room.
 */
const FIXED = 8;
const LENGTH = 8;
/** The first segment (the codec's head) does not fit and follows too. */
const HEAD_FOLLOWS = 0x8000_0000;
/** Not even the lengths fit: they follow before everything else. */
const LENGTHS_FOLLOW = 0x4000_0000;
/** Continuations count from 1 to this and round again; within TAG_MAX. */
export const LAST_CONTINUATION = 2 ** 26;

/** What a first message says; `inline` are the segments that came with it, `lengths` undefined when they follow. */
export interface FirstMessage {
  readonly count: number;
  /** Tag of the messages that follow; 0: nothing does. */
  readonly continuation: number;
  readonly lengths: readonly number[] | undefined;
  readonly inline: readonly Uint8Array[];
}

/** How many bytes of first message the segments need, and how many segments it can hold. */
export interface Layout {
  readonly bytes: number;
  readonly inline: number;
  readonly lengthsFollow: boolean;
}

export function layoutOf(segments: readonly Uint8Array[]): Layout {
  const table = FIXED + LENGTH * segments.length;
  if (table > SMALL) return { bytes: FIXED, inline: 0, lengthsFollow: true };
  let all = table;
  for (const segment of segments) all += segment.length;
  if (all <= SMALL) return { bytes: all, inline: segments.length, lengthsFollow: false };
  const head = table + (segments[0]?.length ?? 0);
  return head <= SMALL
    ? { bytes: head, inline: 1, lengthsFollow: false }
    : { bytes: table, inline: 0, lengthsFollow: false };
}

export function writeFirst(
  into: Uint8Array<ArrayBuffer>,
  segments: readonly Uint8Array[],
  { inline, lengthsFollow }: Layout,
  continuation: number,
): void {
  const words = new Uint32Array(into.buffer, into.byteOffset, 2);
  words[0] = segments.length;
  words[1] = continuation + (inline === 0 ? HEAD_FOLLOWS : 0) + (lengthsFollow ? LENGTHS_FOLLOW : 0);
  if (lengthsFollow) return;
  const lengths = new Float64Array(into.buffer, into.byteOffset + FIXED, segments.length);
  let at = FIXED + LENGTH * segments.length;
  for (let i = 0; i < segments.length; i++) {
    const segment = segments[i]!;
    lengths[i] = segment.length;
    if (i >= inline) continue;
    into.set(segment, at);
    at += segment.length;
  }
}

/** Memory first messages are received into, seen as bytes, words and lengths. */
export interface Slab {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Uint32Array<ArrayBuffer>;
  readonly lengths: Float64Array<ArrayBuffer>;
}

export function slabOf(size: number): Slab {
  const memory = new ArrayBuffer(size);
  return { bytes: new Uint8Array(memory), words: new Uint32Array(memory), lengths: new Float64Array(memory) };
}

/** Reads the first message at `offset` of a slab, a multiple of SMALL; the segments are copies. */
export function readFirst(slab: Slab, offset: number, bytes: number): FirstMessage {
  const count = slab.words[offset >> 2]!;
  const flags = slab.words[(offset >> 2) + 1]!;
  const continuation = flags & (LAST_CONTINUATION * 2 - 1);
  if (flags & LENGTHS_FOLLOW) return { count, continuation, lengths: undefined, inline: [] };
  const inlined = continuation === 0 ? count : flags & HEAD_FOLLOWS ? 0 : 1;
  const lengths: number[] = [];
  const inline: Uint8Array[] = [];
  let at = offset + FIXED + LENGTH * count;
  for (let i = 0; i < count; i++) {
    const length = slab.lengths[((offset + FIXED) >> 3) + i]!;
    lengths.push(length);
    if (i >= inlined) continue;
    inline.push(slab.bytes.slice(at, at + length));
    at += length;
  }
  if (at - offset !== bytes) {
    throw new ParError('PAR_PROTOCOL', `a value message of ${bytes} bytes says it has ${at - offset}`);
  }
  return { count, continuation, lengths, inline };
}

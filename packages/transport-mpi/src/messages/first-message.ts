import { ParError } from '@par/comm-core';
import { SMALL } from '../native.ts';

/*
 * The first message of a value:
 *   u32 segments, u32 number and flags, f64 length of each segment, payload.
 * Everything that fits is in it. Otherwise the rest follows in messages of their own, one per segment, with the
 * number as their tag on the plane all contexts share; so a receiver knows every size before it makes room.
 */
const FIXED = 8;
const LENGTH = 8;
/** The first segment (the codec's head) does not fit and follows too. */
const HEAD_FOLLOWS = 0x8000_0000;
/** Not even the lengths fit: they follow before everything else. */
const LENGTHS_FOLLOW = 0x4000_0000;
/** The sender waits to hear that the value is being received. */
const ACKNOWLEDGE = 0x2000_0000;
/** Something follows. */
const FOLLOWS = 0x1000_0000;
/** Numbers count from 1 to this and round again: tags of what follows, and above them those of acknowledgements. */
export const LAST_NUMBER = 2 ** 26 - 1;

/** What a first message says; `inline` are the segments that came with it, `lengths` undefined when they follow. */
export interface FirstMessage {
  readonly count: number;
  /** Names this value among those of its sender; 0: nobody needs a name. */
  readonly number: number;
  readonly follows: boolean;
  readonly acknowledge: boolean;
  readonly lengths: readonly number[] | undefined;
  readonly inline: readonly Uint8Array[];
}

/** How many bytes of first message the segments need, and how many segments it can hold. */
export interface Layout {
  readonly follows: boolean;
  readonly bytes: number;
  readonly inline: number;
  readonly lengthsFollow: boolean;
}

export function layoutOf(segments: readonly Uint8Array[]): Layout {
  const table = FIXED + LENGTH * segments.length;
  if (table > SMALL) return { follows: true, bytes: FIXED, inline: 0, lengthsFollow: true };
  let all = table;
  for (const segment of segments) all += segment.length;
  if (all <= SMALL) return { follows: false, bytes: all, inline: segments.length, lengthsFollow: false };
  const head = table + (segments[0]?.length ?? 0);
  return head <= SMALL
    ? { follows: true, bytes: head, inline: 1, lengthsFollow: false }
    : { follows: true, bytes: table, inline: 0, lengthsFollow: false };
}

export function writeFirst(
  into: Uint8Array<ArrayBuffer>,
  segments: readonly Uint8Array[],
  { inline, follows, lengthsFollow }: Layout,
  number: number,
  acknowledge: boolean,
): void {
  const words = new Uint32Array(into.buffer, into.byteOffset, 2);
  words[0] = segments.length;
  words[1] =
    number +
    (follows ? FOLLOWS : 0) +
    (follows && inline === 0 ? HEAD_FOLLOWS : 0) +
    (lengthsFollow ? LENGTHS_FOLLOW : 0) +
    (acknowledge ? ACKNOWLEDGE : 0);
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

/** The only segment of a value that nothing else is said of, a copy; undefined for any other first message. */
export function readOnly(slab: Slab, offset: number, bytes: number): Uint8Array | undefined {
  const at = offset >> 2;
  if (slab.words[at] !== 1 || slab.words[at + 1] !== 0) return undefined;
  const start = offset + FIXED + LENGTH;
  return slab.lengths[(offset + FIXED) >> 3] === offset + bytes - start
    ? slab.bytes.slice(start, offset + bytes)
    : undefined;
}

/** Reads the first message at `offset` of a slab, a multiple of SMALL; the segments are copies. */
export function readFirst(slab: Slab, offset: number, bytes: number): FirstMessage {
  const count = slab.words[offset >> 2]!;
  const flags = slab.words[(offset >> 2) + 1]!;
  const number = flags & LAST_NUMBER;
  const acknowledge = (flags & ACKNOWLEDGE) !== 0;
  const follows = (flags & FOLLOWS) !== 0;
  if (flags & LENGTHS_FOLLOW) return { count, number, follows, acknowledge, lengths: undefined, inline: [] };
  const inlined = !follows ? count : flags & HEAD_FOLLOWS ? 0 : 1;
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
  return { count, number, follows, acknowledge, lengths, inline };
}

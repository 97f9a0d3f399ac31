import { MismatchError } from '../errors.ts';
import { type Blocks, type Parcel, wordsOf } from './blocks.ts';
import { type Call, describe } from './call.ts';

/** Stands in a packet for a block that its owner sends to its destination by itself, because it is large. */
export const DIRECT: unique symbol = Symbol('direct');
export type Slot = Parcel | typeof DIRECT;

const DIRECT_COUNT = 0xffff_ffff;

/** The block as it goes into packets: only the block's owner decides, by its size, and the packet says so to the others. */
export function slotOf(blocks: Blocks, block: number, limitBytes: number): Slot {
  const parcel = blocks.parcel(block);
  const bytes = parcel.reduce((sum, segment) => sum + segment.byteLength, 0);
  return bytes > limitBytes ? DIRECT : parcel;
}

/** Sends slots of several owners in one message: a header of 32-bit words (kind, segments of each slot), then the segments. */
export function sendPacket(call: Call, kind: number, slots: readonly Slot[], dest: number): Promise<void> {
  const header = new Uint32Array(1 + slots.length);
  header[0] = kind;
  const segments: Uint8Array[] = [new Uint8Array(header.buffer)];
  slots.forEach((slot, index) => {
    header[index + 1] = slot === DIRECT ? DIRECT_COUNT : slot.length;
    if (slot !== DIRECT) segments.push(...slot);
  });
  return call.space.sendValue(segments, dest, call.tag, false, call.signal);
}

/** Receives `count` slots. Rejects with PAR_MISMATCH when the sender's collective is another one. */
export async function recvPacket(call: Call, kind: number, count: number, source: number): Promise<Slot[]> {
  const { segments } = await call.space.recvValue(source, call.tag, call.signal);
  const [theirs, ...lengths] = wordsOf(segments[0]);
  if (theirs === undefined || lengths.length !== count || !compatible(theirs, kind)) {
    throw new MismatchError(
      `${describe(call)}: rank ${source} sent other data than this rank expects; all ranks must call the same collective, with values or with buffers of one element type`,
    );
  }
  let next = 1;
  return lengths.map((length) => {
    if (length === DIRECT_COUNT) return DIRECT;
    next += length;
    return segments.slice(next - length, next);
  });
}

/** Kind 0 is values, 1 raw bytes, which go with every element type. */
function compatible(a: number, b: number): boolean {
  return a === b || (a > 0 && b > 0 && (a === 1 || b === 1));
}

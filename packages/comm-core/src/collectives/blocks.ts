import { MismatchError, TruncationError } from '../errors.ts';
import { type BufferView, ELEMENT_TYPES } from '../transport/index.ts';
import { type Call, describe } from './call.ts';

/** A block as it travels together with others: the segments of an encoded value, or the bytes of a buffer block. */
export type Parcel = readonly Uint8Array[];

/**
 * What a data movement moves: numbered blocks. Algorithms say which blocks go in one message to which rank and never see
 * what is in them. Messages between two ranks are received in the order they were sent.
 */
export interface Blocks {
  /** 0 for values, 1 + the element type's code for buffers: travels in packets, where the transport cannot check it. */
  readonly kind: number;
  /** Sends these blocks, in this order, as one message. The blocks may not change until it settles. */
  send(blocks: readonly number[], dest: number): Promise<void>;
  /** Receives one message into these blocks. */
  recv(blocks: readonly number[], source: number): Promise<void>;
  /** The block as it travels in a packet. */
  parcel(block: number): Parcel;
  /** Puts a block that came in a packet in its place. */
  accept(block: number, parcel: Parcel): void;
}

/** Encoded values: received segments are passed on as they came, never encoded again. */
export class ValueBlocks implements Blocks {
  readonly kind = 0;
  parcels: Parcel[];
  readonly #call: Call;

  constructor(call: Call, count: number) {
    this.#call = call;
    this.parcels = new Array(count);
  }

  send(blocks: readonly number[], dest: number): Promise<void> {
    const { space, tag, signal } = this.#call;
    return space.sendValue(pack(blocks.map((block) => this.parcels[block]!)), dest, tag, false, signal);
  }

  recv(blocks: readonly number[], source: number): Promise<void> {
    const { space, tag, signal } = this.#call;
    return space.recvValue(source, tag, signal).then(({ segments }) => {
      const parcels = unpack(segments, blocks.length, this.#call, source);
      blocks.forEach((block, index) => {
        this.parcels[block] = parcels[index]!;
      });
    });
  }

  parcel(block: number): Parcel {
    return this.parcels[block]!;
  }

  accept(block: number, parcel: Parcel): void {
    this.parcels[block] = parcel;
  }
}

/** One parcel is its segments; several of one segment each are those; otherwise the segment counts come first. */
function pack(parcels: readonly Parcel[]): Parcel {
  if (parcels.length === 1) return parcels[0]!;
  if (parcels.every((parcel) => parcel.length === 1)) return parcels.flat();
  const counts = Uint32Array.from(parcels, (parcel) => parcel.length);
  return [new Uint8Array(counts.buffer), ...parcels.flat()];
}

function unpack(segments: Parcel, count: number, call: Call, source: number): Parcel[] {
  if (count === 1) return [segments];
  if (segments.length === count) return segments.map((segment) => [segment]);
  let next = 1;
  const parcels = Array.from(wordsOf(segments[0]), (length) => {
    next += length;
    return segments.slice(next - length, next);
  });
  if (parcels.length !== count || next !== segments.length) {
    throw new MismatchError(
      `${describe(call)}: rank ${source} sent ${parcels.length} values where ${count} were due; do all ranks call the same collective?`,
    );
  }
  return parcels;
}

/** The 32-bit words of a header; copied, because received memory need not be aligned. */
export function wordsOf(header: Uint8Array | undefined): Uint32Array {
  const words = new Uint32Array((header?.length ?? 0) >> 2);
  if (header !== undefined) new Uint8Array(words.buffer).set(header.subarray(0, words.byteLength));
  return words;
}

/** Blocks in callers' memory. Adjacent blocks travel uncopied, others through a staging copy. */
export class BufferBlocks implements Blocks {
  readonly kind: number;
  readonly memory: Uint8Array[];
  /** Bytes of the message received last. */
  received = 0;
  readonly #type: BufferView['type'];
  readonly #call: Call;
  readonly #exact: boolean;

  /** `exact` false: a message may be shorter than the block it is for (scatter's receivers). */
  constructor(call: Call, type: BufferView['type'], memory: Uint8Array[], exact = true) {
    this.#call = call;
    this.#type = type;
    this.kind = 1 + ELEMENT_TYPES.indexOf(type);
    this.memory = memory;
    this.#exact = exact;
  }

  send(blocks: readonly number[], dest: number): Promise<void> {
    const { space, tag, signal } = this.#call;
    const bytes = this.#span(blocks) ?? this.#copy(blocks);
    return space.sendBuffer({ bytes, type: this.#type }, dest, tag, false, signal);
  }

  recv(blocks: readonly number[], source: number): Promise<void> {
    const { space, tag, signal } = this.#call;
    const span = this.#span(blocks);
    const into = span ?? new Uint8Array(this.#length(blocks));
    return space.recvBuffer({ bytes: into, type: this.#type }, source, tag, signal).then((envelope) => {
      this.#check(envelope.bytes, into.byteLength, source);
      if (span === undefined) this.#spread(into, blocks);
    });
  }

  parcel(block: number): Parcel {
    return [this.memory[block]!];
  }

  accept(block: number, parcel: Parcel): void {
    const bytes = parcel[0]!;
    const memory = this.memory[block]!;
    if (bytes.byteLength > memory.byteLength) {
      throw new TruncationError(bytes.byteLength, memory.byteLength, `${describe(this.#call)}, block ${block}`);
    }
    this.#check(bytes.byteLength, memory.byteLength, block);
    memory.set(bytes);
  }

  #check(bytes: number, expected: number, source: number): void {
    this.received = bytes;
    if (bytes === expected || !this.#exact) return;
    throw new MismatchError(
      `${describe(this.#call)}: ${bytes} bytes came from rank ${source} where the counts here say ${expected}; pass the same counts on all ranks`,
    );
  }

  #length(blocks: readonly number[]): number {
    return blocks.reduce((length, block) => length + this.memory[block]!.byteLength, 0);
  }

  /** The one piece of memory these blocks make up, in order, or undefined. */
  #span(blocks: readonly number[]): Uint8Array | undefined {
    const first = this.memory[blocks[0]!]!;
    if (blocks.length === 1) return first;
    let end = first.byteOffset;
    for (const block of blocks) {
      const memory = this.memory[block]!;
      if (memory.buffer !== first.buffer || memory.byteOffset !== end) return undefined;
      end += memory.byteLength;
    }
    return new Uint8Array(first.buffer, first.byteOffset, end - first.byteOffset);
  }

  #copy(blocks: readonly number[]): Uint8Array {
    const copy = new Uint8Array(this.#length(blocks));
    let offset = 0;
    for (const block of blocks) {
      copy.set(this.memory[block]!, offset);
      offset += this.memory[block]!.byteLength;
    }
    return copy;
  }

  #spread(bytes: Uint8Array, blocks: readonly number[]): void {
    let offset = 0;
    for (const block of blocks) {
      const memory = this.memory[block]!;
      memory.set(bytes.subarray(offset, offset + memory.byteLength));
      offset += memory.byteLength;
    }
  }
}

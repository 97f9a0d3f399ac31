import * as types from 'node:util/types';
import { Float16 } from '../datatype/buffer.ts';
import { malformed } from './tags.ts';

/**
 * Arrays of fewer bytes travel inside the head. Up to here that costs the same as a segment of their own and keeps the
 * message in one piece; beyond, the additional copy shows (benchmarks/codec/thresholds.ts).
 */
export const OUT_OF_BAND_BYTES = 2048;
/** Further arrays of a message stay in the head, so that the list of segments stays short. */
export const MAX_SEGMENTS = 256;

type ViewClass = new (buffer: ArrayBuffer) => object;

interface MemoryClass {
  readonly name: string;
  readonly elementBytes: number;
  /** Undefined: this Node does not have the class. */
  readonly make: ((memory: ArrayBuffer) => object) | undefined;
}

function viewClass(name: string, elementBytes: number, View: ViewClass | undefined): MemoryClass {
  return { name, elementBytes, make: View && ((memory) => new View(memory)) };
}

/** The position is the class's code on the wire. */
const CLASSES: readonly MemoryClass[] = [
  viewClass('Int8Array', 1, Int8Array),
  viewClass('Uint8Array', 1, Uint8Array),
  viewClass('Uint8ClampedArray', 1, Uint8ClampedArray),
  viewClass('Int16Array', 2, Int16Array),
  viewClass('Uint16Array', 2, Uint16Array),
  viewClass('Int32Array', 4, Int32Array),
  viewClass('Uint32Array', 4, Uint32Array),
  viewClass('BigInt64Array', 8, BigInt64Array),
  viewClass('BigUint64Array', 8, BigUint64Array),
  viewClass('Float16Array', 2, Float16),
  viewClass('Float32Array', 4, Float32Array),
  viewClass('Float64Array', 8, Float64Array),
  viewClass('DataView', 1, DataView),
  { name: 'Buffer', elementBytes: 1, make: (memory) => Buffer.from(memory) },
  { name: 'ArrayBuffer', elementBytes: 1, make: (memory) => memory },
  { name: 'SharedArrayBuffer', elementBytes: 1, make: shared },
];

const CODE_BY_NAME = new Map(CLASSES.map(({ name }, code) => [name, code]));
const UINT16_ARRAY = CODE_BY_NAME.get('Uint16Array')!;
const BUFFER = CODE_BY_NAME.get('Buffer')!;

function shared(memory: ArrayBuffer): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(memory.byteLength);
  new Uint8Array(copy).set(new Uint8Array(memory));
  return copy;
}

/** Code of the class of an array, view or buffer; undefined for anything else. Subclasses count as the class they extend. */
export function memoryClassOf(value: object): number | undefined {
  if (ArrayBuffer.isView(value)) {
    if (Buffer.isBuffer(value)) return BUFFER;
    return CODE_BY_NAME.get((value as unknown as { [Symbol.toStringTag]: string })[Symbol.toStringTag]);
  }
  if (types.isArrayBuffer(value)) return CODE_BY_NAME.get('ArrayBuffer');
  return types.isSharedArrayBuffer(value) ? CODE_BY_NAME.get('SharedArrayBuffer') : undefined;
}

/** The memory, uncopied. */
export function bytesOf(value: object): Uint8Array {
  return ArrayBuffer.isView(value)
    ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    : new Uint8Array(value as ArrayBufferLike);
}

/** Where an array's memory lies: offset and length in the head's tail, or the number of its segment. */
export type Place = [offset: number, bytes: number] | number;

/** Collects the memory of a message's arrays: small ones for the tail of the head, large ones as segments of their own. */
export class MemoryWriter {
  readonly segments: Uint8Array[] = [];
  readonly inline: Uint8Array[] = [];
  inlineBytes = 0;
  readonly #outOfBandBytes: number;

  constructor(outOfBandBytes: number) {
    this.#outOfBandBytes = outOfBandBytes;
  }

  place(memory: Uint8Array): Place {
    if (memory.length >= this.#outOfBandBytes && this.segments.length < MAX_SEGMENTS) return this.segments.push(memory);
    const offset = this.inlineBytes;
    this.inline.push(memory);
    this.inlineBytes += memory.length;
    return [offset, memory.length];
  }

  placeString(text: string): Place {
    return this.place(Buffer.from(text, 'utf16le'));
  }
}

/** Hands out the memory of a received message's arrays, each once. */
export class MemoryReader {
  readonly #segments: readonly Uint8Array[];
  readonly #inline: Uint8Array;
  readonly #taken: boolean[];

  /** `segments` as received (the head first); `inline`: the tail of the head. */
  constructor(segments: readonly Uint8Array[], inline: Uint8Array) {
    this.#segments = segments;
    this.#inline = inline;
    this.#taken = segments.map((_, i) => i === 0);
  }

  array(code: unknown, place: unknown): object {
    return arrayOver(code, this.#take(place));
  }

  string(place: unknown): string {
    const units = arrayOver(UINT16_ARRAY, this.#take(place)) as Uint16Array;
    return Buffer.from(units.buffer).toString('utf16le');
  }

  /** Throws PAR_PROTOCOL unless every segment was asked for. */
  finish(): void {
    if (this.#taken.includes(false)) throw malformed('it has more segments than arrays');
  }

  #take(place: unknown): Uint8Array {
    if (typeof place === 'number') {
      if (this.#taken[place] !== false) throw malformed('an array names a segment that is not there');
      this.#taken[place] = true;
      return this.#segments[place]!;
    }
    const [offset, length] = Array.isArray(place) ? place : [];
    if (!isCount(offset) || !isCount(length) || offset + length > this.#inline.length) {
      throw malformed('an array lies outside the message');
    }
    // Never owned: arrayOver must copy even when this array is all there is.
    return this.#inline.subarray(offset, offset + length);
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** An array of a class over received memory. Takes the memory over when it is a whole ArrayBuffer, otherwise copies it. */
export function arrayOver(code: unknown, bytes: Uint8Array): object {
  const kind = typeof code === 'number' ? CLASSES[code] : undefined;
  if (kind === undefined) throw malformed(`array class ${String(code)} is unknown`);
  if (kind.make === undefined) throw malformed(`this Node (${process.version}) has no ${kind.name}; use Node 24`);
  if (bytes.length % kind.elementBytes !== 0) {
    throw malformed(`${bytes.length} bytes are no whole number of ${kind.name} elements`);
  }
  return kind.make(ownedMemory(bytes));
}

function ownedMemory(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length && !buffer.resizable) return buffer;
  const copy = new Uint8Array(bytes.length);
  copy.set(bytes);
  return copy.buffer;
}

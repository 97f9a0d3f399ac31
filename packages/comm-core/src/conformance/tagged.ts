/** A value that says where it comes from, where it goes to, and which of several it is. */
export interface Tagged {
  source: number;
  dest: number;
  sequence: number;
}

export function tagged(source: number, dest: number, sequence = 0): Tagged {
  return { source, dest, sequence };
}

export type NumberArray =
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | Float32Array
  | Float64Array;
export type BigArray = BigInt64Array | BigUint64Array;
export type AnyArray = NumberArray | BigArray;

/** An element type a buffer may have. `limit`: numbers below it are exact in the type. */
export interface ElementKind {
  readonly name: string;
  readonly limit: number;
  readonly big: boolean;
  make(length: number): AnyArray;
}

function kind(make: (length: number) => AnyArray, limit: number): ElementKind {
  const example = make(0);
  return {
    name: example.constructor.name,
    limit,
    big: example instanceof BigInt64Array || example instanceof BigUint64Array,
    make,
  };
}

// Node 22 has no Float16Array, and neither do the types of ES2024.
type HalfConstructor = new (length: number) => Float32Array;
const half = (globalThis as unknown as { Float16Array?: HalfConstructor }).Float16Array;

/** Every element type of this Node. */
export const ELEMENT_KINDS: readonly ElementKind[] = [
  kind((n) => new Int8Array(n), 127),
  kind((n) => new Uint8Array(n), 251),
  kind((n) => new Uint8ClampedArray(n), 251),
  kind((n) => new Int16Array(n), 32_749),
  kind((n) => new Uint16Array(n), 65_521),
  kind((n) => new Int32Array(n), 16_777_213),
  kind((n) => new Uint32Array(n), 16_777_213),
  kind((n) => new BigInt64Array(n), 16_777_213),
  kind((n) => new BigUint64Array(n), 16_777_213),
  ...(half ? [kind((n) => new half(n), 2039)] : []),
  kind((n) => new Float32Array(n), 16_777_213),
  kind((n) => new Float64Array(n), 16_777_213),
];

/** A number for element `index` of message `sequence` from `source` to `dest`, all four mixed so that no two agree by habit. */
export function elementOf(source: number, dest: number, sequence: number, index: number): number {
  let hash = Math.imul(source + 1, 0x9e3779b1) ^ Math.imul(dest + 1, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15) ^ Math.imul(sequence + 1, 0xc2b2ae35), 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 13) ^ Math.imul(index + 1, 0x165667b1), 0x9e3779b1);
  return (hash ^ (hash >>> 16)) >>> 0;
}

export function element(type: ElementKind, source: number, dest: number, sequence: number, index: number): number {
  return elementOf(source, dest, sequence, index) % type.limit;
}

export function setElement(array: AnyArray, index: number, value: number): void {
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) array[index] = BigInt(value);
  else array[index] = value;
}

/** An array of tagged elements. */
export function taggedArray(type: ElementKind, length: number, source: number, dest: number, sequence = 0): AnyArray {
  const array = type.make(length);
  for (let i = 0; i < length; i++) setElement(array, i, element(type, source, dest, sequence, i));
  return array;
}

/** Bytes tagged cheaply, for messages of any length: each word is the one before it and a step that no two messages share. */
export function taggedBytes(length: number, source: number, dest: number, sequence = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >>> 2);
  const start = elementOf(source, dest, sequence, 0);
  const step = elementOf(source, dest, sequence, 1) | 1;
  for (let i = 0; i < words.length; i++) words[i] = start + Math.imul(step, i);
  for (let i = words.length * 4; i < length; i++) bytes[i] = elementOf(source, dest, sequence, i);
  return bytes;
}

/** Whether two arrays hold the same bytes, in time proportional to their length and no report. */
export function sameBytes(a: ArrayBufferView, b: ArrayBufferView): boolean {
  const view = (array: ArrayBufferView) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);
  return view(a).equals(view(b));
}

/** An array filled with one value: what a receive must leave where nothing belongs. */
export function filled(type: ElementKind, length: number, value: number): AnyArray {
  const array = type.make(length);
  for (let i = 0; i < length; i++) setElement(array, i, value);
  return array;
}

/** The integers from 0 to `size` − 1. */
export function ranksOf(size: number): number[] {
  return Array.from({ length: size }, (_, rank) => rank);
}

/** Whether what has this number is due: everything where ranks are few, otherwise every third. */
export function isDue(size: number, turn: number): boolean {
  return size <= 5 || turn % 3 === 0;
}

/** Every root where ranks are few; otherwise a third of them, another third for each `turn`. */
export function rootsOf(size: number, turn: number): number[] {
  return ranksOf(size).filter((root) => isDue(size, root + turn));
}

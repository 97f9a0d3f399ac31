import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/codec/index.ts';
import { MAX_SEGMENTS, OUT_OF_BAND_BYTES } from '../../src/codec/memory.ts';
import { isUtf8 } from '../../src/codec/scan.ts';
import { carried } from './carried.ts';

type ViewClass = new (length: number) => ArrayBufferView;
const Float16 = (globalThis as unknown as { Float16Array?: ViewClass }).Float16Array;
const CLASSES: ViewClass[] = [
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
  ...(Float16 ? [Float16] : []),
];

function filled(View: ViewClass, length: number): ArrayBufferView {
  const view = new View(length);
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  for (let i = 0; i < bytes.length; i++) bytes[i] = (i * 37) % 120;
  return view;
}

function bytesOf(view: ArrayBufferView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}

describe.each(CLASSES)('%o', (View) => {
  it.each([0, 1, 3, 255, 4097])('of %i elements arrives as the same class over exactly its memory', (length) => {
    const array = filled(View, length);
    for (const arrived of [carried(array), carried({ deep: [array] }).deep[0]!]) {
      expect(arrived.constructor).toBe(View);
      expect(bytesOf(arrived)).toEqual(bytesOf(array));
      expect(arrived.byteOffset).toBe(0);
      expect(arrived.buffer.byteLength).toBe(array.byteLength);
    }
  });
});

describe('views', () => {
  it('of part of a buffer arrive without the rest of it', () => {
    const part = Float64Array.from({ length: 1000 }, (_, i) => i).subarray(10, 510);
    for (const arrived of [carried(part), carried([part])[0]!]) {
      expect(arrived).toEqual(part);
      expect(arrived.buffer.byteLength).toBe(4000);
    }
  });

  it('over one buffer arrive separate, the same view twice as one', () => {
    const memory = new ArrayBuffer(16);
    const bytes = new Uint8Array(memory);
    const arrived = carried({ bytes, words: new Uint32Array(memory), again: bytes });
    expect(arrived.bytes.buffer).not.toBe(arrived.words.buffer);
    expect(arrived.again).toBe(arrived.bytes);
  });

  it.each([8, 5000])('DataView, ArrayBuffer, SharedArrayBuffer and Buffer of %i bytes stay what they are', (length) => {
    const memory = bytesOf(filled(Uint8Array, length)).buffer as ArrayBuffer;
    const shared = new SharedArrayBuffer(length);
    new Uint8Array(shared).set(new Uint8Array(memory));
    const value = { view: new DataView(memory, 2, 5), memory, shared, buffer: Buffer.from(memory, 1, 4) };
    for (const arrived of [
      carried(value),
      { view: carried(value.view), memory: carried(memory), shared: carried(shared), buffer: carried(value.buffer) },
    ]) {
      expect(arrived.view).toBeInstanceOf(DataView);
      expect(bytesOf(arrived.view)).toEqual(bytesOf(value.view));
      expect(arrived.memory).toBeInstanceOf(ArrayBuffer);
      expect(arrived.memory).toEqual(memory);
      expect(arrived.shared).toBeInstanceOf(SharedArrayBuffer);
      expect(arrived.shared).not.toBe(shared);
      expect(new Uint8Array(arrived.shared)).toEqual(new Uint8Array(memory));
      expect(Buffer.isBuffer(arrived.buffer)).toBe(true);
      expect(arrived.buffer).toEqual(value.buffer);
    }
  });

  it('over shared memory arrive over memory of their own', () => {
    const array = new Float64Array(new SharedArrayBuffer(8 * 1000)).fill(1.5);
    const arrived = carried([array])[0]!;
    expect(arrived).toEqual(new Float64Array(1000).fill(1.5));
    expect(arrived.buffer).toBeInstanceOf(ArrayBuffer);
  });
});

describe('memory of large arrays', () => {
  it('is a segment of its own, uncopied, from the threshold on', () => {
    const large = new Uint8Array(OUT_OF_BAND_BYTES);
    for (const value of [large, { large }]) {
      const segments = encode(value);
      expect(segments).toHaveLength(2);
      expect(segments[1]!.buffer).toBe(large.buffer);
    }
    expect(encode(large.subarray(1))).toHaveLength(1);
    expect(encode({ small: large.subarray(1) })).toHaveLength(1);
  });

  it('is not copied again when it arrives as a whole buffer, and is when it does not', () => {
    const [head, segment] = encode([new Float64Array(1000).fill(2)]) as [Uint8Array, Uint8Array];
    const whole = segment.slice();
    expect((decode([head, whole]) as [Float64Array])[0].buffer).toBe(whole.buffer);
    const frame = new Uint8Array(segment.length + 3);
    frame.set(segment, 3);
    const [arrived] = decode([head, frame.subarray(3)]) as [Float64Array];
    expect(arrived).toEqual(new Float64Array(1000).fill(2));
    expect(arrived.buffer).not.toBe(frame.buffer);
  });

  it('of more arrays than a message has segments goes into the head', () => {
    const arrays = Array.from({ length: MAX_SEGMENTS + 20 }, (_, i) => new Uint8Array(OUT_OF_BAND_BYTES).fill(i % 251));
    expect(encode(arrays)).toHaveLength(1 + MAX_SEGMENTS);
    expect(carried(arrays)).toEqual(arrays);
  });

  it('is never that of a received small array', () => {
    const head = encode(Uint8Array.of(1, 2, 3))[0]!.slice();
    const arrived = decode([head]) as Uint8Array;
    head.fill(0);
    expect(arrived).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('large messages', () => {
  it('have memory of their own, which later messages do not write into or keep', () => {
    const [large] = encode(['x'.repeat(2 ** 20), 1]);
    const [small] = encode(['y', 2]);
    expect(small!.buffer).not.toBe(large!.buffer);
    expect(small!.buffer.byteLength).toBeLessThan(2 ** 16);
    expect(decode([large!])).toEqual(['x'.repeat(2 ** 20), 1]);
  });

  it('carry strings whose UTF-8 is longer than the longest string by other means', () => {
    expect(isUtf8('\u0416'.repeat(2 ** 28))).toBe(false);
    expect(isUtf8('x'.repeat(2 ** 28))).toBe(true);
  });
});

import { describe, expect, it } from 'vitest';
import type { BufferLike } from '../../src/comm/communicator.ts';
import { countOf, elementsOf, toBufferView, toReceiveBuffer, vector } from '../../src/datatype/index.ts';
import { ELEMENT_TYPES } from '../../src/transport/element-type.ts';

describe('toBufferView', () => {
  it.each([
    [new Int8Array(3), 'int8', 3],
    [new Uint8Array(3), 'uint8', 3],
    [new Uint8ClampedArray(3), 'uint8', 3],
    [new Int16Array(3), 'int16', 6],
    [new Uint16Array(3), 'uint16', 6],
    [new Int32Array(3), 'int32', 12],
    [new Uint32Array(3), 'uint32', 12],
    [new BigInt64Array(3), 'int64', 24],
    [new BigUint64Array(3), 'uint64', 24],
    [new Float32Array(3), 'float32', 12],
    [new Float64Array(3), 'float64', 24],
    [Buffer.from('abc'), 'uint8', 3],
    [new DataView(new ArrayBuffer(8), 2, 3), 'bytes', 3],
    [new ArrayBuffer(5), 'bytes', 5],
    [new SharedArrayBuffer(5), 'bytes', 5],
  ] satisfies [BufferLike, string, number][])('%o has elements of type %s', (buffer, type, bytes) => {
    const view = toBufferView(buffer, 'sendBuffer');
    expect(view.type).toBe(type);
    expect(view.bytes.length).toBe(bytes);
  });

  it.runIf('Float16Array' in globalThis)('takes a Float16Array', () => {
    const Float16 = (globalThis as unknown as { Float16Array: new (length: number) => ArrayBufferView }).Float16Array;
    const view = toBufferView(new Float16(3), 'sendBuffer');
    expect(view.type).toBe('float16');
    expect(elementsOf(view).length).toBe(3);
  });

  it('is the caller’s memory, uncopied, with its offset', () => {
    const array = Float64Array.of(1, 2, 3, 4).subarray(1, 3);
    const view = toBufferView(array, 'sendBuffer');
    elementsOf(view)[0] = 9;
    expect(array[0]).toBe(9);
    expect(countOf(view)).toBe(2);
  });

  it.each([undefined, null, 7, 'text', [1, 2], { length: 3 }, () => 0])(
    'refuses %o, which is not a buffer',
    (value) => {
      expect(() => toBufferView(value as unknown as BufferLike, 'sendBuffer')).toThrow(
        expect.objectContaining({ name: 'ArgumentTypeError', code: 'PAR_BUFFER' }),
      );
    },
  );

  it.each([
    ['typed array', (memory: ArrayBuffer) => new Float64Array(memory)],
    ['empty typed array', (memory: ArrayBuffer) => new Float64Array(memory, 0, 0)],
    ['DataView', (memory: ArrayBuffer) => new DataView(memory)],
    ['ArrayBuffer', (memory: ArrayBuffer) => memory],
  ])('refuses a detached %s', (_, make) => {
    const memory = new ArrayBuffer(16);
    const buffer = make(memory);
    structuredClone(memory, { transfer: [memory] });
    expect(() => toBufferView(buffer, 'sendBuffer')).toThrow(/sendBuffer: the buffer is detached/);
  });

  it.each([
    ['typed array', (memory: ArrayBuffer) => new Float64Array(memory, 16, 2)],
    ['DataView', (memory: ArrayBuffer) => new DataView(memory, 16, 16)],
  ])('refuses a %s that a resize has left outside its buffer', (_, make) => {
    const memory = new ArrayBuffer(32, { maxByteLength: 64 });
    const buffer = make(memory);
    memory.resize(8);
    expect(() => toBufferView(buffer, 'sendBuffer')).toThrow(expect.objectContaining({ code: 'PAR_BUFFER' }));
  });

  it('follows a length-tracking array through a resize', () => {
    const memory = new ArrayBuffer(32, { maxByteLength: 64 });
    const array = new Float64Array(memory);
    memory.resize(48);
    expect(toBufferView(array, 'sendBuffer').bytes.length).toBe(48);
  });

  it('packs a datatype view', () => {
    const view = toBufferView(vector(Float64Array.of(1, 2, 3), { count: 2, stride: 2 }), 'sendBuffer');
    expect(elementsOf(view)).toEqual(Float64Array.of(1, 3));
  });
});

describe('toReceiveBuffer', () => {
  it('is the buffer itself when that is contiguous', () => {
    const array = new Int32Array(2);
    const receive = toReceiveBuffer(array, 'recvInto');
    elementsOf(receive.view)[1] = 7;
    receive.deliver();
    expect(array).toEqual(Int32Array.of(0, 7));
  });

  it('scatters what arrived through a datatype view and nothing more', () => {
    const array = Int32Array.of(1, 2, 3, 4, 5, 6);
    const receive = toReceiveBuffer(vector(array, { count: 3, stride: 2 }), 'recvInto');
    expect(elementsOf(receive.view)).toEqual(Int32Array.of(1, 3, 5));
    elementsOf(receive.view).fill(9 as never);
    receive.deliver(2);
    expect(array).toEqual(Int32Array.of(9, 2, 9, 4, 5, 6));
  });
});

describe('elementsOf', () => {
  it('gives back every element type', () => {
    const bytes = new Uint8Array(16);
    const supported = ELEMENT_TYPES.filter((type) => type !== 'float16' || 'Float16Array' in globalThis);
    for (const type of supported) {
      const elements = elementsOf({ bytes, type });
      expect(elements.byteLength).toBe(16);
      expect(elements.buffer).toBe(bytes.buffer);
    }
  });

  it('refuses memory that cannot hold such elements', () => {
    const bytes = new Uint8Array(17);
    expect(() => elementsOf({ bytes, type: 'float64' })).toThrow(expect.objectContaining({ code: 'PAR_BUFFER' }));
    expect(() => elementsOf({ bytes: bytes.subarray(1), type: 'int16' })).toThrow(
      expect.objectContaining({ code: 'PAR_BUFFER' }),
    );
  });
});

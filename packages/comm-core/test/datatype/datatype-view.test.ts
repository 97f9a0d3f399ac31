import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DatatypeView, indexed, subarray, toReceiveBuffer, vector } from '../../src/datatype/index.ts';

const matrix = (rows: number, columns: number) => Float64Array.from({ length: rows * columns }, (_, i) => i);

describe('vector', () => {
  it('picks a column of a row-major matrix', () => {
    const column = vector(matrix(3, 4), { count: 3, stride: 4, offset: 1 });
    expect(column.length).toBe(3);
    expect(column.pack()).toEqual(Float64Array.of(1, 5, 9));
  });

  it('unpacks into its places and leaves the gaps untouched', () => {
    const array = new Int32Array(10).fill(-1);
    vector(array, { count: 3, blockLength: 2, stride: 4 }).unpack(Int32Array.of(1, 2, 3, 4, 5, 6));
    expect(array).toEqual(Int32Array.of(1, 2, -1, -1, 3, 4, -1, -1, 5, 6));
  });

  it('unpacks a shorter message into its first places only', () => {
    const array = new Int32Array(10).fill(-1);
    vector(array, { count: 3, blockLength: 2, stride: 4 }).unpack(Int32Array.of(1, 2, 3, 0, 0, 0), 3);
    expect(array).toEqual(Int32Array.of(1, 2, -1, -1, 3, -1, -1, -1, -1, -1));
  });

  it('goes backwards with a negative stride', () => {
    expect(vector(matrix(1, 5), { count: 5, stride: -1, offset: 4 }).pack()).toEqual(Float64Array.of(4, 3, 2, 1, 0));
  });

  it('has nothing to pick for a count or block length of 0', () => {
    expect(vector(matrix(1, 2), { count: 0, offset: 99 }).length).toBe(0);
    expect(vector(matrix(1, 2), { count: 1e9, blockLength: 0 }).length).toBe(0);
  });

  it.each([
    [{ count: -1 }],
    [{ count: 1.5 }],
    [{ count: 1, blockLength: -2 }],
    [{ count: 1, offset: -1 }],
    [{ count: 2, stride: Number.NaN }],
    [{ count: 4, stride: 4 }],
    [{ count: 2, stride: -1 }],
    [{ count: 1e9 }],
    [{ count: 1, offset: 12 }],
  ])('refuses a layout outside the array: %j', (layout) => {
    expect(() => vector(matrix(3, 4), layout)).toThrow(expect.objectContaining({ code: 'PAR_BUFFER' }));
  });
});

describe('indexed', () => {
  it('picks blocks in the order given', () => {
    const view = indexed(matrix(1, 8), { blockLengths: [2, 1], displs: [5, 0] });
    expect(view.pack()).toEqual(Float64Array.of(5, 6, 0));
  });

  it('takes one length for all blocks', () => {
    expect(indexed(matrix(1, 8), { blockLengths: 2, displs: [6, 2] }).pack()).toEqual(Float64Array.of(6, 7, 2, 3));
  });

  it('sends overlapping blocks and refuses to receive into them', () => {
    const view = indexed(matrix(1, 4), { blockLengths: 2, displs: [0, 1] });
    expect(view.pack()).toEqual(Float64Array.of(0, 1, 1, 2));
    expect(() => toReceiveBuffer(view, 'recvInto')).toThrow(expect.objectContaining({ code: 'PAR_BUFFER' }));
    expect(() => view.unpack(new Float64Array(4))).toThrow(expect.objectContaining({ code: 'PAR_BUFFER' }));
  });

  it.each([
    [{ blockLengths: [1], displs: [0, 1] }],
    [{ blockLengths: [-1], displs: [0] }],
    [{ blockLengths: [2], displs: [7] }],
    [{ blockLengths: 1, displs: [-1] }],
  ])('refuses %j', (layout) => {
    expect(() => indexed(matrix(1, 8), layout)).toThrow(expect.objectContaining({ code: 'PAR_BUFFER' }));
  });
});

describe('subarray', () => {
  it('picks a box of a three-dimensional array', () => {
    const view = subarray(matrix(2, 12), { sizes: [2, 3, 4], subsizes: [2, 2, 2], starts: [0, 1, 2] });
    expect([...view.pack()]).toEqual([6, 7, 10, 11, 18, 19, 22, 23]);
  });

  it.each([
    [{ sizes: [], subsizes: [], starts: [] }],
    [{ sizes: [3, 4], subsizes: [3], starts: [0, 0] }],
    [{ sizes: [3, 4], subsizes: [3, 2], starts: [0, 3] }],
    [{ sizes: [4, 4], subsizes: [1, 1], starts: [0, 0] }],
    [{ sizes: [3, 4], subsizes: [1, 1], starts: [-1, 0] }],
  ])('refuses %j over twelve elements', (layout) => {
    expect(() => subarray(matrix(3, 4), layout)).toThrow(expect.objectContaining({ code: 'PAR_BUFFER' }));
  });

  it('equals the loop over all indices, for any box', () => {
    const dimension = fc
      .tuple(fc.nat(5), fc.nat(5), fc.nat(3))
      .map(([start, extent, rest]) => ({ start, extent, size: start + extent + rest }));
    fc.assert(
      fc.property(fc.array(dimension, { minLength: 1, maxLength: 3 }), (dims) => {
        const sizes = dims.map((d) => d.size);
        const elements = sizes.reduce((product, size) => product * size, 1);
        const array = Int32Array.from({ length: elements }, (_, i) => i);
        const view = subarray(array, {
          sizes,
          subsizes: dims.map((d) => d.extent),
          starts: dims.map((d) => d.start),
        });
        const inside = array.filter((i) => {
          let rest = i;
          for (let d = dims.length - 1; d >= 0; d--) {
            const index = rest % sizes[d]!;
            rest = Math.floor(rest / sizes[d]!);
            if (index < dims[d]!.start || index >= dims[d]!.start + dims[d]!.extent) return false;
          }
          return true;
        });
        expect(view.pack()).toEqual(inside);
      }),
    );
  });
});

describe('DatatypeView', () => {
  it('unpack undoes pack and touches nothing else, for any disjoint blocks', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 8 }), (gapsAndLengths) => {
        const starts: number[] = [];
        const lengths: number[] = [];
        let end = 0;
        for (const [gap, length] of gapsAndLengths) {
          starts.push(end + gap);
          lengths.push(length);
          end += gap + length;
        }
        const array = Float32Array.from({ length: end + 3 }, (_, i) => i + 1);
        const view = new DatatypeView(array, { starts, lengths });
        const packed = view.pack() as Float32Array;
        const copy = new Float32Array(array.length);
        new DatatypeView(copy, { starts, lengths }).unpack(packed);
        const picked = new Set(starts.flatMap((start, i) => Array.from({ length: lengths[i]! }, (_, k) => start + k)));
        expect(copy).toEqual(array.map((value, i) => (picked.has(i) ? value : 0)));
      }),
    );
  });

  it('exists over every typed array class, bigints included', () => {
    const view = vector(BigInt64Array.of(1n, 2n, 3n), { count: 2, stride: 2 });
    expect(view.type).toBe('int64');
    expect(view.pack()).toEqual(BigInt64Array.of(1n, 3n));
  });

  it('refuses raw memory, which has no elements', () => {
    const memory = new DataView(new ArrayBuffer(8)) as unknown as Uint8Array;
    expect(() => vector(memory, { count: 1 })).toThrow(expect.objectContaining({ code: 'PAR_BUFFER' }));
  });
});

import { indexed, subarray, vector } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { ELEMENT_KINDS, filled, ranksOf, setElement, taggedArray } from '../tagged.ts';

const strided: ConformanceCase = {
  name: 'strided elements of every type are packed when sent, scattered when received, and the gaps stay untouched',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    const layout = { count: 3, blockLength: 2, stride: 5, offset: 1 };
    const places = [1, 2, 6, 7, 11, 12];
    for (const type of ELEMENT_KINDS) {
      const from = taggedArray(type, 15, rank, dest);
      const into = filled(type, 15, 99);
      const theirs = taggedArray(type, 15, source, rank);
      const expected = filled(type, 15, 99);
      for (const i of places) setElement(expected, i, Number(theirs[i]));
      const status = await comm.sendrecvInto(vector(from, layout), vector(into, layout), { dest, source });
      t.equal(into, expected, `${type.name} into the same places`);
      t.equal([status.count, status.bytes], [6, 6 * from.BYTES_PER_ELEMENT], 'status');
      const dense = filled(type, 7, 99);
      await comm.sendrecvInto(vector(from, layout), dense, { dest, source });
      const packed = filled(type, 7, 99);
      for (const [k, i] of places.entries()) setElement(packed, k, Number(theirs[i]));
      t.equal(dense, packed, `${type.name} into a plain buffer`);
    }
  },
};

const partial: ConformanceCase = {
  name: 'a message shorter than a view fills its first places, a longer one is truncated',
  async run(comm, t) {
    const { rank } = comm;
    const array = new Int32Array(9).fill(-1);
    const view = indexed(array, { blockLengths: [2, 1, 2], displs: [7, 4, 0] });
    await comm.sendBuffer(Int32Array.of(1, 2, 3, 4), { dest: rank });
    t.equal((await comm.recvInto(view, { source: rank })).count, 4, 'count');
    t.equal(array, Int32Array.of(4, -1, -1, -1, 3, -1, -1, 1, 2), 'the places');
    await comm.sendBuffer(new Int32Array(6), { dest: rank });
    await t.rejects(comm.recvInto(view, { source: rank }), 'PAR_TRUNCATED', 'a longer message');
    await comm.sendBuffer(Int32Array.of(5), { dest: rank });
    const message = await comm.mprobe({ source: rank });
    await message.recvInto(view);
    t.equal(array[7], 5, 'after mprobe');
  },
};

const halo: ConformanceCase = {
  name: 'columns of a tile are exchanged with the neighbours as subarrays',
  async run(comm, t) {
    const { rank, size } = comm;
    const [rows, columns] = [4, 5];
    const tile = new Float64Array(rows * columns).fill(rank);
    const column = (at: number) => subarray(tile, { sizes: [rows, columns], subsizes: [rows - 2, 1], starts: [1, at] });
    const right = (rank + 1) % size;
    const left = (rank + size - 1) % size;
    await comm.sendrecvInto(column(columns - 2), column(0), { dest: right, source: left });
    await comm.sendrecvInto(column(1), column(columns - 1), { dest: left, source: right });
    const expected = new Float64Array(rows * columns).fill(rank);
    for (const row of [1, 2]) {
      expected[row * columns] = left;
      expected[row * columns + columns - 1] = right;
    }
    t.equal(tile, expected, 'the tile with its halo');
  },
};

const collective: ConformanceCase = {
  name: 'collectives take views: bcastInto leaves the gaps untouched, gatherInto collects columns',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const root of ranksOf(size)) {
      const array = new Int32Array(6).fill(rank === root ? 50 + root : -1);
      await comm.bcastInto(vector(array, { count: 3, stride: 2 }), { root });
      const got = 50 + root;
      const expected = rank === root ? new Int32Array(6).fill(got) : Int32Array.of(got, -1, got, -1, got, -1);
      t.equal(array, expected, `bcastInto from root ${root}`);
    }
    const matrix = Int32Array.from({ length: 6 }, (_, i) => rank * 100 + i);
    const recv = new Int32Array(3 * size);
    await comm.gatherInto(vector(matrix, { count: 3, stride: 2, offset: 1 }), rank === 0 ? recv : undefined);
    if (rank === 0) {
      const columns = ranksOf(size).flatMap((r) => [1, 3, 5].map((i) => r * 100 + i));
      t.equal(recv, Int32Array.from(columns), 'gatherInto of a column');
    }
  },
};

export const datatypeViews: readonly ConformanceCase[] = [strided, partial, halo, collective];

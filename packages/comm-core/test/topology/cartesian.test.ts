import { describe, expect, it } from 'vitest';
import { computeDims, indexed, PROC_NULL } from '../../src/index.ts';
import { onRanks } from './on-ranks.ts';

describe('a grid', () => {
  it('numbers its ranks with the last dimension fastest', async () => {
    const coords = await onRanks(6, async (world) => (await world.cartesian([2, 3]))!.coords);
    expect(coords).toEqual([
      [0, 0],
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
      [1, 2],
    ]);
  });

  it('leaves the ranks out that it has no place for', async () => {
    const sizes = await onRanks(5, async (world) => (await world.cartesian([2, 2]))?.size);
    expect(sizes).toEqual([4, 4, 4, 4, undefined]);
  });

  it('without dimensions is rank 0 alone', async () => {
    const grids = await onRanks(3, async (world) => {
      const grid = await world.cartesian([]);
      if (grid === undefined) return undefined;
      expect(grid.coordsOf(0)).toEqual([]);
      expect(grid.rankOf([])).toBe(0);
      expect(await grid.neighborAllgather('x')).toEqual([]);
      return [grid.size, grid.dims, grid.coords, grid.neighbors];
    });
    expect(grids).toEqual([[1, [], [], []], undefined, undefined]);
  });

  it('wraps where it is periodic and ends where it is not', async () => {
    await onRanks(6, async (world) => {
      const grid = (await world.cartesian([2, 3], { periodic: [true, false], reorder: true }))!;
      const [row, column] = grid.coords as [number, number];
      expect(grid.shift(0, 1)).toEqual({
        source: grid.rankOf([1 - row, column]),
        dest: grid.rankOf([1 - row, column]),
      });
      expect(grid.shift(0, 2)).toEqual({ source: grid.rank, dest: grid.rank });
      expect(grid.shift(1, 1)).toEqual({
        source: column > 0 ? grid.rank - 1 : PROC_NULL,
        dest: column < 2 ? grid.rank + 1 : PROC_NULL,
      });
      expect(grid.shift(1, -1)).toEqual({ source: grid.shift(1, 1).dest, dest: grid.shift(1, 1).source });
      expect(grid.shift(1, 0)).toEqual({ source: grid.rank, dest: grid.rank });
      expect(grid.rankOf([row - 4, column])).toBe(grid.rank);
      expect(() => grid.rankOf([0, 3])).toThrow(expect.objectContaining({ code: 'PAR_RANK' }));
      expect(() => grid.rankOf([0])).toThrow(expect.objectContaining({ code: 'PAR_ARGUMENT' }));
      expect(() => grid.coordsOf(6)).toThrow(expect.objectContaining({ code: 'PAR_RANK' }));
      expect(() => grid.shift(2, 1)).toThrow(expect.objectContaining({ code: 'PAR_ARGUMENT' }));
      expect(() => grid.shift(0, 0.5)).toThrow(expect.objectContaining({ code: 'PAR_ARGUMENT' }));
    });
  });

  it.each<[number[], { periodic?: boolean[] }]>([
    [[4], {}],
    [[2, 2], {}],
    [[0, 3], {}],
    [[-1], {}],
    [[1.5], {}],
    [[3], { periodic: [] }],
    [[3], { periodic: [true, false] }],
  ])('of dims %j, %j is refused by three ranks, which can go on', async (dims, options) => {
    await onRanks(3, async (world) => {
      await expect(world.cartesian(dims, options)).rejects.toMatchObject({ code: 'PAR_ARGUMENT' });
      expect(await world.allgather(world.rank)).toEqual([0, 1, 2]);
    });
  });

  it('keeps its topology in a duplicate', async () => {
    await onRanks(4, async (world) => {
      const grid = (await world.cartesian([2, 2], { periodic: true }))!;
      const copy = (await grid.dup()) as typeof grid;
      expect([copy.dims, copy.periodic, copy.coords]).toEqual([grid.dims, grid.periodic, grid.coords]);
      expect(copy.compare(grid)).toBe('congruent');
      await copy.free();
      expect(await grid.neighborAllgather(grid.rank)).toEqual([...grid.neighbors]);
    });
  });
});

describe('sub', () => {
  it('makes rows, columns, planes and single ranks', async () => {
    await onRanks(12, async (world) => {
      const grid = (await world.cartesian([2, 3, 2], { periodic: [true, false, true] }))!;
      const [x, y, z] = grid.coords as [number, number, number];
      const line = await grid.sub([false, true, false]);
      expect([line.dims, line.periodic, line.coords, line.size]).toEqual([[3], [false], [y], 3]);
      expect(await line.allgather(grid.coords)).toEqual([0, 1, 2].map((i) => [x, i, z]));
      const plane = await grid.sub([true, false, true]);
      expect([plane.dims, plane.coords]).toEqual([
        [2, 2],
        [x, z],
      ]);
      expect(await plane.allgather(grid.coords)).toEqual([
        [0, y, 0],
        [0, y, 1],
        [1, y, 0],
        [1, y, 1],
      ]);
      const alone = await grid.sub([false, false, false]);
      expect([alone.size, alone.dims]).toEqual([1, []]);
      await expect(grid.sub([true])).rejects.toMatchObject({ code: 'PAR_ARGUMENT' });
    });
  });
});

describe('neighbours on a grid', () => {
  it.each([1, 2, 3, 4, 5])('what goes in one direction arrives from the other, on a ring of %i', async (size) => {
    const received = await onRanks(size, async (world) => {
      const ring = (await world.cartesian([size], { periodic: true }))!;
      const values = await ring.neighborAlltoall([`${ring.rank} down`, `${ring.rank} up`]);
      const buffer = new Int32Array(2);
      await ring.neighborAlltoallInto(Int32Array.of(-ring.rank - 1, ring.rank + 1), buffer);
      return { values, buffer: [...buffer] };
    });
    received.forEach(({ values, buffer }, rank) => {
      const below = (rank - 1 + size) % size;
      const above = (rank + 1) % size;
      expect(values).toEqual([`${below} up`, `${above} down`]);
      expect(buffer).toEqual([below + 1, -above - 1]);
    });
  });

  it('also where periodic dimensions of size 1 and 2 lie beside others', async () => {
    for (const dims of [
      [1, 2, 3],
      [2, 2],
      [1, 1],
      [2, 1, 2],
    ]) {
      const size = dims.reduce((a, b) => a * b);
      await onRanks(size, async (world) => {
        const grid = (await world.cartesian(dims, { periodic: true }))!;
        const outgoing = grid.neighbors.map((to, i) => ({ from: grid.rank, to, i }));
        const incoming = (await grid.neighborAlltoall(outgoing)) as typeof outgoing;
        incoming.forEach((message, i) => {
          expect(message).toEqual({ from: grid.neighbors[i], to: grid.rank, i: i ^ 1 });
        });
      });
    }
  });

  it('PROC_NULL beyond an edge sends nothing, gives undefined and leaves the buffer alone', async () => {
    await onRanks(3, async (world) => {
      const line = (await world.cartesian([3]))!;
      expect(await line.neighborAllgather(line.rank)).toEqual([
        line.rank === 0 ? undefined : line.rank - 1,
        line.rank === 2 ? undefined : line.rank + 1,
      ]);
      const halo = new Float64Array(4).fill(-1);
      await line.neighborAllgatherInto(Float64Array.of(line.rank, 0.5), halo);
      expect([...halo]).toEqual([
        ...(line.rank === 0 ? [-1, -1] : [line.rank - 1, 0.5]),
        ...(line.rank === 2 ? [-1, -1] : [line.rank + 1, 0.5]),
      ]);
    });
  });

  it('exchanges the halo columns of a matrix through datatype views and leaves its inside alone', async () => {
    const rows = 3;
    const columns = 5;
    const column = (c: number) => Array.from({ length: rows }, (_, r) => r * columns + c);
    await onRanks(3, async (world) => {
      const line = (await world.cartesian([3], { periodic: true }))!;
      const block = Float64Array.from({ length: rows * columns }, (_, i) => 100 * line.rank + i);
      const inside = indexed(block, { blockLengths: 1, displs: [...column(1), ...column(columns - 2)] });
      const halo = indexed(block, { blockLengths: 1, displs: [...column(0), ...column(columns - 1)] });
      await line.neighborAlltoallInto(inside, halo);
      const [left, right] = line.neighbors as [number, number];
      const expected = Float64Array.from({ length: rows * columns }, (_, i) => 100 * line.rank + i);
      column(0).forEach((at, r) => {
        expected[at] = 100 * left + column(columns - 2)[r]!;
      });
      column(columns - 1).forEach((at, r) => {
        expected[at] = 100 * right + column(1)[r]!;
      });
      expect(block).toEqual(expected);
    });
  });

  it('several exchanges may be in flight at once', async () => {
    await onRanks(4, async (world) => {
      const grid = (await world.cartesian(computeDims(4, [0, 0]), { periodic: true }))!;
      const rounds = await Promise.all(Array.from({ length: 20 }, (_, i) => grid.neighborAllgather([grid.rank, i])));
      rounds.forEach((values, i) => {
        expect(values).toEqual(grid.neighbors.map((rank) => [rank, i]));
      });
    });
  });

  it('refuses a wrong number of values or counts on every rank, and can go on', async () => {
    await onRanks(2, async (world) => {
      const line = (await world.cartesian([2], { periodic: true }))!;
      await expect(line.neighborAlltoall([1])).rejects.toMatchObject({ code: 'PAR_COUNT' });
      await expect(
        line.neighborAlltoallInto(new Int32Array(2), new Int32Array(2), { recvCounts: [1] }),
      ).rejects.toMatchObject({ code: 'PAR_COUNT' });
      await expect(line.neighborAllgatherInto(new Int32Array(1), new Int32Array(3))).rejects.toMatchObject({
        code: 'PAR_COUNT',
      });
      await expect(line.neighborAllgatherInto(new Int32Array(1), new Float64Array(2))).rejects.toMatchObject({
        code: 'PAR_BUFFER',
      });
      expect(await line.neighborAllgather(line.rank)).toEqual([1 - line.rank, 1 - line.rank]);
    });
  });
});

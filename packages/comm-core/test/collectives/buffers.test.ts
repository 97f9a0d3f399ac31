import { describe, expect, test } from 'vitest';
import * as collectives from '../../src/collectives/index.ts';
import type { CollectiveHost } from '../../src/comm/host.ts';
import { IN_PLACE } from '../../src/constants.ts';
import { vector } from '../../src/datatype/index.ts';
import { createOp, SUM } from '../../src/ops/index.ts';
import { LateNetwork, worldOn } from './late-network.ts';

const everyRank = (size: number) => Array.from({ length: size }, (_, rank) => rank);
const SIZES = [1, 2, 3, 4, 5, 8, 9];

async function onWorld<R>(size: number, run: (host: CollectiveHost, rank: number) => Promise<R>): Promise<R[]> {
  const network = new LateNetwork(size);
  const results = await Promise.all(worldOn(network, size).map((host) => run(host, host.context.rank)));
  expect(network.leftovers()).toBe(0);
  return results;
}

const ints = (rank: number, length: number) => Int32Array.from({ length }, (_, i) => rank * 100 + i + 1);

describe.each(SIZES)('%i ranks', (size) => {
  const last = size - 1;
  const sum = (i: number, ranks = everyRank(size)) => ranks.reduce((total, rank) => total + ints(rank, 9)[i]!, 0);

  test('leave the tail of a longer receive buffer alone', async () => {
    const counts = everyRank(size).map(() => 2);
    const results = await onWorld(size, async (host, rank) => {
      const tail = () => new Int32Array(4).fill(-1);
      const [all, part, prefix, scattered] = [tail(), tail(), tail(), tail()];
      await collectives.allreduceInto(host, ints(rank, 2), all, SUM);
      await collectives.reduceScatterInto(host, ints(rank, 2 * size), part, SUM, { counts });
      await collectives.scanInto(host, ints(rank, 2), prefix, SUM);
      await collectives.scatterInto(host, rank === last ? ints(7, 2 * size) : undefined, scattered, { root: last });
      const gathered = new Int32Array(size * 3 + 1).fill(-1);
      await collectives.gatherInto(host, ints(rank, 2), gathered, { counts: 2, displs: 3 });
      return { all, part, prefix, scattered, gathered };
    });
    results.forEach(({ all, part, prefix, scattered, gathered }, rank) => {
      expect([...all]).toEqual([sum(0), sum(1), -1, -1]);
      expect([...part]).toEqual(
        [0, 1].map((i) => everyRank(size).reduce((t, r) => t + ints(r, 99)[rank * 2 + i]!, 0)).concat(-1, -1),
      );
      expect([...prefix]).toEqual([sum(0, everyRank(rank + 1)), sum(1, everyRank(rank + 1)), -1, -1]);
      expect([...scattered]).toEqual([700 + 2 * rank + 1, 700 + 2 * rank + 2, -1, -1]);
      const blocks = everyRank(size).flatMap((r) => [...ints(r, 2), -1]);
      expect([...gathered]).toEqual(rank === 0 ? [...blocks, -1] : gathered.fill(-1) && [...gathered]);
    });
  });

  test('leave receive buffers alone that get no result', async () => {
    await onWorld(size, async (host, rank) => {
      const recv = new Int32Array(2 * size).fill(-1);
      const untouched = recv.slice();
      if (rank !== last) {
        await collectives.gatherInto(host, ints(rank, 2), recv, { root: last });
        await collectives.reduceInto(host, ints(rank, 2), recv, SUM, { root: last });
      } else {
        await collectives.gatherInto(host, ints(rank, 2), new Int32Array(2 * size), { root: last });
        await collectives.reduceInto(host, ints(rank, 2), new Int32Array(2), SUM, { root: last });
      }
      expect(recv).toEqual(untouched);
      await collectives.exscanInto(host, ints(rank, 2), recv, SUM);
      if (rank === 0) expect(recv).toEqual(untouched);
      else expect([...recv.subarray(0, 2)]).toEqual([sum(0, everyRank(rank)), sum(1, everyRank(rank))]);
    });
  });

  test('take the same buffer twice as IN_PLACE', async () => {
    await onWorld(size, async (host, rank) => {
      const all = ints(rank, 3);
      await collectives.allreduceInto(host, all, all, SUM);
      expect([...all]).toEqual([sum(0), sum(1), sum(2)]);
      const gathered = new Int32Array(size);
      gathered[rank] = rank + 1;
      await collectives.allgatherInto(host, gathered, gathered);
      expect([...gathered]).toEqual(everyRank(size).map((r) => r + 1));
      const row = Int32Array.from({ length: size }, (_, to) => rank * 100 + to);
      await collectives.alltoallInto(host, row, row);
      expect([...row]).toEqual(everyRank(size).map((from) => from * 100 + rank));
    });
  });

  test('receive into a datatype view, leaving its gaps alone', async () => {
    await onWorld(size, async (host, rank) => {
      const matrix = new Float64Array(12).fill(-1);
      const column = vector(matrix, { count: 4, stride: 3, offset: 1 });
      if (rank === last) for (let row = 0; row < 4; row++) matrix[row * 3 + 1] = 10 + row;
      await collectives.bcastInto(host, column, { root: last });
      expect([...matrix]).toEqual([-1, 10, -1, -1, 11, -1, -1, 12, -1, -1, 13, -1]);
      await collectives.allreduceInto(host, IN_PLACE, column, SUM);
      expect([...matrix]).toEqual([10, 11, 12, 13].flatMap((x) => [-1, x * size, -1]));
    });
  });

  test('use a program’s function for each element, with the lower ranks’ element first', async () => {
    const digits = createOp<number>((a, b) => a * 10 + b);
    const keepFirst = (a: number, _b: number) => a;
    await onWorld(size, async (host, rank) => {
      const recv = new Float64Array(2);
      await collectives.scanInto(host, Float64Array.of(rank + 1, 0), recv, keepFirst);
      expect([...recv]).toEqual([1, 0]);
      const big = new BigInt64Array(1);
      await collectives.allreduceInto(host, BigInt64Array.of(BigInt(rank)), big, (a: bigint, b: bigint) =>
        a > b ? a : b,
      );
      expect(big[0]).toBe(BigInt(last));
      if (size > 2) return;
      await collectives.allreduceInto(host, Float64Array.of(rank + 1, 7), recv, digits);
      expect([...recv]).toEqual(size === 1 ? [1, 7] : [12, 77]);
    });
  });

  test('move raw bytes into typed memory', async () => {
    await onWorld(size, async (host, rank) => {
      const recv = new Float32Array(size);
      await collectives.allgatherInto(host, new DataView(Float32Array.of(rank / 2).buffer), recv);
      expect([...recv]).toEqual(everyRank(size).map((r) => r / 2));
    });
  });
});

test('large buffers take every algorithm the sizes select and arrive whole', { timeout: 60_000 }, async () => {
  for (const size of [2, 4, 5]) {
    for (const length of [2_000, 20_000, 140_000]) {
      await onWorld(size, async (host, rank) => {
        const value = (r: number, i: number) => (r * 7 + i) % 1000;
        const mine = new Float64Array(length);
        for (let i = 0; i < length; i++) mine[i] = value(rank, i);
        const whole = rank === 1 ? mine.slice() : new Float64Array(length);
        await collectives.bcastInto(host, whole, { root: 1 });
        const total = new Float64Array(length);
        await collectives.allreduceInto(host, mine, total, SUM);
        const rooted = new Float64Array(length);
        await collectives.reduceInto(host, mine, rank === 1 ? rooted : undefined, SUM, { root: 1 });
        const all = new Float64Array(length * size);
        await collectives.allgatherInto(host, mine, all);
        const part = new Float64Array(length);
        await collectives.reduceScatterInto(host, all, part, SUM);
        const prefix = new Float64Array(length);
        await collectives.scanInto(host, mine, prefix, SUM);
        for (const i of [0, 1, length >> 1, length - 2, length - 1]) {
          const sum = everyRank(size).reduce((s, r) => s + value(r, i), 0);
          expect(whole[i]).toBe(value(1, i));
          expect(total[i]).toBe(sum);
          expect(rooted[i]).toBe(rank === 1 ? sum : 0);
          for (const r of everyRank(size)) expect(all[r * length + i]).toBe(value(r, i));
          expect(part[i]).toBe(size * value(rank, i));
          expect(prefix[i]).toBe(everyRank(rank + 1).reduce((s, r) => s + value(r, i), 0));
        }
      });
    }
  }
});

test.each([3, 9])('%i ranks: blocks shorter or longer than the receiver’s counts are errors there', async (size) => {
  for (const [given, code] of [
    [1, 'PAR_MISMATCH'],
    [3, 'PAR_TRUNCATED'],
  ] as const) {
    for (const call of [
      (host: CollectiveHost, mine: Int32Array, all: Int32Array) => collectives.gatherInto(host, mine, all),
      (host: CollectiveHost, mine: Int32Array) =>
        collectives.reduceInto(host, mine, host.context.rank === 0 ? new Int32Array(2) : undefined, SUM),
    ]) {
      const world = worldOn(new LateNetwork(size), size);
      const calls = world.map((host, rank) =>
        call(host, new Int32Array(rank === 1 ? given : 2), new Int32Array(2 * size)),
      );
      // The other ranks may wait for the one that failed.
      for (const other of calls) other.catch(() => {});
      await expect(calls[0]).rejects.toMatchObject({ code });
    }
  }
});

import { expect, test } from 'vitest';
import * as collectives from '../../src/collectives/index.ts';
import type { CollectiveHost } from '../../src/comm/host.ts';
import { createOp, MAXLOC, NO_OP, REPLACE, SUM } from '../../src/ops/index.ts';
import { LateNetwork, worldOn } from './late-network.ts';

const SIZES = [1, 2, 3, 4, 5, 8, 9, 16];
const everyRank = (size: number) => Array.from({ length: size }, (_, rank) => rank);

async function onWorld<R>(size: number, run: (host: CollectiveHost, rank: number) => Promise<R>): Promise<R[]> {
  const network = new LateNetwork(size);
  const results = await Promise.all(worldOn(network, size).map((host) => run(host, host.context.rank)));
  expect(network.leftovers()).toBe(0);
  return results;
}

test('a function that changes and returns one of its arguments spoils neither the inputs nor the result', async () => {
  const appendToA = (a: number[], b: number[]) => {
    a.push(...b);
    return a;
  };
  const prependToB = (a: number[], b: number[]) => {
    b.unshift(...a);
    return b;
  };
  const addIntoA = (a: Float64Array, b: Float64Array) => {
    for (let i = 0; i < a.length; i++) a[i]! += b[i]!;
    return a;
  };
  for (const size of SIZES) {
    await onWorld(size, async (host, rank) => {
      for (const join of [appendToA, prependToB]) {
        const list = [rank];
        const lists = everyRank(size).map((dest) => [rank, dest]);
        expect(await collectives.allreduce(host, list, join)).toEqual(everyRank(size));
        const reduced = await collectives.reduce(host, list, join, { root: size - 1 });
        expect(reduced).toEqual(rank === size - 1 ? everyRank(size) : undefined);
        expect(await collectives.scan(host, list, join)).toEqual(everyRank(rank + 1));
        expect(await collectives.exscan(host, list, join)).toEqual(rank === 0 ? undefined : everyRank(rank));
        const part = await collectives.reduceScatter(host, lists, join);
        expect(part).toEqual(everyRank(size).flatMap((source) => [source, rank]));
        expect(list).toEqual([rank]);
        expect(lists).toEqual(everyRank(size).map((dest) => [rank, dest]));
      }
      const array = Float64Array.of(rank, 1);
      const total = await collectives.allreduce(host, array, createOp(addIntoA, { commutative: true }));
      expect([...total]).toEqual([(size * (size - 1)) / 2, size]);
      expect([...array]).toEqual([rank, 1]);
      const prefix = await collectives.scan(host, array, addIntoA);
      expect([...prefix]).toEqual([(rank * (rank + 1)) / 2, rank + 1]);
      expect([...array]).toEqual([rank, 1]);
    });
  }
});

test('predefined reductions of values', async () => {
  for (const size of SIZES) {
    await onWorld(size, async (host, rank) => {
      const last = size - 1;
      expect(await collectives.allreduce(host, rank, REPLACE)).toBe(last);
      expect(await collectives.allreduce(host, rank, NO_OP)).toBe(0);
      expect(await collectives.scan(host, [rank % 2, rank], MAXLOC)).toEqual(rank === 0 ? [0, 0] : [1, 1]);
      expect(await collectives.allreduce(host, BigInt(rank), SUM)).toBe(BigInt((size * last) / 2));
    });
  }
});

test('sums of floating-point values have the same bits on all ranks', async () => {
  for (const size of SIZES) {
    const results = await onWorld(size, async (host, rank) => {
      const x = Math.sin(rank * 12.9898) * 10 ** (rank % 17);
      const sum = await collectives.allreduce(host, x, SUM);
      const array = await collectives.allreduce(host, Float64Array.of(x, -x / 3), SUM);
      return [...new BigUint64Array(Float64Array.of(sum, ...array).buffer)];
    });
    for (const result of results) expect(result).toEqual(results[0]);
  }
});

test('values of very different sizes travel together', async () => {
  for (const size of SIZES) {
    const bytesOf = (rank: number) => (rank % 3 === 0 ? 20_000 : rank % 3 === 1 ? 300 : 0);
    const value = (rank: number, n = 0) => ({ rank, n, data: new Uint8Array(bytesOf(rank)).fill(rank) });
    await onWorld(size, async (host, rank) => {
      for (const root of [0, size - 1]) {
        const gathered = await collectives.gather(host, value(rank), { root });
        expect(gathered).toEqual(rank === root ? everyRank(size).map((r) => value(r)) : undefined);
        const scattered = await collectives.scatter(
          host,
          rank === root ? everyRank(size).map((r) => value(r, 5)) : undefined,
          { root },
        );
        expect(scattered).toEqual(value(rank, 5));
      }
      const received = await collectives.alltoall(
        host,
        everyRank(size).map((dest) => value((rank + dest) % size, dest)),
      );
      expect(received).toEqual(everyRank(size).map((source) => value((source + rank) % size, rank)));
      expect(await collectives.allgather(host, value(rank))).toEqual(everyRank(size).map((r) => value(r)));
    });
  }
});

test('a value collective that meets a buffer collective is an error, not garbage', async () => {
  for (const size of [2, 9]) {
    const world = worldOn(new LateNetwork(), size);
    const signal = AbortSignal.timeout(200);
    const results = await Promise.allSettled(
      world.map((host, rank) =>
        rank % 2 === 0
          ? collectives.gather(host, rank, { signal })
          : collectives.gatherInto(host, new Int32Array(1), undefined, { signal }),
      ),
    );
    expect(results[0]).toMatchObject({ status: 'rejected', reason: { code: 'PAR_MISMATCH' } });
  }
});

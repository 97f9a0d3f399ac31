import { describe, expect, test } from 'vitest';
import * as collectives from '../../src/collectives/index.ts';
import type { CollectiveHost } from '../../src/comm/host.ts';
import { PROC_NULL, ROOT } from '../../src/constants.ts';
import { createOp, SUM } from '../../src/ops/index.ts';
import { groupsOn, LateNetwork } from './late-network.ts';

const SHAPES = [
  [1, 1],
  [1, 3],
  [2, 2],
  [3, 2],
  [4, 5],
  [9, 4],
] as const;
const everyRank = (size: number) => Array.from({ length: size }, (_, rank) => rank);
const join = createOp((a: string, b: string) => a + b);

/** A name for every rank of both groups: a0, a1, … and b0, b1, … */
type Side = 'a' | 'b';
const other = (side: Side): Side => (side === 'a' ? 'b' : 'a');

/** Runs a program on every rank of both groups; `run` gets the side it is on. */
async function onBoth<R>(
  [a, b]: readonly [number, number],
  run: (host: CollectiveHost, side: Side, sizes: { own: number; remote: number }) => Promise<R>,
): Promise<Record<Side, R[]>> {
  const network = new LateNetwork(a * 10 + b);
  const [left, right] = groupsOn(network, a, b);
  const [resultsA, resultsB] = await Promise.all([
    Promise.all(left.map((host) => run(host, 'a', { own: a, remote: b }))),
    Promise.all(right.map((host) => run(host, 'b', { own: b, remote: a }))),
  ]);
  expect(network.leftovers()).toBe(0);
  return { a: resultsA, b: resultsB };
}

const names = (side: Side, size: number) => everyRank(size).map((rank) => `${side}${rank}`);
const numbers = (side: Side, rank: number, length: number) =>
  Int32Array.from({ length }, (_, i) => (side === 'a' ? 1000 : 2000) + rank * 10 + i);

describe.each(SHAPES)('groups of %i and %i', (a, b) => {
  const shape = [a, b] as const;
  const sizeOf = { a, b };

  /** What each rank passes as root when the root is this rank of that side. */
  const rootFor = (side: Side, rank: number, rootSide: Side, root: number) =>
    side !== rootSide ? root : rank === root ? ROOT : PROC_NULL;

  /** Calls back for every rank of both sides as root. */
  async function forEachRoot(run: (rootSide: Side, root: number) => Promise<void>): Promise<void> {
    for (const side of ['a', 'b'] as const) for (const root of everyRank(sizeOf[side])) await run(side, root);
  }

  test('bcast reaches the other group only', () =>
    forEachRoot(async (rootSide, root) => {
      const results = await onBoth(shape, async (host, side) => {
        const { rank } = host.context;
        const options = { root: rootFor(side, rank, rootSide, root) };
        const value = await collectives.bcast(host, `${side}${rank}`, options);
        const buffer = numbers(side, rank, 5);
        await collectives.bcastInto(host, buffer, options);
        return { value, buffer };
      });
      for (const { value, buffer } of results[other(rootSide)]) {
        expect(value).toBe(`${rootSide}${root}`);
        expect(buffer).toEqual(numbers(rootSide, root, 5));
      }
      results[rootSide].forEach(({ value, buffer }, rank) => {
        expect(value).toBeUndefined();
        expect(buffer).toEqual(numbers(rootSide, rank, 5));
      });
    }));

  test('gather and reduce bring the other group to the root, in rank order', () =>
    forEachRoot(async (rootSide, root) => {
      const from = other(rootSide);
      const n = sizeOf[from];
      const results = await onBoth(shape, async (host, side) => {
        const { rank } = host.context;
        const options = { root: rootFor(side, rank, rootSide, root) };
        const isRoot = options.root === ROOT;
        const gathered = await collectives.gather(host, `${side}${rank}`, options);
        const reduced = await collectives.reduce(host, `${side}${rank}`, join, options);
        const recv = isRoot ? new Int32Array(n * 2) : undefined;
        await collectives.gatherInto(host, numbers(side, rank, 2), recv, options);
        const sums = isRoot ? new Int32Array(3) : undefined;
        await collectives.reduceInto(host, numbers(side, rank, 3), sums, SUM, options);
        return { gathered, reduced, recv, sums };
      });
      results[from].forEach((result) => {
        expect(result).toEqual({ gathered: undefined, reduced: undefined, recv: undefined, sums: undefined });
      });
      results[rootSide].forEach((result, rank) => {
        if (rank !== root) {
          expect(result.gathered).toBeUndefined();
          return;
        }
        expect(result.gathered).toEqual(names(from, n));
        expect(result.reduced).toBe(names(from, n).join(''));
        expect([...result.recv!]).toEqual(everyRank(n).flatMap((r) => [...numbers(from, r, 2)]));
        const sum = (i: number) => everyRank(n).reduce((total, r) => total + numbers(from, r, 3)[i]!, 0);
        expect([...result.sums!]).toEqual([sum(0), sum(1), sum(2)]);
      });
    }));

  test('scatter gives each rank of the other group its own', () =>
    forEachRoot(async (rootSide, root) => {
      const to = other(rootSide);
      const n = sizeOf[to];
      const counts = everyRank(n).map((rank) => rank % 3);
      const results = await onBoth(shape, async (host, side) => {
        const { rank } = host.context;
        const options = { root: rootFor(side, rank, rootSide, root) };
        const isRoot = options.root === ROOT;
        const value = await collectives.scatter(host, isRoot ? names(to, n) : undefined, options);
        const recv = new Int32Array(3).fill(-1);
        const send = isRoot ? Int32Array.from(counts.flatMap((count, r) => [...numbers(to, r, count)])) : undefined;
        await collectives.scatterInto(host, send, recv, { ...options, ...(isRoot && { counts }) });
        return { value, recv };
      });
      results[to].forEach(({ value, recv }, rank) => {
        expect(value).toBe(`${to}${rank}`);
        expect([...recv]).toEqual([...numbers(to, rank, counts[rank]!), -1, -1, -1].slice(0, 3));
      });
    }));

  test('allgather, alltoall, allreduce and reduceScatter give each group what the other one has', async () => {
    const results = await onBoth(shape, async (host, side, { remote }) => {
      const { rank } = host.context;
      const all = await collectives.allgather(host, `${side}${rank}`);
      const mine = await collectives.alltoall(
        host,
        everyRank(remote).map((to) => `${side}${rank}>${to}`),
      );
      const reduced = await collectives.allreduce(host, `${side}${rank}`, join);
      const part = await collectives.reduceScatter(
        host,
        everyRank(remote).map((to) => `${side}${rank}>${to}`),
        join,
      );
      const recv = new Int32Array(remote * 2);
      await collectives.allgatherInto(host, numbers(side, rank, 2), recv);
      const sums = new Int32Array(4);
      await collectives.allreduceInto(host, numbers(side, rank, 4), sums, SUM);
      return { all, mine, reduced, part, recv, sums };
    });
    for (const side of ['a', 'b'] as const) {
      const from = other(side);
      const theirs = everyRank(sizeOf[from]);
      results[side].forEach((result, rank) => {
        expect(result.all).toEqual(names(from, sizeOf[from]));
        expect(result.mine).toEqual(theirs.map((r) => `${from}${r}>${rank}`));
        expect(result.reduced).toBe(names(from, sizeOf[from]).join(''));
        expect(result.part).toBe(theirs.map((r) => `${from}${r}>${rank}`).join(''));
        expect([...result.recv]).toEqual(theirs.flatMap((r) => [...numbers(from, r, 2)]));
        expect([...result.sums]).toEqual(
          [0, 1, 2, 3].map((i) => theirs.reduce((sum, r) => sum + numbers(from, r, 4)[i]!, 0)),
        );
      });
    }
  });

  test('alltoallInto moves uneven blocks and reduceScatterInto splits by the counts of the own group', async () => {
    const count = (source: number, dest: number) => (source + 2 * dest) % 3;
    const total = a * b * 2;
    const share = (size: number) =>
      everyRank(size).map((rank) => (rank === 0 ? total - (size - 1) * (total / size - 1) : total / size - 1));
    const results = await onBoth(shape, async (host, side, { own, remote }) => {
      const { rank } = host.context;
      const sendCounts = everyRank(remote).map((to) => (side === 'a' ? count(rank, to) : count(to, rank) + 1));
      const recvCounts = everyRank(remote).map((from) => (side === 'a' ? count(rank, from) + 1 : count(from, rank)));
      const recv = new Int32Array(recvCounts.reduce((x, y) => x + y, 0));
      const send = Int32Array.from(sendCounts.flatMap((length, to) => [...numbers(side, rank * 7 + to, length)]));
      await collectives.alltoallInto(host, send, recv, { sendCounts, recvCounts });
      const counts = share(own);
      const part = new Int32Array(counts[rank]!);
      await collectives.reduceScatterInto(host, numbers(side, rank, total), part, SUM, { counts });
      return { recv, recvCounts, part };
    });
    for (const side of ['a', 'b'] as const) {
      const from = other(side);
      const theirs = everyRank(sizeOf[from]);
      const counts = share(sizeOf[side]);
      results[side].forEach(({ recv, recvCounts, part }, rank) => {
        expect([...recv]).toEqual(theirs.flatMap((r) => [...numbers(from, r * 7 + rank, recvCounts[r]!)]));
        const start = counts.slice(0, rank).reduce((x, y) => x + y, 0);
        expect([...part]).toEqual(
          Array.from({ length: counts[rank]! }, (_, i) =>
            theirs.reduce((sum, r) => sum + numbers(from, r, total)[start + i]!, 0),
          ),
        );
      });
    }
  });

  test('barrier lets nobody out before everybody of both groups is in', async () => {
    let entered = 0;
    await onBoth(shape, async (host, side) => {
      if (side === 'b' && host.context.rank === b - 1) await new Promise((resolve) => setImmediate(resolve));
      entered += 1;
      await collectives.barrier(host);
      expect(entered).toBe(a + b);
    });
  });

  test('roots that are no rank of the other group are refused', async () => {
    await onBoth(shape, async (host, _, { remote }) => {
      for (const root of [remote, -remote - 10, 0.5]) {
        await expect(collectives.bcast(host, 1, { root })).rejects.toMatchObject({ code: 'PAR_RANK' });
        await expect(collectives.gather(host, 1, { root })).rejects.toMatchObject({ code: 'PAR_RANK' });
      }
    });
  });
});

import { IN_PLACE, SUM } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { ranksOf } from '../tagged.ts';

/** Element `index` of the block that `source` has for `dest`. */
const cell = (source: number, dest: number, index: number): number => source * 100 + dest * 10 + index;
const block = (source: number, dest: number, length = 2): number[] =>
  Array.from({ length }, (_, i) => cell(source, dest, i));

const gather: ConformanceCase = {
  name: 'gatherInto in place: the block of the root already lies in its receive buffer',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const root of ranksOf(size)) {
      const expected = Int32Array.from(ranksOf(size).flatMap((source) => block(source, root)));
      if (rank === root) {
        const recv = new Int32Array(2 * size).fill(-1);
        recv.set(block(root, root), 2 * root);
        await comm.gatherInto(IN_PLACE, recv, { root });
        t.equal(recv, expected, `root ${root}`);
      } else {
        await comm.gatherInto(Int32Array.from(block(rank, root)), undefined, { root });
      }
    }
  },
};

const scatter: ConformanceCase = {
  name: 'scatterInto in place: the root keeps its block where it lies',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const root of ranksOf(size)) {
      const send = Int32Array.from(ranksOf(size).flatMap((dest) => block(root, dest)));
      if (rank === root) {
        const before = send.slice();
        await comm.scatterInto(send, IN_PLACE, { root });
        t.equal(send, before, 'the send buffer');
      } else {
        const recv = new Int32Array(2);
        await comm.scatterInto(undefined, recv, { root });
        t.equal(recv, Int32Array.from(block(root, rank)), `root ${root}`);
      }
    }
  },
};

const allgather: ConformanceCase = {
  name: 'allgatherInto in place, with equal and with uneven blocks',
  async run(comm, t) {
    const { rank, size } = comm;
    const recv = new Int32Array(2 * size).fill(-1);
    recv.set(block(rank, 0), 2 * rank);
    await comm.allgatherInto(IN_PLACE, recv);
    t.equal(recv, Int32Array.from(ranksOf(size).flatMap((source) => block(source, 0))), 'equal blocks');
    const counts = ranksOf(size).map((source) => (source + 1) % 3);
    const displs = ranksOf(size).map((source) => source * 3);
    const uneven = new Int32Array(3 * size).fill(-1);
    uneven.set(block(rank, 0, counts[rank]), displs[rank]);
    const expected = new Int32Array(3 * size).fill(-1);
    for (const source of ranksOf(size)) expected.set(block(source, 0, counts[source]), displs[source]);
    await comm.allgatherInto(IN_PLACE, uneven, { counts, displs });
    t.equal(uneven, expected, 'uneven blocks');
  },
};

const alltoall: ConformanceCase = {
  name: 'alltoallInto in place turns row i into what the ranks had in column i',
  async run(comm, t) {
    const { rank, size } = comm;
    const buffer = Int32Array.from(ranksOf(size).flatMap((dest) => block(rank, dest)));
    await comm.alltoallInto(IN_PLACE, buffer);
    t.equal(buffer, Int32Array.from(ranksOf(size).flatMap((source) => block(source, rank))), 'equal blocks');
    const long = Int32Array.from(ranksOf(size).flatMap((dest) => block(rank, dest, 3000)));
    await comm.alltoallInto(long, long);
    t.equal(long, Int32Array.from(ranksOf(size).flatMap((source) => block(source, rank, 3000))), 'long blocks');
    // Symmetric counts, as MPI demands in place: ranks i and j exchange (i + j) mod 3 elements.
    const counts = ranksOf(size).map((peer) => (rank + peer) % 3);
    const displs = ranksOf(size).map((peer) => peer * 3);
    const uneven = new Int32Array(3 * size).fill(-1);
    const expected = new Int32Array(3 * size).fill(-1);
    for (const peer of ranksOf(size)) {
      uneven.set(block(rank, peer, counts[peer]), displs[peer]);
      expected.set(block(peer, rank, counts[peer]), displs[peer]);
    }
    await comm.alltoallInto(IN_PLACE, uneven, { recvCounts: counts, recvDispls: displs });
    t.equal(uneven, expected, 'uneven blocks');
  },
};

const reductions: ConformanceCase = {
  name: 'reduceInto, allreduceInto, scanInto and exscanInto in place',
  async run(comm, t) {
    const { rank, size } = comm;
    const add = (a: number, b: number) => a + b;
    const mine = () => Float64Array.of(rank + 1, 2 * rank, 0.5 - rank);
    const sum = (ranks: readonly number[]) =>
      Float64Array.of(
        ranks.reduce((s, r) => s + r + 1, 0),
        ranks.reduce((s, r) => s + 2 * r, 0),
        ranks.reduce((s, r) => s + 0.5 - r, 0),
      );
    const all = ranksOf(size);
    for (const op of [SUM, add]) {
      for (const root of all) {
        const buffer = mine();
        if (rank === root) await comm.reduceInto(IN_PLACE, buffer, op, { root });
        else await comm.reduceInto(buffer, undefined, op, { root });
        t.equal(buffer, rank === root ? sum(all) : mine(), `reduceInto, root ${root}`);
      }
      const everywhere = mine();
      await comm.allreduceInto(IN_PLACE, everywhere, op);
      t.equal(everywhere, sum(all), 'allreduceInto');
      const prefix = mine();
      await comm.scanInto(IN_PLACE, prefix, op);
      t.equal(prefix, sum(ranksOf(rank + 1)), 'scanInto');
      const before = mine();
      await comm.exscanInto(IN_PLACE, before, op);
      t.equal(before, rank === 0 ? mine() : sum(ranksOf(rank)), 'exscanInto');
    }
  },
};

const someInPlace: ConformanceCase = {
  name: 'allreduceInto of any length, in place on some ranks only',
  minSize: 2,
  on: ['world', 'split'],
  async run(comm, t) {
    const { rank, size } = comm;
    for (const length of [3, 12_000, 40_000]) {
      const mine = Int32Array.from({ length }, (_, i) => i + rank);
      const result = rank % 2 === 1 ? mine.slice() : new Int32Array(length);
      await comm.allreduceInto(rank % 2 === 1 ? IN_PLACE : mine, result, SUM);
      const expected = Int32Array.from({ length }, (_, i) => size * i + (size * (size - 1)) / 2);
      t.equal(result, expected, `${length} elements`);
    }
  },
};

const reduceScatter: ConformanceCase = {
  name: 'reduceScatterInto in place leaves the own part at the front of the buffer',
  async run(comm, t) {
    const { rank, size } = comm;
    const total = (dest: number, index: number) => ranksOf(size).reduce((sum, r) => sum + cell(r, dest, index), 0);
    const equal = Int32Array.from(ranksOf(size).flatMap((dest) => block(rank, dest)));
    await comm.reduceScatterInto(IN_PLACE, equal, SUM);
    t.equal(equal.slice(0, 2), Int32Array.of(total(rank, 0), total(rank, 1)), 'equal parts');
    const counts = ranksOf(size).map((dest) => dest % 3);
    const uneven = Int32Array.from(ranksOf(size).flatMap((dest) => block(rank, dest, counts[dest])));
    await comm.reduceScatterInto(IN_PLACE, uneven, SUM, { counts });
    const expected = Array.from({ length: counts[rank]! }, (_, i) => total(rank, i));
    t.equal(uneven.slice(0, counts[rank]), Int32Array.from(expected), 'uneven parts');
  },
};

const unequalParts: ConformanceCase = {
  name: 'reduceScatterInto gives rank i a part of counts[i] elements',
  async run(comm, t) {
    const { rank, size } = comm;
    const counts = ranksOf(size).map((dest) => dest + 1);
    const send = Int32Array.from(ranksOf(size).flatMap((dest) => block(rank, dest, counts[dest])));
    const recv = new Int32Array(counts[rank]!);
    await comm.reduceScatterInto(send, recv, SUM, { counts });
    const expected = Array.from(recv, (_, i) => ranksOf(size).reduce((sum, r) => sum + cell(r, rank, i), 0));
    t.equal(recv, Int32Array.from(expected), 'the part');
  },
};

export const inPlace: readonly ConformanceCase[] = [
  gather,
  scatter,
  allgather,
  alltoall,
  reductions,
  someInPlace,
  reduceScatter,
  unequalParts,
];

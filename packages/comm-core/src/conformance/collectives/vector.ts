import type { ConformanceCase } from '../case.ts';
import { ELEMENT_KINDS, filled, ranksOf, taggedArray } from '../tagged.ts';
import { joined } from './buffers.ts';

const INT32 = ELEMENT_KINDS.find((type) => type.name === 'Int32Array')!;
const FLOAT64 = ELEMENT_KINDS.find((type) => type.name === 'Float64Array')!;

/** Elements in the block of each rank: uneven, and some empty. */
function unevenCounts(size: number): number[] {
  return ranksOf(size).map((rank) => (rank * 5 + 2) % 4);
}

/** Displacements in reverse rank order with one element between the blocks, and the length of it all. */
function reversedBlocks(counts: readonly number[]): { displs: number[]; length: number } {
  const displs = counts.map(() => 0);
  let at = 1;
  for (let rank = counts.length - 1; rank >= 0; rank--) {
    displs[rank] = at;
    at += counts[rank]! + 1;
  }
  return { displs, length: at };
}

/** Blocks placed at displacements in an array that is −1 everywhere else. */
function placed(blocks: readonly ArrayLike<number>[], displs: readonly number[], length: number): Int32Array {
  const array = new Int32Array(length).fill(-1);
  for (const [i, block] of blocks.entries()) array.set(block, displs[i]);
  return array;
}

function block(length: number, source: number, dest: number): Int32Array {
  return taggedArray(INT32, length, source, dest) as Int32Array;
}

const gatherv: ConformanceCase = {
  name: 'gatherInto with uneven counts and displs in any order leaves the gaps untouched',
  async run(comm, t) {
    const { rank, size } = comm;
    const counts = unevenCounts(size);
    const { displs, length } = reversedBlocks(counts);
    for (const root of ranksOf(size)) {
      const recv = new Int32Array(length).fill(-1);
      await comm.gatherInto(block(counts[rank]!, rank, root), rank === root ? recv : undefined, {
        root,
        counts,
        displs,
      });
      const blocks = ranksOf(size).map((source) => block(counts[source]!, source, root));
      t.equal(recv, rank === root ? placed(blocks, displs, length) : recv.fill(-1), `root ${root}`);
    }
  },
};

const scatterv: ConformanceCase = {
  name: 'scatterInto with uneven counts and displs in any order sends each rank its own block',
  async run(comm, t) {
    const { rank, size } = comm;
    const counts = unevenCounts(size);
    const { displs, length } = reversedBlocks(counts);
    for (const root of ranksOf(size)) {
      const blocks = ranksOf(size).map((dest) => block(counts[dest]!, root, dest));
      const recv = new Int32Array(counts[rank]!).fill(-1);
      await comm.scatterInto(rank === root ? placed(blocks, displs, length) : undefined, recv, {
        root,
        counts,
        displs,
      });
      t.equal(recv, blocks[rank], `root ${root}`);
    }
  },
};

const allgatherv: ConformanceCase = {
  name: 'allgatherInto with uneven counts, with and without displs, leaves the gaps untouched',
  async run(comm, t) {
    const { rank, size } = comm;
    const counts = unevenCounts(size);
    const { displs, length } = reversedBlocks(counts);
    const blocks = ranksOf(size).map((source) => block(counts[source]!, source, 0));
    const recv = new Int32Array(length).fill(-1);
    await comm.allgatherInto(blocks[rank]!, recv, { counts, displs });
    t.equal(recv, placed(blocks, displs, length), 'with displs');
    const dense = new Int32Array(counts.reduce((sum, count) => sum + count, 0));
    await comm.allgatherInto(blocks[rank]!, dense, { counts });
    t.equal(dense, joined(INT32, blocks), 'one after the other');
  },
};

const stride: ConformanceCase = {
  name: 'one count and one stride for all ranks place the blocks at multiples of the stride',
  async run(comm, t) {
    const { rank, size } = comm;
    const [counts, displs] = [2, 5];
    const starts = ranksOf(size).map((peer) => peer * displs);
    const length = size * displs;
    const root = size - 1;
    const gathered = new Int32Array(length).fill(-1);
    await comm.gatherInto(block(2, rank, root), rank === root ? gathered : undefined, { root, counts, displs });
    const toRoot = ranksOf(size).map((source) => block(2, source, root));
    if (rank === root) t.equal(gathered, placed(toRoot, starts, length), 'gatherInto');
    const fromRoot = ranksOf(size).map((dest) => block(2, root, dest));
    const part = new Int32Array(2);
    const send = rank === root ? placed(fromRoot, starts, length) : undefined;
    await comm.scatterInto(send, part, { root, counts, displs });
    t.equal(part, fromRoot[rank], 'scatterInto');
    const all = new Int32Array(length).fill(-1);
    await comm.allgatherInto(block(2, rank, 0), all, { counts, displs });
    t.equal(
      all,
      placed(
        ranksOf(size).map((source) => block(2, source, 0)),
        starts,
        length,
      ),
      'allgatherInto',
    );
  },
};

const ownLayout: ConformanceCase = {
  name: 'equal blocks: each rank of allgatherInto and alltoallInto may place them in its own way',
  async run(comm, t) {
    const { rank, size } = comm;
    // Odd ranks take and give the blocks in reverse order, even ranks one after the other.
    const starts = ranksOf(size).map((peer) => 2 * (size - 1 - peer));
    const displs = rank % 2 === 1 ? starts : ranksOf(size).map((peer) => 2 * peer);
    const gathered = new Int32Array(2 * size);
    await comm.allgatherInto(block(2, rank, 0), gathered, rank % 2 === 1 ? { counts: 2, displs } : { counts: 2 });
    const all = ranksOf(size).map((source) => block(2, source, 0));
    t.equal(gathered, placed(all, displs, 2 * size), 'allgatherInto');
    const send = placed(
      ranksOf(size).map((dest) => block(2, rank, dest)),
      displs,
      2 * size,
    );
    const received = new Int32Array(2 * size);
    await comm.alltoallInto(send, received, rank % 2 === 1 ? { sendDispls: displs, recvDispls: displs } : {});
    const mine = ranksOf(size).map((source) => block(2, source, rank));
    t.equal(received, placed(mine, displs, 2 * size), 'alltoallInto');
  },
};

const alltoallv: ConformanceCase = {
  name: 'alltoallInto with uneven counts and displs on both sides moves each block to its place',
  async run(comm, t) {
    const { rank, size } = comm;
    // Rank i sends (i + 2 j) mod 4 elements to rank j: no two rows or columns alike, some empty.
    const count = (source: number, dest: number) => (source + 2 * dest) % 4;
    const sendCounts = ranksOf(size).map((dest) => count(rank, dest));
    const recvCounts = ranksOf(size).map((source) => count(source, rank));
    const sending = reversedBlocks(sendCounts);
    const receiving = reversedBlocks(recvCounts);
    const out = ranksOf(size).map((dest) => block(sendCounts[dest]!, rank, dest));
    const incoming = ranksOf(size).map((source) => block(recvCounts[source]!, source, rank));
    const recv = new Int32Array(receiving.length).fill(-1);
    await comm.alltoallInto(placed(out, sending.displs, sending.length), recv, {
      sendCounts,
      recvCounts,
      sendDispls: sending.displs,
      recvDispls: receiving.displs,
    });
    t.equal(recv, placed(incoming, receiving.displs, receiving.length), 'with displs');
    const dense = new Int32Array(recvCounts.reduce((sum, n) => sum + n, 0));
    await comm.alltoallInto(joined(INT32, out), dense, { sendCounts, recvCounts });
    t.equal(dense, joined(INT32, incoming), 'one after the other');
  },
};

const ragged: ConformanceCase = {
  name: 'a round in which only some ranks have something to gather leaves the rest of the buffer as it was',
  async run(comm, t) {
    const { rank, size } = comm;
    const items = 2 * size + 1;
    const recv = filled(FLOAT64, 3 * size, 88) as Float64Array;
    for (let round = 0; round * size < items; round++) {
      const counts = ranksOf(size).map((peer) => (round * size + peer < items ? 3 : 0));
      const displs = 3;
      const send = taggedArray(FLOAT64, counts[rank]!, rank, 0, round);
      await comm.gatherInto(send, rank === 0 ? recv : undefined, { counts, displs });
      if (rank !== 0) continue;
      for (const source of ranksOf(size)) {
        const latest = counts[source] ? round : round - 1;
        const expected = taggedArray(FLOAT64, 3, source, 0, latest);
        t.equal(recv.slice(3 * source, 3 * source + 3), expected, `round ${round}, rank ${source}`);
      }
    }
  },
};

const zeroCounts: ConformanceCase = {
  name: 'collectives in which every block is empty complete on every rank',
  async run(comm, t) {
    const { rank, size } = comm;
    const none = () => new Float32Array(0);
    const counts = ranksOf(size).map(() => 0);
    for (const root of ranksOf(size)) {
      await comm.bcastInto(none(), { root });
      await comm.gatherInto(none(), rank === root ? none() : undefined, { root });
      await comm.gatherInto(none(), rank === root ? none() : undefined, { root, counts });
      await comm.scatterInto(rank === root ? none() : undefined, none(), { root });
      await comm.scatterInto(rank === root ? none() : undefined, none(), { root, counts });
    }
    await comm.allgatherInto(none(), none());
    await comm.allgatherInto(none(), none(), { counts });
    await comm.alltoallInto(none(), none());
    await comm.alltoallInto(none(), none(), { sendCounts: counts, recvCounts: counts });
    t.equal(await comm.allgather(rank), ranksOf(size), 'the communicator afterwards');
  },
};

export const vectorCollectives: readonly ConformanceCase[] = [
  gatherv,
  scatterv,
  allgatherv,
  stride,
  ownLayout,
  alltoallv,
  ragged,
  zeroCounts,
];

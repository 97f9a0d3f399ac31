import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/codec/index.ts';
import {
  allgatherBruck,
  allgatherLinear,
  allgatherNeighborExchange,
  allgatherRecursiveDoubling,
  allgatherRing,
} from '../../src/collectives/algorithms/allgather.ts';
import { alltoallBruck, alltoallPairwise, alltoallScattered } from '../../src/collectives/algorithms/alltoall.ts';
import { barrierDissemination, barrierLinear } from '../../src/collectives/algorithms/barrier.ts';
import {
  bcastBinomial,
  bcastChain,
  bcastLinear,
  bcastPipelined,
  bcastScatterAllgather,
} from '../../src/collectives/algorithms/bcast.ts';
import { gatherBinomial, gatherLinear } from '../../src/collectives/algorithms/gather.ts';
import { scatterBinomial, scatterLinear } from '../../src/collectives/algorithms/scatter.ts';
import { type Blocks, BufferBlocks, ValueBlocks } from '../../src/collectives/blocks.ts';
import type { Call } from '../../src/collectives/call.ts';
import type { BufferView } from '../../src/transport/index.ts';
import { onEveryRank } from './late-network.ts';

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16];
const everyRank = (size: number) => Array.from({ length: size }, (_, rank) => rank);

/** Bytes only this pair of ranks exchanges; `length` differs from pair to pair. */
function payload(source: number, dest: number, length = (source * 7 + dest * 3) % 5): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => 1 + ((source * 31 + dest * 17 + i * 5) % 255));
}

/** A value that encodes to several segments. */
const valueFor = (source: number, dest: number) => ({ source, dest, data: Float64Array.of(source, dest, 0.5) });

/** Blocks of a rank: of values, or of buffers at uneven distances in one array. */
interface Carrier {
  readonly name: string;
  make(call: Call, holds: (block: number) => readonly [source: number, dest: number] | undefined): Blocks;
  read(blocks: Blocks, block: number): unknown;
  expected(source: number, dest: number): unknown;
}

const values: Carrier = {
  name: 'values',
  make(call, holds) {
    const blocks = new ValueBlocks(call, call.size);
    for (const rank of everyRank(call.size)) {
      const held = holds(rank);
      if (held !== undefined) blocks.parcels[rank] = encode(valueFor(...held));
    }
    return blocks;
  },
  read: (blocks, block) => decode(blocks.parcel(block)),
  expected: valueFor,
};

function buffers(gap: number, lengthOf: (source: number, dest: number) => number, name: string): Carrier {
  return {
    name,
    make(call, holds) {
      const memory = new Uint8Array(call.size * 64).fill(255);
      let at = 0;
      const blocks = everyRank(call.size).map((rank) => {
        const held = holds(rank);
        // What is to come has its length from the rank it comes from.
        const [source, dest] = held ?? incoming(call, rank);
        const block = memory.subarray(at, at + lengthOf(source, dest));
        if (held !== undefined) block.set(payload(source, dest, lengthOf(source, dest)));
        at += block.length + gap;
        return block;
      });
      return new BufferBlocks(call, 'uint8', blocks);
    },
    read: (blocks, block) => new Uint8Array(blocks.parcel(block)[0]!),
    expected: (source, dest) => payload(source, dest, lengthOf(source, dest)),
  };
}

let incoming: (call: Call, block: number) => readonly [number, number];

const CARRIERS = [
  values,
  buffers(0, (source) => source % 4, 'adjacent buffers, some empty'),
  buffers(3, (source, dest) => 1 + ((source * 7 + dest * 3) % 5), 'buffers with gaps'),
];

describe.each(CARRIERS)('$name', (carrier) => {
  const allgathers: [string, (call: Call, blocks: Blocks) => Promise<void>, (size: number) => boolean][] = [
    ['linear', allgatherLinear, () => true],
    ['recursive doubling', allgatherRecursiveDoubling, (size) => (size & (size - 1)) === 0],
    ['Bruck', allgatherBruck, () => true],
    ['neighbour exchange', allgatherNeighborExchange, (size) => size % 2 === 0],
    ['ring', (call, blocks) => allgatherRing(call, blocks), () => true],
  ];
  test.each(allgathers)(
    'allgather %s brings every block to its place on every rank',
    async (_, algorithm, possible) => {
      incoming = (_call, block) => [block, 0];
      for (const size of SIZES.filter(possible)) {
        const results = await onEveryRank(size, async (call) => {
          const blocks = carrier.make(call, (block) => (block === call.rank ? [block, 0] : undefined));
          await algorithm(call, blocks);
          return everyRank(size).map((block) => carrier.read(blocks, block));
        });
        const expected = everyRank(size).map((source) => carrier.expected(source, 0));
        for (const result of results) expect(result).toEqual(expected);
      }
    },
  );

  const rooted: [string, 'gather' | 'scatter', (call: Call, blocks: Blocks, root: number) => Promise<void>][] = [
    ['gather linear', 'gather', gatherLinear],
    ['gather binomial, all joined', 'gather', (call, blocks, root) => gatherBinomial(call, blocks, root, 4096)],
    ['gather binomial, some direct', 'gather', (call, blocks, root) => gatherBinomial(call, blocks, root, 2)],
    ['scatter linear', 'scatter', scatterLinear],
    ['scatter binomial, all joined', 'scatter', (call, blocks, root) => scatterBinomial(call, blocks, root, 4096)],
    ['scatter binomial, some direct', 'scatter', (call, blocks, root) => scatterBinomial(call, blocks, root, 2)],
  ];
  test.each(rooted)('%s moves every block between its rank and each root', async (_, kind, algorithm) => {
    incoming = (_call, block) => [block, 1];
    for (const size of SIZES) {
      for (const root of everyRank(size)) {
        const results = await onEveryRank(size, async (call) => {
          const isSource = kind === 'gather' ? () => true : () => call.rank === root;
          const blocks = carrier.make(call, (block) => {
            const mine = kind === 'gather' ? block === call.rank : true;
            return isSource() && mine ? [block, 1] : undefined;
          });
          await algorithm(call, blocks, root);
          return blocks;
        });
        for (const rank of everyRank(size)) {
          const held = kind === 'gather' ? results[root]! : results[rank]!;
          expect(carrier.read(held, rank)).toEqual(carrier.expected(rank, 1));
        }
      }
    }
  });

  const alltoalls: [string, (call: Call, outgoing: Blocks, incoming: Blocks) => Promise<void>][] = [
    ['scattered', alltoallScattered],
    ['pairwise', alltoallPairwise],
    ['Bruck, all joined', (call, outgoing, incoming) => alltoallBruck(call, outgoing, incoming, 4096)],
    ['Bruck, some direct', (call, outgoing, incoming) => alltoallBruck(call, outgoing, incoming, 2)],
  ];
  test.each(alltoalls)('alltoall %s brings every block to its destination', async (_, algorithm) => {
    incoming = (call, block) => [block, call.rank];
    for (const size of SIZES) {
      const results = await onEveryRank(size, async (call) => {
        const outgoing = carrier.make(call, (dest) => [call.rank, dest]);
        const arriving = carrier.make(call, () => undefined);
        arriving.accept(call.rank, outgoing.parcel(call.rank));
        await algorithm(call, outgoing, arriving);
        return everyRank(size).map((source) => carrier.read(arriving, source));
      });
      results.forEach((result, dest) => {
        expect(result).toEqual(everyRank(size).map((source) => carrier.expected(source, dest)));
      });
    }
  });

  const bcasts: [string, (call: Call, blocks: Blocks, root: number) => Promise<void>][] = [
    ['linear', bcastLinear],
    ['binomial', bcastBinomial],
  ];
  test.each(bcasts)('bcast %s brings the block from each root to every rank', async (_, algorithm) => {
    incoming = () => [2, 0];
    for (const size of SIZES) {
      for (const root of everyRank(size)) {
        const results = await onEveryRank(size, async (call) => {
          const blocks = carrier.make(call, (block) => (block === 0 && call.rank === root ? [2, 0] : undefined));
          await algorithm(call, blocks, root);
          return carrier.read(blocks, 0);
        });
        for (const result of results) expect(result).toEqual(carrier.expected(2, 0));
      }
    }
  });
});

const bufferBcasts: [string, (call: Call, view: BufferView, root: number) => Promise<void>][] = [
  ['pipelined', (call, view, root) => bcastPipelined(call, view, root, 4)],
  ['chain', (call, view, root) => bcastChain(call, view, root, 4)],
  ['scatter and allgather', bcastScatterAllgather],
];
test.each(bufferBcasts)('bcast %s brings buffers of any length from each root to every rank', async (_, algorithm) => {
  for (const size of SIZES) {
    for (const root of everyRank(size)) {
      for (const length of [0, 1, 5, 23]) {
        const results = await onEveryRank(size, async (call) => {
          const bytes = call.rank === root ? payload(root, 9, length) : new Uint8Array(length);
          await algorithm(call, { bytes, type: 'uint8' }, root);
          return bytes;
        });
        for (const result of results) expect(result).toEqual(payload(root, 9, length));
      }
    }
  }
});

test.each([
  ['linear', barrierLinear],
  ['dissemination', barrierDissemination],
])('barrier %s lets nobody out before everybody is in', async (_, algorithm) => {
  for (const size of SIZES) {
    for (const late of everyRank(size)) {
      let entered = 0;
      await onEveryRank(size, async (call) => {
        if (call.rank === late) await new Promise((resolve) => setImmediate(resolve));
        entered += 1;
        await algorithm(call);
        expect(entered).toBe(size);
      });
    }
  }
});

import { expect, test } from 'vitest';
import {
  allgatherBruck,
  allgatherLinear,
  allgatherNeighborExchange,
  allgatherRecursiveDoubling,
  allgatherRing,
} from '../../src/collectives/algorithms/allgather.ts';
import {
  allreduceRabenseifner,
  allreduceRecursiveDoubling,
  allreduceRing,
} from '../../src/collectives/algorithms/allreduce.ts';
import { alltoallBruck, alltoallPairwise, alltoallScattered } from '../../src/collectives/algorithms/alltoall.ts';
import { barrierDissemination, barrierLinear } from '../../src/collectives/algorithms/barrier.ts';
import { bcastBinomial, bcastLinear, bcastScatterAllgather } from '../../src/collectives/algorithms/bcast.ts';
import { gatherBinomial, gatherLinear } from '../../src/collectives/algorithms/gather.ts';
import { reduceBinomial, reduceRabenseifner } from '../../src/collectives/algorithms/reduce.ts';
import {
  reduceScatterOrdered,
  reduceScatterPairwise,
  reduceScatterRecursiveHalving,
} from '../../src/collectives/algorithms/reduce-scatter.ts';
import { scatterBinomial, scatterLinear } from '../../src/collectives/algorithms/scatter.ts';
import { BufferBlocks } from '../../src/collectives/blocks.ts';
import type { Call } from '../../src/collectives/call.ts';
import { BufferReduction } from '../../src/collectives/reduction.ts';
import { toBufferView } from '../../src/datatype/index.ts';
import { SUM } from '../../src/ops/index.ts';
import { LateNetwork, onEveryRank } from './late-network.ts';

/** Elements of each rank's block; every size below divides it. */
const BLOCK = 5040;
const bytesOf = (elements: number) => elements * 8;

function blocks(call: Call): BufferBlocks {
  const memory = new Float64Array(BLOCK * call.size);
  const one = (rank: number) => memory.subarray(rank * BLOCK, (rank + 1) * BLOCK);
  return new BufferBlocks(
    call,
    'float64',
    Array.from({ length: call.size }, (_, rank) => toBufferView(one(rank), 'test').bytes),
  );
}
const reduction = (call: Call) => new BufferReduction(call, SUM, toBufferView(new Float64Array(BLOCK), 'test'));
const parts = (call: Call) => {
  const input = new Float64Array(BLOCK * call.size);
  const block = (rank: number) => input.subarray(rank * BLOCK, (rank + 1) * BLOCK);
  return { input: toBufferView(input, 'test'), op: SUM, blocks: Array.from({ length: call.size }, (_, r) => block(r)) };
};

interface Cost {
  readonly name: string;
  run(call: Call): Promise<unknown>;
  /** Messages of all ranks together. */
  messages?(p: number): number;
  /** Elements of all messages together. */
  elements?(p: number): number;
  readonly sizes?: readonly number[];
}

const POWERS = [2, 4, 8, 16];
const EVEN = [2, 4, 6, 8, 16];
const log2 = (p: number) => Math.ceil(Math.log2(p));
const everyPair = (p: number) => p * (p - 1);
const everybodyElse = (p: number) => p - 1;

const COSTS: Cost[] = [
  { name: 'barrier linear', run: barrierLinear, messages: (p) => 2 * (p - 1) },
  { name: 'barrier dissemination', run: barrierDissemination, messages: (p) => p * log2(p) },
  {
    name: 'bcast linear',
    run: (call) => bcastLinear(call, blocks(call), 1),
    messages: everybodyElse,
    elements: (p) => (p - 1) * BLOCK,
  },
  {
    name: 'bcast binomial',
    run: (call) => bcastBinomial(call, blocks(call), 1),
    messages: everybodyElse,
    elements: (p) => (p - 1) * BLOCK,
  },
  {
    // The scatter sends each piece once for every bit of its distance from the root, in the worst case.
    name: 'bcast scatter and allgather',
    run: (call) => bcastScatterAllgather(call, toBufferView(new Float64Array(BLOCK), 'test'), 1),
    elements: (p) => BLOCK * (p - 1) + (BLOCK / p) * (p / 2) * log2(p),
    sizes: POWERS,
  },
  {
    name: 'gather linear',
    run: (call) => gatherLinear(call, blocks(call), 1),
    messages: everybodyElse,
    elements: (p) => (p - 1) * BLOCK,
  },
  { name: 'gather binomial', run: (call) => gatherBinomial(call, blocks(call), 1, 1e6), messages: everybodyElse },
  {
    name: 'scatter linear',
    run: (call) => scatterLinear(call, blocks(call), 1),
    messages: everybodyElse,
    elements: (p) => (p - 1) * BLOCK,
  },
  { name: 'scatter binomial', run: (call) => scatterBinomial(call, blocks(call), 1, 1e6), messages: everybodyElse },
  {
    name: 'allgather linear',
    run: (call) => allgatherLinear(call, blocks(call)),
    messages: everyPair,
    elements: (p) => everyPair(p) * BLOCK,
  },
  {
    name: 'allgather ring',
    run: (call) => allgatherRing(call, blocks(call)),
    messages: everyPair,
    elements: (p) => everyPair(p) * BLOCK,
  },
  {
    name: 'allgather Bruck',
    run: (call) => allgatherBruck(call, blocks(call)),
    messages: (p) => p * log2(p),
    elements: (p) => everyPair(p) * BLOCK,
  },
  {
    name: 'allgather recursive doubling',
    run: (call) => allgatherRecursiveDoubling(call, blocks(call)),
    messages: (p) => p * log2(p),
    elements: (p) => everyPair(p) * BLOCK,
    sizes: POWERS,
  },
  {
    name: 'allgather neighbour exchange',
    run: (call) => allgatherNeighborExchange(call, blocks(call)),
    messages: (p) => p * (p / 2),
    elements: (p) => everyPair(p) * BLOCK,
    sizes: EVEN,
  },
  {
    name: 'alltoall scattered',
    run: (call) => alltoallScattered(call, blocks(call), blocks(call)),
    messages: everyPair,
    elements: (p) => everyPair(p) * BLOCK,
  },
  {
    name: 'alltoall pairwise',
    run: (call) => alltoallPairwise(call, blocks(call), blocks(call)),
    messages: everyPair,
    elements: (p) => everyPair(p) * BLOCK,
  },
  {
    name: 'alltoall Bruck, joined',
    run: (call) => alltoallBruck(call, blocks(call), blocks(call), 1e6),
    messages: (p) => p * log2(p),
  },
  {
    name: 'alltoall Bruck, direct',
    run: (call) => alltoallBruck(call, blocks(call), blocks(call), 8),
    messages: (p) => p * log2(p) + everyPair(p),
  },
  {
    name: 'reduce binomial',
    run: (call) => reduceBinomial(call, reduction(call), reduction(call).input, 1),
    messages: everybodyElse,
    elements: (p) => (p - 1) * BLOCK,
  },
  {
    // In the gather after the halving every rank's part, or the parts it got, moves n/2 elements in each step.
    name: 'reduce Rabenseifner',
    run: (call) => reduceRabenseifner(call, reduction(call), 1),
    elements: (p) => (p - 1) * BLOCK + (BLOCK / 2) * log2(p),
    sizes: POWERS,
  },
  {
    name: 'allreduce recursive doubling',
    run: (call) => allreduceRecursiveDoubling(call, reduction(call), reduction(call).input),
    messages: folded,
  },
  {
    name: 'allreduce Rabenseifner',
    run: (call) => allreduceRabenseifner(call, reduction(call)),
    elements: (p) => 2 * (p - 1) * BLOCK,
    sizes: POWERS,
  },
  {
    name: 'allreduce ring',
    run: (call) => allreduceRing(call, reduction(call), 1e6),
    messages: (p) => 2 * everyPair(p),
    elements: (p) => 2 * (p - 1) * BLOCK,
  },
  {
    name: 'reduce-scatter recursive halving',
    run: (call) => reduceScatterRecursiveHalving(call, parts(call)),
    messages: (p) => p * log2(p),
    elements: (p) => everyPair(p) * BLOCK,
    sizes: POWERS,
  },
  {
    name: 'reduce-scatter pairwise',
    run: (call) => reduceScatterPairwise(call, parts(call)),
    messages: everyPair,
    elements: (p) => everyPair(p) * BLOCK,
  },
  {
    name: 'reduce-scatter ordered',
    run: (call) => reduceScatterOrdered(call, parts(call)),
    messages: everyPair,
    elements: (p) => everyPair(p) * BLOCK,
  },
];

/** Every rank that is folded in sends once and receives once; the rest exchange log2 times. */
function folded(p: number): number {
  const members = 2 ** Math.floor(Math.log2(p));
  return members * Math.log2(members) + 2 * (p - members);
}

test.each(COSTS)('$name needs as many messages and bytes as it should', async (cost) => {
  for (const size of cost.sizes ?? [2, 3, 4, 5, 6, 7, 8, 9]) {
    const network = new LateNetwork(size);
    await onEveryRank<unknown>(size, cost.run, network);
    if (cost.messages) expect(network.messages).toBe(cost.messages(size));
    if (cost.elements) expect(network.bytes).toBe(bytesOf(cost.elements(size)));
  }
});

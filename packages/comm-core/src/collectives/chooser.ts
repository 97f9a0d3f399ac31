import { override } from './overrides.ts';

const KiB = 1024;
const MiB = 1024 * KiB;

/**
 * Where one algorithm overtakes another, in bytes of the whole buffer unless said otherwise. Measured by
 * benchmarks/collectives/crossover.ts at 2, 4, 8 and 16 ranks over Unix sockets and TCP on one host of 2 cores; what it
 * could not see there (more ranks, ranks with a network of their own) follows MPICH's and Open MPI's tables.
 */
export const THRESHOLDS = {
  /** Largest size at which one rank serves all others by itself. */
  linearSize: 4,
  /** Largest size at which small operands go from everybody to everybody in one round. */
  allToAllSize: 8,
  /** Smallest size at which gather and scatter join small blocks on the way; up to 16 ranks it took twice as long. */
  packetSize: 32,
  bcastSegmented: 512 * KiB,
  bcastScatter: 8 * MiB,
  bcastSegment: 128 * KiB,
  /** Bytes of one block up to which gather and scatter join it with others on the way. */
  packetBlock: 4 * KiB,
  allgatherRounds: 64 * KiB,
  allgatherRing: 512 * KiB,
  /** Smallest size at which alltoall joins small blocks on the way: a tie at 8 ranks, half the time at 16. */
  alltoallPacketSize: 16,
  /** Bytes of one block up to which it does. */
  alltoallPacketBlock: 256,
  /** Bytes of one block above which alltoall makes one exchange at a time. */
  alltoallPairwise: 4 * MiB,
  reduceHalving: 4 * MiB,
  allreduceGather: 4 * KiB,
  allreduceHalving: 256 * KiB,
  allreduceRing: 1 * MiB,
  allreduceSegment: 256 * KiB,
  /** Bytes of one rank's block from which reduce-scatter goes from rank to rank. */
  reduceScatterPairwise: 64 * KiB,
  scanPipelined: 16 * KiB,
  scanSegment: 64 * KiB,
} as const;

export type BarrierAlgorithm = 'linear' | 'dissemination';
export type BcastAlgorithm = 'linear' | 'binomial' | 'pipelined' | 'chain' | 'scatter-allgather';
export type GatherAlgorithm = 'linear' | 'binomial';
export type AllgatherAlgorithm = 'linear' | 'recursive-doubling' | 'bruck' | 'neighbor-exchange' | 'ring';
export type AlltoallAlgorithm = 'scattered' | 'pairwise' | 'bruck';
export type ReduceAlgorithm = 'binomial' | 'rabenseifner';
export type AllreduceAlgorithm = 'allgather' | 'recursive-doubling' | 'rabenseifner' | 'ring';
export type ReduceScatterAlgorithm = 'recursive-halving' | 'pairwise' | 'ordered';
export type ScanAlgorithm = 'recursive-doubling' | 'linear' | 'pipelined';

/**
 * Every choice depends only on what all ranks know to be equal: the size, whether an op commutes, and for buffers their
 * length. `bytes` undefined: values, whose sizes only their owners know.
 */
export function chooseBarrier(): BarrierAlgorithm {
  return override('BARRIER', ['linear', 'dissemination']) ?? 'dissemination';
}

export function chooseBcast(size: number, bytes: number | undefined): BcastAlgorithm {
  const whole = ['linear', 'binomial'] as const;
  const allowed = bytes === undefined ? whole : ([...whole, 'pipelined', 'chain', 'scatter-allgather'] as const);
  const chosen = override('BCAST', allowed);
  if (chosen !== undefined) return chosen;
  if (bytes !== undefined && bytes >= THRESHOLDS.bcastScatter && size >= 4) return 'scatter-allgather';
  if (size <= THRESHOLDS.linearSize) return 'linear';
  return bytes !== undefined && bytes >= THRESHOLDS.bcastSegmented ? 'pipelined' : 'binomial';
}

/** Also for buffers by size alone: only the root knows all counts. Large blocks leave the tree by themselves. */
export function chooseGather(size: number): GatherAlgorithm {
  return override('GATHER', ['linear', 'binomial']) ?? (size >= THRESHOLDS.packetSize ? 'binomial' : 'linear');
}

export function chooseScatter(size: number): GatherAlgorithm {
  return override('SCATTER', ['linear', 'binomial']) ?? (size >= THRESHOLDS.packetSize ? 'binomial' : 'linear');
}

/** `bytes`: sum of all ranks' blocks. */
export function chooseAllgather(size: number, bytes: number | undefined): AllgatherAlgorithm {
  const allowed: AllgatherAlgorithm[] = ['linear', 'bruck', 'ring'];
  const powerOfTwo = (size & (size - 1)) === 0;
  if (powerOfTwo) allowed.push('recursive-doubling');
  if (size % 2 === 0) allowed.push('neighbor-exchange');
  const chosen = override('ALLGATHER', allowed);
  if (chosen !== undefined) return chosen;
  if (size <= THRESHOLDS.linearSize) return 'linear';
  if (bytes === undefined || bytes < THRESHOLDS.allgatherRounds) return powerOfTwo ? 'recursive-doubling' : 'bruck';
  return bytes < THRESHOLDS.allgatherRing && size % 2 === 0 ? 'neighbor-exchange' : 'ring';
}

/** `blockBytes`: bytes of every block when all are equal; `unequal` otherwise. */
export function chooseAlltoall(size: number, blockBytes: number | 'unequal' | undefined): AlltoallAlgorithm {
  const joinable = blockBytes !== 'unequal';
  const chosen = override('ALLTOALL', joinable ? ['scattered', 'pairwise', 'bruck'] : ['scattered', 'pairwise']);
  if (chosen !== undefined) return chosen;
  if (blockBytes === 'unequal') return 'scattered';
  if (size >= THRESHOLDS.alltoallPacketSize && (blockBytes ?? 0) <= THRESHOLDS.alltoallPacketBlock) return 'bruck';
  return (blockBytes ?? 0) > THRESHOLDS.alltoallPairwise ? 'pairwise' : 'scattered';
}

/** Buffers; values are never cut in pieces. */
export function chooseReduce(bytes: number): ReduceAlgorithm {
  const chosen = override('REDUCE', ['binomial', 'rabenseifner']);
  return chosen ?? (bytes >= THRESHOLDS.reduceHalving ? 'rabenseifner' : 'binomial');
}

export function chooseAllreduce(size: number, bytes: number | undefined, commutative: boolean): AllreduceAlgorithm {
  const allowed: AllreduceAlgorithm[] = ['allgather', 'recursive-doubling'];
  if (bytes !== undefined) allowed.push('rabenseifner');
  if (bytes !== undefined && commutative) allowed.push('ring');
  const chosen = override('ALLREDUCE', allowed);
  if (chosen !== undefined) return chosen;
  // Recursive doubling needs two rounds more when ranks must be folded in; powers of two are as well off with fewer messages.
  const oneRound = size <= THRESHOLDS.allToAllSize && (size & (size - 1)) !== 0;
  if (oneRound && (bytes ?? 0) < THRESHOLDS.allreduceGather) return 'allgather';
  if (bytes === undefined) return 'recursive-doubling';
  if (bytes < THRESHOLDS.allreduceHalving || size === 2) return 'recursive-doubling';
  return bytes < THRESHOLDS.allreduceRing || !commutative ? 'rabenseifner' : 'ring';
}

/** `bytes`: the whole input. */
export function chooseReduceScatter(size: number, bytes: number, commutative: boolean): ReduceScatterAlgorithm {
  const allowed: ReduceScatterAlgorithm[] = ['recursive-halving', 'ordered'];
  if (commutative) allowed.push('pairwise');
  const chosen = override('REDUCE_SCATTER', allowed);
  if (chosen !== undefined) return chosen;
  if (bytes < THRESHOLDS.reduceScatterPairwise * size) return 'recursive-halving';
  return commutative ? 'pairwise' : 'ordered';
}

/** Scan and exscan. */
export function chooseScan(size: number, bytes: number | undefined): ScanAlgorithm {
  const whole = ['recursive-doubling', 'linear'] as const;
  const chosen = override('SCAN', bytes === undefined ? whole : ([...whole, 'pipelined'] as const));
  if (chosen !== undefined) return chosen;
  if (bytes !== undefined && bytes >= THRESHOLDS.scanPipelined) return 'pipelined';
  return size <= 2 ? 'linear' : 'recursive-doubling';
}

// One rank of crossover.ts: times one collective at growing sizes. Rank 0 prints: bytes microseconds (the slowest rank's median).
import { init, MAX, SUM, wtime } from '@par/comm-core';

const operation = process.argv[2]!;
const sizes = process.argv[3]!.split(',').map(Number);
const world = await init();
const { rank, size } = world;

/** The collective on buffers of `bytes` altogether (alltoall: of one block). */
function calls(bytes: number): () => Promise<unknown> {
  const all = new Float64Array(Math.max(1, bytes / 8)).fill(rank + 1);
  const result = new Float64Array(all.length);
  const part = new Float64Array(Math.max(1, Math.floor(all.length / size))).fill(rank + 1);
  const parts = new Float64Array(part.length * size);
  const blocks = new Float64Array(all.length * size).fill(rank);
  const received = new Float64Array(blocks.length);
  switch (operation) {
    case 'BARRIER':
      return () => world.barrier();
    case 'BCAST':
      return () => world.bcastInto(all);
    case 'GATHER':
      return () => world.gatherInto(part, rank === 0 ? parts : undefined);
    case 'SCATTER':
      return () => world.scatterInto(rank === 0 ? parts : undefined, part);
    case 'ALLGATHER':
      return () => world.allgatherInto(part, parts);
    case 'ALLTOALL':
      return () => world.alltoallInto(blocks, received);
    case 'REDUCE':
      return () => world.reduceInto(all, rank === 0 ? result : undefined, SUM);
    case 'ALLREDUCE':
      return () => world.allreduceInto(all, result, SUM);
    case 'REDUCE_SCATTER':
      return () => world.reduceScatterInto(parts, part, SUM);
    case 'SCAN':
      return () => world.scanInto(all, result, SUM);
    default:
      throw new Error(`unknown operation ${operation}`);
  }
}

for (const bytes of sizes) {
  const call = calls(bytes);
  const repetitions = bytes <= 65_536 ? 200 : bytes <= 2 ** 20 ? 40 : 10;
  const samples: number[] = [];
  for (let i = -Math.ceil(repetitions / 5); i < repetitions; i++) {
    await world.barrier();
    const start = wtime();
    await call();
    if (i >= 0) samples.push(wtime() - start);
  }
  samples.sort((a, b) => a - b);
  const slowest = await world.reduce(samples[samples.length >> 1]! * 1e6, MAX);
  if (slowest !== undefined) console.log(bytes, slowest.toFixed(1));
}

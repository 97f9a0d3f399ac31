// Rank 0 deals out four numbers per rank, everybody doubles its own, and everybody sees the whole result.
//   par run -np 4 scatter-gather.ts
import { init } from '@par/comm-core';

const each = 4;
const world = await init();

const all = world.rank === 0 ? Float64Array.from({ length: each * world.size }, (_, i) => i) : undefined;
const mine = new Float64Array(each);
await world.scatterInto(all, mine);

for (let i = 0; i < each; i++) mine[i] = mine[i]! * 2;

const doubled = new Float64Array(each * world.size);
await world.allgatherInto(mine, doubled);
doubled.forEach((value, i) => {
  if (value !== 2 * i) throw new Error(`rank ${world.rank}: element ${i} is ${value}, not ${2 * i}`);
});
if (world.rank === 0) console.log(`Doubled on ${world.size} ranks: ${doubled.join(' ')}`);

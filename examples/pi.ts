// π as the integral of 4/(1+x²) over 0…1: each rank adds up every size-th strip.
//   par run -np 4 pi.ts [strips]
import { init, SUM } from '@par/comm-core';

const strips = Number(process.argv[2] ?? 10_000_000);
const world = await init();
const width = 1 / strips;

let sum = 0;
for (let strip = world.rank; strip < strips; strip += world.size) {
  const x = (strip + 0.5) * width;
  sum += 4 / (1 + x * x);
}

const pi = await world.reduce(sum * width, SUM);
if (pi !== undefined) {
  const error = Math.abs(pi - Math.PI);
  if (error > 1e-9) throw new Error(`π came out as ${pi}`);
  console.log(`π ≈ ${pi.toFixed(12)} from ${strips} strips on ${world.size} ranks (error ${error.toExponential(1)})`);
}

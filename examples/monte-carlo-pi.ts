// π from random points, in batches that any free worker takes, with a line that shows how far it is.
//
//   node monte-carlo-pi.ts [batches]        par run -np 4 monte-carlo-pi.ts [batches]
import { Client, initialize } from '@par/futures';

const POINTS = 200_000;
const batches = Number(process.argv[2] ?? 50);

await initialize();
const client = new Client();

/** How many of the points of one batch lie within the quarter circle. Mulberry32, so that a batch is always the same. */
function hits(seed: number): number {
  let state = seed * 0x9e3779b9;
  const random = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  let inside = 0;
  for (let i = 0; i < POINTS; i++) if (random() ** 2 + random() ** 2 < 1) inside++;
  return inside;
}

const seeds = Array.from({ length: batches }, (_, i) => i + 1);
const futures = client.map(hits, seeds);
// A line on a terminal: how many are done and running, how fast it goes, how long it will take.
await client.progress(futures);
const inside = (await client.gather(futures)).reduce((sum, count) => sum + count, 0);

const points = batches * POINTS;
const estimate = (4 * inside) / points;
// Six standard deviations of a mean of that many points.
const tolerance = 6 * Math.sqrt((Math.PI * (4 - Math.PI)) / points);
if (Math.abs(estimate - Math.PI) > tolerance) throw new Error(`π is not ${estimate}`);
console.log(`π ≈ ${estimate.toFixed(5)} ± ${tolerance.toFixed(5)} from ${points} points`);

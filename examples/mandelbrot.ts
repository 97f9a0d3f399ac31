// The Mandelbrot set, a line of characters per call: an executor, for those who know concurrent.futures and mpi4py.futures.
//
//   node mandelbrot.ts [columns]        par run -np 3 mandelbrot.ts [columns]        mpirun -np 3 node mandelbrot.ts
import { init } from '@par/comm-core';
import { executor } from '@par/futures';

const columns = Number(process.argv[2] ?? 72);
const rows = Math.round(columns / 4) * 2 + 1;
const SHADES = ' .:-=+*#%@';
const DEPTH = 2000;

/** One line of the picture: how long each point takes to leave the circle of radius 2. */
function line(y: number, columns: number): string {
  let text = '';
  for (let column = 0; column < columns; column++) {
    const x = -2.1 + (column / columns) * 2.8;
    let [re, im, steps] = [0, 0, 0];
    while (re * re + im * im <= 4 && steps < DEPTH) {
      [re, im] = [re * re - im * im + x, 2 * re * im + y];
      steps++;
    }
    text += SHADES[Math.min(SHADES.length - 1, Math.floor(Math.log2(steps)))];
  }
  return text;
}

const world = await init();
await using pool = await executor(world); // rank 0's; all others work until it ends, and get undefined
if (pool) {
  const heights = Array.from({ length: rows }, (_, row) => 1.2 - (2.4 * row) / (rows - 1));
  const picture: string[] = [];
  // In order, though the lines in the middle take longest; four of them are one task.
  for await (const text of pool.with({ chunkSize: 4 }).map(line, heights, Array(rows).fill(columns) as number[])) {
    console.log(text);
    picture.push(text);
  }
  if (picture.some((text, row) => text !== picture.at(-1 - row)))
    throw new Error('above and below are not mirror images');
}

// C = A·B by Cannon's algorithm: tiles travel left and up on a periodic square grid while they are multiplied.
//   par run -np 4 cannon.ts [tile]        (1, 4, 9, 16 … ranks; further ranks stay idle)
import { init, SUM } from '@par/comm-core';

const tile = Number(process.argv[2] ?? 48);
const world = await init();
const q = Math.floor(Math.sqrt(world.size));
const grid = await world.cartesian([q, q], { periodic: true });

let mismatches = 0;
if (grid) {
  const [row, column] = grid.coords as [number, number];
  const n = q * tile;
  const a = (i: number, j: number): number => ((i * 7 + j * 3) % 11) - 5;
  const b = (i: number, j: number): number => ((i * 5 + j * 2) % 13) - 6;
  const fill = (f: (i: number, j: number) => number, r: number, c: number) =>
    Float64Array.from({ length: tile * tile }, (_, k) => f(r * tile + Math.floor(k / tile), c * tile + (k % tile)));

  // Row r starts r tiles to the left, column c starts c tiles up.
  let left = fill(a, row, (column + row) % q);
  let up = fill(b, (row + column) % q, column);
  let nextLeft = new Float64Array(tile * tile);
  let nextUp = new Float64Array(tile * tile);
  const c = new Float64Array(tile * tile);
  const alongRow = grid.shift(1, -1);
  const alongColumn = grid.shift(0, -1);

  for (let step = 0; step < q; step++) {
    // The next tiles travel while these are multiplied.
    const moving = Promise.all([
      grid.sendrecvInto(left, nextLeft, { ...alongRow, sendTag: 1, recvTag: 1 }),
      grid.sendrecvInto(up, nextUp, { ...alongColumn, sendTag: 2, recvTag: 2 }),
    ]);
    for (let i = 0; i < tile; i++) {
      for (let k = 0; k < tile; k++) {
        const aik = left[i * tile + k]!;
        for (let j = 0; j < tile; j++) c[i * tile + j]! += aik * up[k * tile + j]!;
      }
    }
    await moving;
    [left, nextLeft] = [nextLeft, left];
    [up, nextUp] = [nextUp, up];
  }

  for (let k = 0; k < c.length; k++) {
    const i = row * tile + Math.floor(k / tile);
    const j = column * tile + (k % tile);
    let exact = 0;
    for (let m = 0; m < n; m++) exact += a(i, m) * b(m, j);
    if (c[k] !== exact) mismatches++;
  }
}

const wrong = await world.allreduce(mismatches, SUM);
if (wrong > 0) throw new Error(`${wrong} elements of the product are wrong`);
if (world.rank === 0) console.log(`${q * tile}×${q * tile} product on a ${q}×${q} grid: every element is exact`);

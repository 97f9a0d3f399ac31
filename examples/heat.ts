// Heat spreads over a plate: each rank owns a block, and trades its edges with its four neighbours in every step.
//   par run -np 4 heat.ts [n] [steps]
import { computeDims, init, MAX, SUM, vector } from '@par/comm-core';

const n = Number(process.argv[2] ?? 96);
const steps = Number(process.argv[3] ?? 200);
const world = await init();
const [px, py] = computeDims(world.size, [0, 0]) as [number, number];
const grid = (await world.cartesian([px, py]))!;
const [cx, cy] = grid.coords as [number, number];

const share = (parts: number, part: number): [start: number, length: number] => {
  const start = Math.floor((n * part) / parts);
  return [start, Math.floor((n * (part + 1)) / parts) - start];
};
const [x0, nx] = share(px, cx);
const [y0, ny] = share(py, cy);
const width = ny + 2; // one ghost row and column on each side

let now = new Float64Array((nx + 2) * width);
let next = now.slice();
// sin·sin is an eigenfunction: each step only shrinks it by a known factor.
const mode = (i: number): number => Math.sin((Math.PI * (i + 1)) / (n + 1));
for (let i = 0; i < nx; i++) for (let j = 0; j < ny; j++) now[(i + 1) * width + j + 1] = mode(x0 + i) * mode(y0 + j);

const row = (field: Float64Array, i: number) => field.subarray(i * width + 1, i * width + 1 + ny);
const column = (field: Float64Array, j: number) =>
  vector(field, { offset: width + j, count: nx, blockLength: 1, stride: width });
const down = grid.shift(0, 1);
const right = grid.shift(1, 1);
const back = ({ source, dest }: { source: number; dest: number }) => ({ source: dest, dest: source });

for (let step = 0; step < steps; step++) {
  await Promise.all([
    grid.sendrecvInto(row(now, nx), row(now, 0), { ...down, sendTag: 1, recvTag: 1 }),
    grid.sendrecvInto(row(now, 1), row(now, nx + 1), { ...back(down), sendTag: 2, recvTag: 2 }),
    grid.sendrecvInto(column(now, ny), column(now, 0), { ...right, sendTag: 3, recvTag: 3 }),
    grid.sendrecvInto(column(now, 1), column(now, ny + 1), { ...back(right), sendTag: 4, recvTag: 4 }),
  ]);
  for (let i = 1; i <= nx; i++) {
    for (let j = 1; j <= ny; j++) {
      const k = i * width + j;
      next[k] = now[k]! + 0.2 * (now[k - width]! + now[k + width]! + now[k - 1]! + now[k + 1]! - 4 * now[k]!);
    }
  }
  [now, next] = [next, now];
}

const factor = (1 - 1.6 * Math.sin(Math.PI / (2 * (n + 1))) ** 2) ** steps;
let error = 0;
let heat = 0;
for (let i = 0; i < nx; i++) {
  for (let j = 0; j < ny; j++) {
    const value = now[(i + 1) * width + j + 1]!;
    heat += value;
    error = Math.max(error, Math.abs(value - factor * mode(x0 + i) * mode(y0 + j)));
  }
}
const worst = await grid.allreduce(error, MAX);
const total = await grid.allreduce(heat, SUM);
if (worst > 1e-12) throw new Error(`the plate is off by ${worst}`);
if (grid.rank === 0) {
  console.log(
    `${n}×${n} plate on a ${px}×${py} grid after ${steps} steps: heat ${total.toFixed(3)}, error ${worst.toExponential(1)}`,
  );
}

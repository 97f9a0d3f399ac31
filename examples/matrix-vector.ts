// Power iteration: each rank owns a stripe of the matrix's rows; the vector is put together again after each step.
//   par run -np 4 matrix-vector.ts [n] [iterations]
import { init } from '@par/comm-core';

const n = Number(process.argv[2] ?? 420);
const iterations = Number(process.argv[3] ?? 20);
const world = await init();

// Rows as even as they go: the first ranks take one more.
const counts = Array.from({ length: world.size }, (_, r) => Math.floor(n / world.size) + (r < n % world.size ? 1 : 0));
const displs = counts.map((_, r) => counts.slice(0, r).reduce((a, b) => a + b, 0));
const first = displs[world.rank]!;
const rows = counts[world.rank]!;

// A = I + u·uᵀ with |u| = 1 has the largest eigenvalue 2, with eigenvector u.
const u = (i: number): number => (1 / Math.sqrt(n)) * (i % 2 === 0 ? 1 : -1);
const stripe = new Float64Array(rows * n);
for (let i = 0; i < rows; i++) {
  for (let j = 0; j < n; j++) stripe[i * n + j] = u(first + i) * u(j) + (first + i === j ? 1 : 0);
}

const x = Float64Array.from({ length: n }, (_, i) => (i === 0 ? 1 : 0));
const y = new Float64Array(rows);
let eigenvalue = 0;
for (let k = 0; k < iterations; k++) {
  for (let i = 0; i < rows; i++) {
    let sum = 0;
    for (let j = 0; j < n; j++) sum += stripe[i * n + j]! * x[j]!;
    y[i] = sum;
  }
  await world.allgatherInto(y, x, { counts, displs });
  eigenvalue = Math.hypot(...x);
  for (let j = 0; j < n; j++) x[j] = x[j]! / eigenvalue;
}

if (Math.abs(eigenvalue - 2) > 1e-3)
  throw new Error(`rank ${world.rank}: the largest eigenvalue came out as ${eigenvalue}`);
if (world.rank === 0)
  console.log(`Largest eigenvalue ≈ ${eigenvalue.toFixed(6)} (exact: 2), ${n}×${n}, ${iterations} iterations`);

// The sum of many numbers as a tree of tasks: each adds two results that stay with the workers until they are needed.
//
//   node tree-reduction.ts [leaves]        par run -np 4 tree-reduction.ts [leaves]
import { Client, type Future, initialize } from '@par/futures';

const leaves = Number(process.argv[2] ?? 256);

await initialize();
const client = new Client();

/** A block of data made where it is used: block `i` holds i, i + 1, … */
const block = (i: number): Float64Array => Float64Array.from({ length: 1000 }, (_, k) => i + k);
const add = (a: Float64Array, b: Float64Array): Float64Array => a.map((value, i) => value + b[i]!);

let level: Future<Float64Array>[] = client.map(
  block,
  Array.from({ length: leaves }, (_, i) => i),
);
let depth = 0;
while (level.length > 1) {
  const pairs = Math.floor(level.length / 2);
  const sums = client.map(
    add,
    level.filter((_, i) => i < 2 * pairs && i % 2 === 0),
    level.filter((_, i) => i < 2 * pairs && i % 2 === 1),
  );
  // Nobody asks for the parts any more: workers drop them as soon as their sums are there.
  level = level.length % 2 === 0 ? sums : [...sums, level.at(-1)!];
  depth++;
}

const total = await level[0]!;
for (const [k, value] of total.entries()) {
  if (value !== (leaves * (leaves - 1)) / 2 + leaves * k) throw new Error(`element ${k} is ${value}`);
}
console.log(`${leaves} blocks of 1000 numbers added in ${depth} levels; the first sum is ${total[0]}`);

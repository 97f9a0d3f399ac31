// par's column: prints one line of JSON per figure. Started by compare.ts; `node par.ts` or `par run -np 4 par.ts` alone works too.
import { Client, type Future, initialize } from '@par/futures';
import { LATENCY_CALLS, RESULT_BYTES, RESULTS, repetitions, report, SIZES, TREE_LEAVES } from './workload.ts';

const largest = Number(process.argv[2] ?? SIZES.at(-1));

await initialize();
const client = new Client();
const echo = (i: number): number => i;

// Arguments never used before: a pure call known already would be no task.
let next = 0;
const numbers = (count: number): number[] => Array.from({ length: count }, () => next++);

async function map(count: number): Promise<number> {
  const args = numbers(count);
  const start = performance.now();
  const futures = client.map(echo, args);
  const results = await client.gather(futures);
  const seconds = (performance.now() - start) / 1000;
  if (results.some((result, i) => result !== args[i])) throw new Error('a result is wrong');
  client.release(futures);
  return count / seconds;
}

report('first', [1e6 / (await map(1000))]);
for (let i = 0; i < 20; i++) await map(1000);
for (const count of SIZES.filter((size) => size <= largest)) {
  const rates: number[] = [];
  for (let i = 0; i < repetitions(count); i++) rates.push(await map(count));
  report(`map ${count}`, rates);
}

const micros: number[] = [];
for (let i = 0; i < LATENCY_CALLS; i++) {
  const arg = next++;
  const start = performance.now();
  using future = client.submit(echo, arg);
  await future;
  micros.push((performance.now() - start) * 1000);
}
report('latency', micros);

const leaf = (i: number): number => i;
const add = (a: number, b: number): number => a + b;
async function tree(): Promise<number> {
  const leaves = numbers(TREE_LEAVES);
  const start = performance.now();
  let level: Future<number>[] = client.map(leaf, leaves);
  while (level.length > 1) {
    const left = level.filter((_, i) => i % 2 === 0);
    level = client.map(
      add,
      left,
      level.filter((_, i) => i % 2 === 1),
    );
  }
  const sum = await level[0]!;
  const seconds = (performance.now() - start) / 1000;
  if (sum !== leaves.reduce((a, b) => a + b)) throw new Error(`the sum is ${sum}`);
  return (2 * TREE_LEAVES - 1) / seconds;
}
await tree();
report('tree', [await tree(), await tree(), await tree(), await tree(), await tree()]);

const block = (i: number, bytes: number): Uint8Array => new Uint8Array(bytes).fill(i);
async function large(): Promise<number> {
  const start = performance.now();
  const futures = client.map(
    (i: number, bytes: number) => block(i, bytes),
    numbers(RESULTS),
    Array(RESULTS).fill(RESULT_BYTES),
  );
  const blocks = await client.gather(futures);
  const seconds = (performance.now() - start) / 1000;
  if (blocks.some(({ length }) => length !== RESULT_BYTES)) throw new Error('a result is too short');
  client.release(futures);
  return RESULTS / seconds;
}
await large();
report('results', [await large(), await large(), await large(), await large(), await large()]);

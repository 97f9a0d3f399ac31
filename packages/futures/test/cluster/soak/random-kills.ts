/*
 * Kills random workers of a local cluster with SIGKILL while tasks with dependencies run, and checks every result.
 *
 *   node test/cluster/soak/random-kills.ts [kills] [tasks] [seed]
 *
 * Prints one line of JSON at the end. The tests run it with 10 kills and 5,000 tasks.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { Client, initialize } from '@par/futures';

const [kills, tasks, seed] = [200, 100_000, 1].map((value, i) => Number(process.argv[2 + i] ?? value)) as [
  number,
  number,
  number,
];
const LEAVES = 500;
const WIDTH = 100;
const ROUNDS_AT_ONCE = 3;
const rounds = Math.ceil(tasks / (2 * LEAVES - 1));

/** Above INLINE_BYTES: results stay with the workers, and die with them. */
function leaf(round: number, i: number, width: number): Float64Array {
  const data = new Float64Array(width);
  for (let k = 0; k < width; k++) data[k] = Math.sin(round * 1e6 + i * 1e3 + k);
  return data;
}
function combine(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((x, k) => x / 2 + (b[k] as number) / 3);
}

/** The whole tree in order: leaves, then pairs of neighbours, until one is left. */
function expected(round: number): Float64Array[] {
  const all = Array.from({ length: LEAVES }, (_, i) => leaf(round, i, WIDTH));
  for (let level = all.slice(); level.length > 1; ) {
    const next: Float64Array[] = [];
    for (let i = 0; i + 1 < level.length; i += 2) next.push(combine(level[i]!, level[i + 1]!));
    all.push(...next);
    level = level.length % 2 === 0 ? next : [...next, level.at(-1)!];
  }
  return all;
}

/** Pids of this process's children by rank. The scheduler (rank 0) is left out. */
function workerPids(): Map<number, number> {
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'latin1'))?.[1]);
      if (parent !== process.pid) continue;
      const rank = Number(/(?:^|\0)PAR_RANK=(\d+)/.exec(readFileSync(`/proc/${name}/environ`, 'latin1'))?.[1] ?? 0);
      if (rank > 0) found.set(rank, Number(name));
    } catch {
      // It ended meanwhile.
    }
  }
  return found;
}

let state = seed;
function random(): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
  return state / 2 ** 32;
}

const start = performance.now();
const cluster = await initialize({ workers: 4 });
const client = new Client();
let finished = 0;
let killed = 0;

async function killSome(): Promise<void> {
  while (killed < Math.floor((finished * kills) / tasks)) {
    const present = new Set((await client.workers()).map(({ rank }) => rank));
    // Now and then one that is only starting.
    const candidates = [...workerPids()].filter(([rank]) => present.has(rank) || random() < 0.1);
    const victim = candidates[Math.floor(random() * candidates.length)];
    if (victim === undefined) {
      await client.waitForWorkers(1);
      continue;
    }
    process.kill(victim[1], 'SIGKILL');
    killed++;
    await new Promise((resolve) => setTimeout(resolve, random() * 50));
  }
}

async function runRound(round: number): Promise<void> {
  const indices = Array.from({ length: LEAVES }, (_, i) => i);
  const all = client.map(
    leaf,
    indices.map(() => round),
    indices,
    indices.map(() => WIDTH),
  );
  for (let level = all.slice(); level.length > 1; ) {
    const [left, right] = [0, 1].map((odd) => level.filter((_, i) => i % 2 === odd && (i | 1) < level.length)) as [
      typeof level,
      typeof level,
    ];
    const next = client.map(combine, left, right);
    all.push(...next);
    level = level.length % 2 === 0 ? next : [...next, level.at(-1)!];
  }
  for await (const _ of client.asCompleted(all)) {
    finished++;
    if (killed < Math.floor((finished * kills) / tasks)) await killSome();
  }
  const [results, wanted] = [await client.gather(all), expected(round)];
  if (results.length !== wanted.length) throw new Error(`round ${round}: ${results.length} results`);
  results.forEach((result, i) => {
    const right = result.length === WIDTH && result.every((x, k) => Object.is(x, wanted[i]![k]));
    if (!right) throw new Error(`round ${round}: result ${i} is wrong`);
  });
  client.release(all);
}

const open = Array.from({ length: rounds }, (_, round) => round);
await Promise.all(
  Array.from({ length: ROUNDS_AT_ONCE }, async () => {
    for (let round = open.shift(); round !== undefined; round = open.shift()) await runRound(round);
  }),
);
const left = await client.counts();
const ranks = cluster.size;
await cluster.close();
console.log(
  JSON.stringify({
    tasks: finished,
    killed,
    workersStarted: ranks - 2,
    tasksLeft: Object.values(left).reduce((sum, count) => sum + count, 0),
    processesLeft: workerPids().size,
    seconds: Math.round((performance.now() - start) / 100) / 10,
  }),
);

/**
 * Futures of par next to Dask, Dask-MPI, mpi4py.futures, Ray and HyperQueue: the same tasks, one after the other on this
 * machine. Makes a Python environment of its own the first time. All take about five minutes; name those that you want:
 *
 *     node benchmarks/futures/compare.ts [par] ['par, MPI'] [Dask] [Dask-MPI] [mpi4py.futures] [Ray] [HyperQueue]
 */
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { join } from 'node:path';
import { type Figures, measure, PEERS, type Peer, pythonOfPeers } from './peers.ts';
import { RESULTS, SIZES, TREE_LEAVES } from './workload.ts';

const all = Object.keys(PEERS) as Peer[];
const asked = process.argv.slice(2) as Peer[];
for (const name of asked) if (!all.includes(name)) throw new Error(`${name} is none of ${all.join(', ')}`);
const peers = asked.length === 0 ? all : all.filter((peer) => asked.includes(peer));

if (peers.some((peer) => !peer.startsWith('par'))) pythonOfPeers();
console.log(`Node ${process.version}, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}); medians`);
const columns = new Map<Peer, Figures>();
for (const peer of peers) {
  const figures = measure(peer);
  if (figures) columns.set(peer, figures);
}

const number = (value: number | undefined): string =>
  value === undefined ? '' : Math.round(value).toLocaleString('en');
const table = (head: readonly string[], rows: readonly (readonly string[])[]): void => {
  const widths = head.map((cell, i) => Math.max(cell.length, ...rows.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`;
  console.log(
    [line(head), `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`, ...rows.map(line), ''].join('\n'),
  );
};

const rows: [title: string, figure: string, part?: 'p99'][] = [
  ...SIZES.map((size): [string, string] => [`map of ${number(size)}, tasks/s`, `map ${size}`]),
  ['the same in chunks of 100: 10,000', 'chunks 10000'],
  ['submit → result, µs', 'latency'],
  ['submit → result, p99, µs', 'latency', 'p99'],
  [`tree of ${number(TREE_LEAVES)} leaves, tasks/s`, 'tree'],
  [`${RESULTS} results of 1 MB, MB/s`, 'results'],
  ['first map of 1,000 of a job, ms', 'first'],
];
table(
  ['', ...columns.keys()],
  rows.map(([title, figure, part]) => [
    title,
    ...[...columns.values()].map((figures) => number(figures.get(figure)?.[part ?? 'median'])),
  ]),
);

const targets: (readonly string[])[] = [];
const at = (peer: Peer, figure: string): number | undefined => columns.get(peer)?.get(figure)?.median;
function target(what: string, value: number | undefined, goal: number, direction: '≥' | '≤', unit: string): void {
  if (value === undefined) return;
  const digits = value < 100 ? 2 : 0;
  const reached = direction === '≥' ? value >= goal : value <= goal;
  targets.push([what, `${value.toFixed(digits)} ${unit}`, `${direction} ${goal} ${unit}`, reached ? 'yes' : 'no']);
}
const ratio = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || b === undefined ? undefined : a / b;
for (const mine of ['par', 'par, MPI'] as const) {
  for (const size of SIZES) {
    target(`${mine}: map of ${number(size)}`, at(mine, `map ${size}`), 50_000, '≥', 'tasks/s');
  }
  for (const [peer, times] of [
    ['Dask', 50],
    ['Dask-MPI', 50],
    ['mpi4py.futures', 5],
  ] as const) {
    target(`${mine}: map of 10,000 / ${peer}`, ratio(at(mine, 'map 10000'), at(peer, 'map 10000')), times, '≥', '×');
  }
  target(`${mine}: submit → result`, at(mine, 'latency'), 300, '≤', 'µs');
  target(`${mine}: submit → result / Dask`, ratio(at(mine, 'latency'), at('Dask', 'latency')), 0.1, '≤', '×');
}
if (peers.includes('par')) {
  const out = execFileSync(
    process.execPath,
    ['--expose-gc', join(import.meta.dirname, '../scheduler/no-op-tasks.ts')],
    {
      encoding: 'utf8',
    },
  );
  for (const [, size, micros, bytes] of out.matchAll(/(\d+) tasks +([\d.]+) µs +(\d+) bytes/g)) {
    target(`scheduler alone, ${number(Number(size))} tasks, processor time of one`, Number(micros), 5, '≤', 'µs');
    target(`scheduler alone, ${number(Number(size))} tasks, memory of one`, Number(bytes), 500, '≤', 'bytes');
  }
}
table(['target', 'here', 'goal', 'reached'], targets);

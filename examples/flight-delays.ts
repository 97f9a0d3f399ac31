// Which airports make people late, and when? Statistics of 20,000 flights in the United States (the package `vega-datasets`,
// from the Bureau of Transportation Statistics): a map over blocks of flights, then a tree of tasks that merges two at a time.
//
//   node flight-delays.ts [flights in a block]        par run -np 4 flight-delays.ts [flights in a block]
import { readFile } from 'node:fs/promises';
import { Client, type Future, initialize } from '@par/futures';

const blockSize = Number(process.argv[2] ?? 1000);

interface Flight {
  readonly date: string; // 2001/01/01 06:55
  readonly delay: number; // minutes, negative when early
  readonly origin: string;
}
/** Count, mean and sum of squared deviations: what of two parts gives that of both (Chan, Golub and LeVeque 1979). */
interface Moments {
  readonly n: number;
  readonly mean: number;
  readonly squares: number;
}
type Table = Map<string, Moments>;

const merge = (a: Moments, b: Moments): Moments => {
  const n = a.n + b.n;
  const apart = b.mean - a.mean;
  return { n, mean: a.mean + (apart * b.n) / n, squares: a.squares + b.squares + (apart ** 2 * a.n * b.n) / n };
};

/** Delays by airport (`LAX`) and by hour (`06 h`). */
function summarize(flights: readonly Flight[]): Table {
  const table: Table = new Map();
  for (const { date, delay, origin } of flights) {
    for (const group of [origin, `${date.slice(11, 13)} h`]) {
      const one: Moments = { n: 1, mean: delay, squares: 0 };
      const before = table.get(group);
      table.set(group, before === undefined ? one : merge(before, one));
    }
  }
  return table;
}

function mergeTables(a: Table, b: Table): Table {
  const both = new Map(a);
  for (const [group, moments] of b) {
    const before = both.get(group);
    both.set(group, before === undefined ? moments : merge(before, moments));
  }
  return both;
}

await initialize();
const client = new Client();

const file = new URL('../data/flights-20k.json', import.meta.resolve('vega-datasets'));
const flights = JSON.parse(await readFile(file, 'utf8')) as Flight[];
const blocks = Array.from({ length: Math.ceil(flights.length / blockSize) }, (_, i) =>
  flights.slice(i * blockSize, (i + 1) * blockSize),
);

let tables: Future<Table>[] = client.map(summarize, blocks);
while (tables.length > 1) {
  const odd = tables.length % 2 === 1 ? [tables.pop()!] : [];
  const left = tables.filter((_, i) => i % 2 === 0);
  const right = tables.filter((_, i) => i % 2 === 1);
  tables = [...client.map(mergeTables, left, right), ...odd];
}
const table = await tables[0]!;

const atlanta = flights.filter(({ origin }) => origin === 'ATL').map(({ delay }) => delay);
const mean = atlanta.reduce((sum, delay) => sum + delay, 0) / atlanta.length;
if (Math.abs(mean - table.get('ATL')!.mean) > 1e-9) throw new Error(`Atlanta's mean delay is ${mean}`);

const hours = [...table].filter(([group, { n }]) => group.endsWith(' h') && n >= 100).sort();
for (const [hour, { mean }] of hours) {
  console.log(`  ${hour}  ${'█'.repeat(Math.max(0, Math.round(mean * 1.5))).padEnd(40)} ${mean.toFixed(1)} min`);
}
const airports = [...table].filter(([group, { n }]) => !group.endsWith(' h') && n >= 200);
const [worst, ...others] = airports.sort(([, a], [, b]) => b.mean - a.mean);
const [best] = others.slice(-1);
const of = ([code, { n, mean, squares }]: [string, Moments]): string =>
  `${code} ${mean.toFixed(1)} ± ${Math.sqrt(squares / n / n).toFixed(1)} min`;
console.log(`${flights.length} flights in ${blocks.length} blocks; latest ${of(worst!)}, most punctual ${of(best!)}`);

// Limits per kind of task: at most two downloads at a time and one export, whatever the number of workers, while
// calculations run without limit. A semaphore lives in the scheduler; a lease ends with the task that holds it.
//
//   node limits.ts        par run -np 4 limits.ts
import { setTimeout } from 'node:timers/promises';
import { Client, initialize, Semaphore } from '@par/futures';

await initialize({ nthreads: 4 }); // tasks that wait for others more than they compute: several for each worker
const client = new Client();

interface Span {
  readonly kind: string;
  readonly from: number;
  readonly to: number;
}

async function limited(kind: string, most: number, _job: number): Promise<Span> {
  await using _lease = await new Semaphore(kind, { maxLeases: most }).acquire();
  const from = Date.now();
  await setTimeout(20);
  return { kind, from, to: Date.now() };
}

async function calculation(_job: number): Promise<Span> {
  const from = Date.now();
  await setTimeout(20);
  return { kind: 'calculation', from, to: Date.now() };
}

const jobs = Array.from({ length: 12 }, (_, job) => job);
const spans = await client.gather([
  ...jobs.map((job) => client.submit(limited, 'download', 2, job)),
  ...jobs.map((job) => client.submit(limited, 'export', 1, job)),
  ...jobs.map((job) => client.submit(calculation, job)),
]);

/** Most spans of a kind that any moment lies in. */
const atOnce = (kind: string): number => {
  const these = spans.filter((span) => span.kind === kind);
  return Math.max(...these.map(({ from }) => these.filter((other) => other.from <= from && from < other.to).length));
};
if (atOnce('download') > 2 || atOnce('export') > 1) throw new Error('a limit was passed');
for (const kind of ['download', 'export', 'calculation']) {
  console.log(
    `${kind.padEnd(12)} ${spans.filter((span) => span.kind === kind).length} done, at most ${atOnce(kind)} at once`,
  );
}

/**
 * No-op tasks per second of one worker rank: a scripted scheduler in the same process keeps `window` tasks with the worker and
 * counts what comes back.
 *
 *     node benchmarks/worker/throughput.ts [tasks] [threads] [window]
 */
import { worldOf } from '@par/comm-core';
import { memoryTransports } from '@par/comm-core/memory';
import { capture } from '../../packages/futures/src/closures/index.ts';
import { TAGS, type ToScheduler, type ToWorker } from '../../packages/futures/src/protocol/index.ts';
import { encodeArguments, encodeWithHolds } from '../../packages/futures/src/values/index.ts';
import { runWorker } from '../../packages/futures/src/worker/run-worker.ts';

const [tasks = 200_000, threads = 1, window = 4096] = process.argv.slice(2).map(Number);
const CHUNK = 64;
const ROUNDS = 5;

const transports = memoryTransports(2);
const [world, other] = transports.map((transport) => worldOf(transport));
const worker = runWorker(other!, { nthreads: threads });
const send = (record: ToWorker): Promise<void> => world!.send([record], { dest: 1, tag: TAGS.toWorker });

const { values, ...description } = capture((i: number) => i);
await send({
  kind: 'define',
  fn: 0,
  hash: description.hash,
  fnName: description.name,
  description: { description: { ...description, values: [] }, values: encodeWithHolds(values).segments },
});

const positions = Array.from({ length: CHUNK }, (_, i) => i);
const chunk = encodeArguments(
  positions.map((i) => [i]),
  () => 0,
);
const ones = positions.map(() => 1);
const zeros = positions.map(() => 0);
let next = 0;

function orderChunk(): void {
  const numbers = positions.map((i) => next + i);
  next += CHUNK;
  void send({
    kind: 'run',
    fn: 0,
    name: 'noop',
    tasks: numbers,
    runs: ones,
    priority: 0,
    generation: 0,
    order: numbers,
    chunks: [chunk],
    chunkOf: zeros,
    positions,
  });
}

async function round(count: number): Promise<number> {
  const start = performance.now();
  let ordered = 0;
  let done = 0;
  const fill = (): void => {
    for (; ordered < count && ordered - done < window; ordered += CHUNK) orderChunk();
  };
  fill();
  while (done < ordered) {
    for (const record of await world!.recv<ToScheduler[]>({ source: 1, tag: TAGS.toScheduler })) {
      if (record.kind === 'finished') done += record.tasks.length;
      if (record.kind === 'errored') throw new Error(JSON.stringify(record.failure));
    }
    fill();
  }
  return (ordered / (performance.now() - start)) * 1000;
}

async function oneAtATime(count: number): Promise<number[]> {
  const micros: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    void send({
      kind: 'run',
      fn: 0,
      name: 'noop',
      tasks: [next++],
      runs: [1],
      priority: 0,
      generation: 0,
      order: [0],
      chunks: [chunk],
      chunkOf: [0],
      positions: [0],
    });
    for (let done = false; !done; ) {
      const records = await world!.recv<ToScheduler[]>({ source: 1, tag: TAGS.toScheduler });
      done = records.some(({ kind }) => kind === 'finished');
    }
    micros.push((performance.now() - start) * 1000);
  }
  return micros.sort((a, b) => a - b);
}

console.log(`Node ${process.version}, ${threads} threads, ${tasks} tasks a round, ${window} at the worker`);
await round(20_000);
for (let i = 0; i < ROUNDS; i++) console.log(`${Math.round(await round(tasks)).toLocaleString('en')} tasks/s`);
const micros = await oneAtATime(2000);
console.log(`one at a time: median ${micros[1000]!.toFixed(0)} µs, p99 ${micros[1980]!.toFixed(0)} µs`);
await send({ kind: 'close' });
await worker;
await Promise.all(transports.map((transport) => transport.close()));

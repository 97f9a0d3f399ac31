/**
 * What the scheduler alone costs per task: one map of no-op tasks from one client to workers that answer at once without
 * running anything. Counts the processor time of handling and flushing only (other programs on the machine do not matter), and the growth of the heap while all results are wanted.
 *
 *     node --expose-gc benchmarks/scheduler/no-op-tasks.ts [workers]
 */
import type { ToScheduler, ToWorker } from '../../packages/futures/src/protocol/index.ts';
import { type Outgoing, Scheduler } from '../../packages/futures/src/scheduler/index.ts';

const WORKERS = Number(process.argv[2] ?? 3);
const BATCH = 10_000;
const CHUNK = 16;
const REPETITIONS = 5;

declare const gc: (() => void) | undefined;

/** Answers run orders as a worker would, with a result of 9 bytes each. */
function answer(records: readonly ToWorker[]): ToScheduler[] {
  const out: ToScheduler[] = [];
  for (const record of records) {
    if (record.kind !== 'run') continue;
    const count = record.tasks.length;
    out.push({
      kind: 'finished',
      tasks: [...record.tasks],
      runs: [...record.runs],
      durations: new Array<number>(count).fill(0.01),
      values: { bytes: new Uint8Array(9 * count), ends: Array.from({ length: count }, (_, i) => 9 * (i + 1)) },
    });
  }
  return out;
}

function run(tasks: number): { microseconds: number; bytes: number } {
  const scheduler = new Scheduler();
  let spent = 0;
  const begin = performance.now();
  let done = 0;
  const inbox: { from: number; records: ToScheduler[] }[] = [];
  const step = (from: number, records: ToScheduler[]): Outgoing[] => {
    const start = process.threadCpuUsage();
    scheduler.handle({ kind: 'records', from, records }, performance.now() - begin);
    const out = scheduler.flush();
    const { user, system } = process.threadCpuUsage(start);
    spent += user + system;
    return out;
  };
  const deliver = (out: Outgoing[]) => {
    for (const message of out) {
      if (message.to === 'worker') {
        const records = answer(message.records);
        if (records.length > 0) inbox.push({ from: message.rank, records });
      } else if (message.to === 'client') {
        for (const record of message.records) if (record.kind === 'results') done += record.numbers.length;
      }
    }
  };
  for (let rank = 2; rank < 2 + WORKERS; rank++) deliver(step(rank, [{ kind: 'join', host: 'a', threads: 1 }]));
  const description = {
    description: { format: 1, hash: 'f', name: 'f', root: 0, nodes: [], values: [] },
    values: [],
  } as const;
  deliver(
    step(1, [
      { kind: 'open-client', client: 0 },
      { kind: 'function', hash: 'f', name: 'f', fn: description },
    ]),
  );
  gc?.();
  const before = process.memoryUsage();
  const chunk = [new Uint8Array(8 * CHUNK)];
  for (let first = 0; first < tasks; first += BATCH) {
    const count = Math.min(BATCH, tasks - first);
    const chunks = new Array<Uint8Array[]>(Math.ceil(count / CHUNK)).fill(chunk);
    inbox.push({
      from: 1,
      records: [
        { kind: 'submit', client: 0, first, count, fn: 'f', chunks, chunkTasks: CHUNK, generation: 0, options: {} },
      ],
    });
  }
  for (let next = 0; next < inbox.length; next++) {
    const { from, records } = inbox[next]!;
    inbox[next] = { from, records: [] };
    deliver(step(from, records));
  }
  if (done !== tasks) throw new Error(`${done} of ${tasks} tasks finished`);
  inbox.length = 0;
  gc?.();
  const after = process.memoryUsage();
  const bytes = (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / tasks;
  deliver(step(1, [{ kind: 'release', client: 0, ranges: [0, tasks] }]));
  if (scheduler.state.tasks.size !== 0) throw new Error('tasks are left');
  return { microseconds: spent / tasks, bytes };
}

console.log(
  `node ${process.version}, ${WORKERS} workers of one thread, batches of ${BATCH}; median of ${REPETITIONS} runs`,
);
run(10_000);
for (const tasks of [1_000, 10_000, 100_000, 1_000_000]) {
  const runs = Array.from({ length: REPETITIONS }, () => run(tasks));
  const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const microseconds = median(runs.map((one) => one.microseconds));
  const bytes = median(runs.map((one) => one.bytes));
  console.log(`${String(tasks).padStart(9)} tasks  ${microseconds.toFixed(2)} µs  ${bytes.toFixed(0)} bytes per task`);
}

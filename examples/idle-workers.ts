// A master that deals out work itself: it knows which workers are idle, gives each the next task, and gives a task that
// failed to another worker. `client.map` does all of this alone; do it by hand where the choice of worker is yours.
//
//   node idle-workers.ts [tasks]        par run -np 4 idle-workers.ts [tasks]
import { Client, type Future, initialize } from '@par/futures';

const tasks = Number(process.argv[2] ?? 30);

const { layout } = await initialize();
const client = new Client();

/** Fails the first time for every seventh task, as work on real machines does. */
function work(task: number, attempt: number): number {
  if (task % 7 === 6 && attempt === 1) throw new Error(`task ${task} had bad luck`);
  let steps = 0;
  for (let x = task + 1; x !== 1; steps++) x = x % 2 === 0 ? x / 2 : 3 * x + 1;
  return steps;
}

interface Assignment {
  readonly task: number;
  readonly attempt: number;
  readonly worker: number;
}
const waiting = Array.from({ length: tasks }, (_, task) => ({ task, attempt: 1, not: -1 }));
const assigned = new Map<Future<number>, Assignment>();
const results = new Map<number, number>();
const done = new Map(layout.workers.map((rank) => [rank, 0]));
const ended = client.asCompleted<number>([]);

function employ(worker: number): void {
  const choice = waiting.findIndex(({ not }) => not !== worker || done.size === 1);
  const [next] = choice < 0 ? [] : waiting.splice(choice, 1);
  if (next === undefined) return;
  const future = client.with({ workers: worker, pure: false }).submit(work, next.task, next.attempt);
  assigned.set(future, { task: next.task, attempt: next.attempt, worker });
  ended.add(future);
}

for (const worker of done.keys()) employ(worker);
for await (const future of ended) {
  const { task, attempt, worker } = assigned.get(future)!;
  assigned.delete(future);
  if (future.status === 'finished') {
    results.set(task, await future);
    done.set(worker, done.get(worker)! + 1);
  } else {
    waiting.unshift({ task, attempt: attempt + 1, not: worker });
  }
  const busy = new Set(Array.from(assigned.values(), (assignment) => assignment.worker));
  for (const idle of done.keys()) if (!busy.has(idle)) employ(idle);
}

for (let task = 0; task < tasks; task++) {
  if (results.get(task) !== work(task, 2)) throw new Error(`task ${task} came back as ${results.get(task)}`);
}
console.log(`${tasks} tasks done, ${Math.floor(tasks / 7)} of them at the second attempt`);
for (const [worker, count] of done) console.log(`  worker ${worker} did ${count}`);

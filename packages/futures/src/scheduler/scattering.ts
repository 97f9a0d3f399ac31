import type { Scatter } from '../protocol/index.ts';
import type { ClientState } from './client-state.ts';
import type { SchedulerState } from './state.ts';
import { create, join, taskOfKey } from './submissions.ts';
import { addWant, forEachWant, rareOf, type ScatterPlan, STATE, Task } from './task.ts';
import { cancelAll, finish } from './transitions.ts';
import { takesTasks, type WorkerState } from './worker-state.ts';

export function scatter(s: SchedulerState, client: ClientState, record: Scatter): void {
  const { data, nbytes } = record;
  const fresh: Task[] = [];
  for (let index = 0; index < nbytes.length; index++) {
    const number = record.first + index;
    const key = record.keys?.[index] ?? null;
    const known = taskOfKey(s, key);
    if (known !== undefined && (known.state !== STATE.RELEASED || known.submission !== null)) {
      join(s, known, client, number);
      continue;
    }
    const task = known ?? new Task(s.nextTask++, null, index, key, 0, 0);
    if (known === undefined) create(s, task);
    addWant(task, client, number);
    task.state = STATE.WAITING;
    task.type = record.types?.[index] ?? 'object';
    task.nbytes = nbytes[index]!;
    if (data.at === 'inline') {
      task.blob = data.values[index]!;
      task.start = 0;
      task.end = task.blob.length;
      finish(s, task, true);
    } else {
      const copies = data.broadcast === true ? Number.POSITIVE_INFINITY : Number(data.broadcast) || 1;
      const workers = data.workers === undefined ? null : new Set(data.workers);
      rareOf(task).scatter = { client, workers, copies, expected: [] };
      s.scattering.add(task);
      fresh.push(task);
    }
  }
  place(s, fresh);
}

/** Tells clients which workers take these values. Without workers they wait for one to join. */
function place(s: SchedulerState, tasks: Iterable<Task>): void {
  const orders = new Map<ClientState, { numbers: number[]; tasks: number[]; ranks: number[][] }>();
  for (const task of tasks) {
    const plan = task.rare!.scatter!;
    plan.expected = pick(s, plan);
    if (plan.expected.length === 0) continue;
    let order = orders.get(plan.client);
    if (order === undefined) {
      order = { numbers: [], tasks: [], ranks: [] };
      orders.set(plan.client, order);
    }
    order.numbers.push(numberOf(task, plan.client));
    order.tasks.push(task.id);
    order.ranks.push(plan.expected.map((worker) => worker.rank));
  }
  for (const [client, order] of orders) s.outbox.client(client, { kind: 'place', client: client.local, ...order });
}

function numberOf(task: Task, client: ClientState): number {
  let found = 0;
  forEachWant(task, (other, number) => {
    if (other === client) found = number;
  });
  return found;
}

/** Workers in turn, as many as there are to be copies. */
function pick(s: SchedulerState, { workers, copies }: ScatterPlan): WorkerState[] {
  const able = [...s.workers.values()].filter(
    (worker) => takesTasks(worker) && (workers === null || workers.has(worker.rank) || workers.has(worker.name)),
  );
  const count = Math.min(copies, able.length);
  return Array.from({ length: count }, () => able[s.turn++ % able.length]!);
}

/** A worker joined, or takes data again. */
export function placeWaiting(s: SchedulerState): void {
  if (s.scattering.size === 0) return;
  place(
    s,
    [...s.scattering].filter((task) => task.rare!.scatter!.expected.length === 0),
  );
}

/** A worker is lost: what was to be put there goes elsewhere. */
export function replace(s: SchedulerState, lost: WorkerState): void {
  for (const task of s.scattering) {
    const plan = task.rare!.scatter!;
    plan.expected = plan.expected.filter((worker) => worker !== lost);
  }
  placeWaiting(s);
}

/** The client that has the values is gone, or no longer wants one of them. */
export function abandon(s: SchedulerState, client: ClientState): void {
  const tasks = [...s.scattering].filter((task) => task.rare!.scatter!.client === client);
  if (tasks.length > 0)
    cancelAll(s, tasks, 'data-lost', 'active', 'the client closed before its data was with a worker');
}

export function forgetPlan(s: SchedulerState, task: Task): void {
  task.rare!.scatter = null;
  s.scattering.delete(task);
}

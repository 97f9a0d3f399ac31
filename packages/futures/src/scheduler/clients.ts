import type { Cancel, Import, Missing, Rank, Release, Retry } from '../protocol/index.ts';
import { ClientState } from './client-state.ts';
import { abandon } from './scattering.ts';
import type { SchedulerState } from './state.ts';
import { join } from './submissions.ts';
import { forEachWant, removeWant, STATE, type Task } from './task.ts';
import { cancelAll, forgetFunction, release, settle, start, strikeHolder } from './transitions.ts';
import { infoOf } from './worker-state.ts';

export function openClient(s: SchedulerState, rank: Rank, local: number, name: string | undefined): void {
  const client = new ClientState(rank, local, name ?? `client-${rank}-${local}`);
  s.clients.set(client.id, client);
  s.outbox.client(client, { kind: 'opened', client: local, workers: [...s.workers.values()].map(infoOf) });
}

/** Drops all it wants, waits for, holds and listens to. */
export function closeClient(s: SchedulerState, client: ClientState): void {
  client.open = false;
  s.clients.delete(client.id);
  s.coordination.clientGone(s, client);
  for (const [number, task] of [...client.futures.entries()]) {
    removeWant(task, client, number);
    s.releasing.push(task);
  }
  abandon(s, client);
  settle(s);
  for (const other of s.clients.values()) if (other.rank === client.rank) return;
  for (const fn of s.described.get(client.rank) ?? []) {
    fn.ranks--;
    forgetFunction(s, fn);
  }
  s.described.delete(client.rank);
}

export function releaseFutures(s: SchedulerState, client: ClientState, { ranges }: Release): void {
  for (let at = 0; at < ranges.length; at += 2) {
    const end = ranges[at]! + ranges[at + 1]!;
    for (let number = ranges[at]!; number < end; number++) {
      const task = client.futures.get(number);
      if (task === undefined) continue;
      removeWant(task, client, number);
      if (task.client === null) s.releasing.push(task);
    }
  }
  settle(s);
}

export function cancel(s: SchedulerState, client: ClientState, { numbers, force, waiting, message }: Cancel): void {
  const chosen = (task: Task | undefined): task is Task =>
    task !== undefined && (!waiting || task.state === STATE.WAITING || task.state === STATE.QUEUED);
  const tasks = numbers.map((number) => client.futures.get(number)).filter(chosen);
  if (force) cancelAll(s, tasks, 'requested', 'all', message);
  else dropInterest(s, client, tasks, message);
}

/** Takes this client's futures of the tasks and all that depend on them; what others want stays. */
function dropInterest(
  s: SchedulerState,
  client: ClientState,
  roots: readonly Task[],
  message: string | undefined,
): void {
  const chosen = new Set(roots);
  const seen = new Set(roots);
  const stack = [...roots];
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    const numbers: number[] = [];
    forEachWant(task, (other, number) => {
      if (other === client) numbers.push(number);
    });
    for (const number of numbers) {
      removeWant(task, client, number);
      s.outbox.cancelled(client, number, chosen.has(task) ? 'requested' : 'dependency', message);
    }
    for (const dependent of task.dependents ?? []) {
      if (dependent.state === STATE.FORGOTTEN || seen.has(dependent)) continue;
      seen.add(dependent);
      stack.push(dependent);
    }
    release(s, task);
  }
}

/** Runs erred tasks again, from the roots of their errors on. */
export function retry(s: SchedulerState, client: ClientState, { numbers }: Retry): void {
  const stack: Task[] = [];
  for (const number of numbers) {
    const task = client.futures.get(number);
    if (task?.state === STATE.ERRED) stack.push(task);
  }
  const again: Task[] = [];
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    if (task.state !== STATE.ERRED) continue;
    task.state = STATE.RELEASED;
    task.rare!.blame = null;
    task.deaths = 0;
    task.retriesLeft = task.submission?.retries ?? 0;
    forEachWant(task, (other, number) => s.outbox.lost(other, number));
    again.push(task);
    for (const dependency of task.dependencies) if (dependency.state === STATE.ERRED) stack.push(dependency);
  }
  for (const task of again) start(s, task);
}

export function importFuture(s: SchedulerState, client: ClientState, { number, from }: Import): void {
  const task =
    s.coordination.references.get(from.client, from.number) ?? s.clients.get(from.client)?.futures.get(from.number);
  if (task === undefined || task.state === STATE.FORGOTTEN) {
    s.outbox.cancelled(client, number, 'released', 'it was released by all who had it');
  } else join(s, task, client, number);
}

export function missing(s: SchedulerState, client: ClientState, { number, holder }: Missing): void {
  const task = client.futures.get(number);
  if (task === undefined || task.state !== STATE.MEMORY) return;
  const worker = s.workers.get(holder);
  if (worker !== undefined) strikeHolder(s, task, worker);
  if (task.state === STATE.MEMORY) s.outbox.stored(client, number, task);
}

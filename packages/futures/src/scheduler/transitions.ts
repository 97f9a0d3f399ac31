import type { CancelReason, Failure, Rank } from '../protocol/index.ts';
import type { ClientState } from './client-state.ts';
import { drop } from './coordination/holds.ts';
import { enqueue, forgetClass, offerRoom } from './placement.ts';
import { giveResources } from './placement-class.ts';
import { forgetPlan } from './scattering.ts';
import type { SchedulerState } from './state.ts';
import { tell } from './story.ts';
import {
  type Blame,
  dropDependent,
  FLAG,
  forEachWant,
  isActive,
  isWanted,
  NO_WORKERS,
  rareOf,
  STATE,
  type Task,
  type TaskState,
  titleOf,
} from './task.ts';
import { removeRun, type WorkerState } from './worker-state.ts';

/*
 * Tasks change state here only. What a change asks of other tasks goes on three work lists (starting, failing, releasing),
 * which `settle` empties: no recursion, so chains of any length are fine.
 */

function enter(s: SchedulerState, task: Task, state: TaskState): void {
  if (s.options.story > 0) tell(s, task, state);
  task.state = state;
}

/** Computes a released task, and what it needs. */
export function start(s: SchedulerState, task: Task): void {
  s.starting.push(task);
  settle(s);
}

/** Lets go of it if nothing needs it. */
export function release(s: SchedulerState, task: Task): void {
  s.releasing.push(task);
  settle(s);
}

export function settle(s: SchedulerState): void {
  if (s.settling) return;
  s.settling = true;
  for (;;) {
    const starting = s.starting.pop();
    if (starting !== undefined) {
      begin(s, starting);
      continue;
    }
    const failing = s.failing.pop();
    if (failing !== undefined) {
      failNow(s, failing);
      continue;
    }
    const releasing = s.releasing.pop();
    if (releasing === undefined) break;
    considerRelease(s, releasing);
  }
  s.settling = false;
}

function begin(s: SchedulerState, task: Task): void {
  if (task.state !== STATE.RELEASED) return;
  if (task.submission === null) {
    cancelAll(s, [task], 'data-lost', 'active');
    return;
  }
  enter(s, task, STATE.WAITING);
  for (const dependency of task.dependencies) dependency.waiters++;
  awaitDependencies(s, task, false);
}

/** Counts what is missing; ready tasks are queued. `fresh`: the task was just submitted. */
export function awaitDependencies(s: SchedulerState, task: Task, fresh: boolean): void {
  let missing = 0;
  let blame: Blame | null = null;
  let hopeless = false;
  for (const dependency of task.dependencies) {
    if (dependency.state === STATE.MEMORY) continue;
    missing++;
    if (dependency.state === STATE.ERRED) blame = dependency.rare!.blame;
    else if (dependency.state === STATE.RELEASED) {
      if (dependency.submission === null) hopeless = true;
      else s.starting.push(dependency);
    }
  }
  task.missing = missing;
  if (blame !== null) fail(s, task, blame);
  else if (hopeless) cancelAll(s, [task], 'data-lost', 'active');
  else if (missing === 0) {
    enter(s, task, STATE.QUEUED);
    enqueue(s, task, fresh);
  }
}

/** After an assignment that came to nothing. */
export function requeue(s: SchedulerState, task: Task): void {
  enter(s, task, STATE.WAITING);
  awaitDependencies(s, task, false);
  settle(s);
}

export function enterProcessing(s: SchedulerState, task: Task): void {
  enter(s, task, STATE.PROCESSING);
}

/** The run is over, or (with `cancel`) is to be. Its place is free. */
export function endRun(s: SchedulerState, task: Task, cancel: boolean): void {
  s.coordination.endOfTask(s, task.id);
  const group = task.rare?.group;
  if (group) {
    task.rare!.group = null;
    for (const member of group.members) {
      if (member.gone) continue;
      if (cancel && group.waiting.includes(member)) s.outbox.cancelRun(member, task);
      member.groups.delete(task);
      giveResources(task.submission!.placement, member);
      offerRoom(s, member);
    }
    task.worker = null;
    return;
  }
  const worker = task.worker!;
  if (cancel && !worker.gone) s.outbox.cancelRun(worker, task);
  if (task.flags & FLAG.BLOCKED) worker.blocked--;
  task.flags &= ~(FLAG.BLOCKED | FLAG.RETRACTING);
  removeRun(worker, task);
  worker.lastProgress = s.now;
  giveResources(task.submission!.placement, worker);
  offerRoom(s, worker);
}

/** Leaves waiting, queued or processing for good. */
function leave(s: SchedulerState, task: Task, cancel: boolean): void {
  if (task.state === STATE.QUEUED) task.submission!.placement.queued--;
  else if (task.state === STATE.PROCESSING) endRun(s, task, cancel);
  for (const dependency of task.dependencies) {
    if (--dependency.waiters === 0 && !isWanted(dependency)) s.releasing.push(dependency);
  }
  task.missing = 0;
  if (task.rare?.scatter) forgetPlan(s, task);
}

/** Leaves them without a result; one that the first of several ranks had already goes. */
function abandon(s: SchedulerState, task: Task): void {
  leave(s, task, true);
  if (task.blob !== null || task.holders.length > 0) dropData(s, task);
}

/** The value is there (its place was set by the caller). `cancel`: a run of it is still on. */
export function finish(s: SchedulerState, task: Task, cancel: boolean): void {
  leave(s, task, cancel);
  enter(s, task, STATE.MEMORY);
  task.flags &= ~FLAG.SUSPECT;
  forEachWant(task, (client, number) => announce(s, task, client, number));
  const { dependents } = task;
  if (dependents !== null) {
    for (const dependent of dependents) {
      if (dependent.state === STATE.WAITING && --dependent.missing === 0) {
        enter(s, dependent, STATE.QUEUED);
        enqueue(s, dependent, false);
      }
    }
  }
  unwatch(task);
  if (task.client === null) s.releasing.push(task);
  settle(s);
}

/** Tells a client how its future is. Pending ones need no word. */
export function announce(s: SchedulerState, task: Task, client: ClientState, number: number): void {
  if (task.state === STATE.MEMORY) {
    if (task.blob !== null) s.outbox.result(client, number, task.blob, task.start, task.end);
    else s.outbox.stored(client, number, task);
  } else if (task.state === STATE.ERRED) s.outbox.failed(client, number, task.rare!.blame!);
}

/** The task fails with its own error, or that of a dependency. */
export function fail(s: SchedulerState, task: Task, blame: Blame): void {
  rareOf(task).blame = blame;
  s.failing.push(task);
  settle(s);
}

export function failWith(s: SchedulerState, task: Task, failure: Failure, worker: Rank | undefined): void {
  fail(s, task, { failure, root: titleOf(task), worker });
}

function failNow(s: SchedulerState, task: Task): void {
  if (isActive(task)) abandon(s, task);
  else if (task.state !== STATE.RELEASED) return;
  enter(s, task, STATE.ERRED);
  const blame = task.rare!.blame!;
  forEachWant(task, (client, number) => s.outbox.failed(client, number, blame));
  if (task.dependents !== null) {
    for (const dependent of task.dependents) {
      if (dependent.state !== STATE.WAITING) continue;
      rareOf(dependent).blame = blame;
      s.failing.push(dependent);
    }
  }
  unwatch(task);
  s.releasing.push(task);
}

function unwatch(task: Task): void {
  if (!(task.flags & FLAG.UNWATCHED)) return;
  task.flags &= ~FLAG.UNWATCHED;
  task.pins--;
}

/** No worker has the result any more. */
export function loseData(s: SchedulerState, task: Task): void {
  if (task.state !== STATE.MEMORY) return;
  enter(s, task, STATE.RELEASED);
  task.blob = null;
  let needed = isWanted(task);
  for (const dependent of task.dependents ?? []) {
    if (dependent.state === STATE.QUEUED) {
      dependent.submission!.placement.queued--;
      enter(s, dependent, STATE.WAITING);
      dependent.missing = 0;
    }
    if (dependent.state !== STATE.WAITING) continue;
    dependent.missing++;
    needed = true;
  }
  dropHolds(s, task);
  if (!needed) s.releasing.push(task);
  else if (task.submission === null) cancelAll(s, [task], 'data-lost', 'active');
  else if (task.submission.actor) {
    const text = 'the worker holding the actor was lost; make the actor again';
    failWith(s, task, { kind: 'actor-lost', text }, undefined);
  } else {
    forEachWant(task, (client, number) => s.outbox.lost(client, number));
    s.starting.push(task);
  }
  settle(s);
}

/** Nobody wants these any more, whoever did; nor the dependents that are `active`, or `all` dependents. */
export function cancelAll(
  s: SchedulerState,
  roots: Iterable<Task>,
  reason: CancelReason,
  dependents: 'active' | 'all',
  message?: string,
): void {
  const stack = [...roots];
  const first = new Set(stack);
  const seen = new Set(first);
  for (let task = stack.pop(); task !== undefined; task = stack.pop()) {
    const why = reason === 'requested' && !first.has(task) ? 'dependency' : reason;
    dropWants(s, task, why, message);
    for (const dependent of task.dependents ?? []) {
      if (seen.has(dependent) || dependent.state === STATE.FORGOTTEN) continue;
      // A run may have fetched what it needs before it was lost.
      if (dependents === 'active' && dependent.state !== STATE.WAITING && dependent.state !== STATE.QUEUED) continue;
      seen.add(dependent);
      stack.push(dependent);
    }
    if (isActive(task)) {
      abandon(s, task);
      enter(s, task, STATE.RELEASED);
    }
    s.releasing.push(task);
  }
  settle(s);
}

function dropWants(s: SchedulerState, task: Task, reason: CancelReason, message: string | undefined): void {
  forEachWant(task, (client, number) => {
    client.futures.delete(number);
    if (client.open) s.outbox.cancelled(client, number, reason, message);
  });
  task.client = null;
  if (task.rare !== null) task.rare.wants = null;
  unwatch(task);
}

function considerRelease(s: SchedulerState, task: Task): void {
  if (task.state === STATE.FORGOTTEN || isWanted(task)) return;
  if (task.state === STATE.MEMORY) {
    if (task.waiters > 0) return;
    dropData(s, task);
    enter(s, task, STATE.RELEASED);
  } else if (isActive(task)) {
    if (task.waiters > 0) return;
    abandon(s, task);
    enter(s, task, STATE.RELEASED);
  }
  if (task.dependentCount === 0) forget(s, task);
}

function dropData(s: SchedulerState, task: Task): void {
  discardData(s, task);
  dropHolds(s, task);
}

/** Forgets where the value is and tells the workers to. */
export function discardData(s: SchedulerState, task: Task): void {
  task.blob = null;
  for (const holder of task.holders) {
    holder.data.delete(task);
    holder.bytes -= task.nbytes;
    if (task.submission?.actor) holder.actors--;
    s.outbox.free(holder, task.id);
  }
  task.holders = NO_WORKERS;
}

function dropHolds(s: SchedulerState, task: Task): void {
  const holds = task.rare?.holds;
  if (!holds) return;
  task.rare!.holds = null;
  drop(s, holds);
}

export function pin(task: Task): void {
  task.pins++;
}

export function unpin(s: SchedulerState, task: Task): void {
  task.pins--;
  release(s, task);
}

function forget(s: SchedulerState, task: Task): void {
  enter(s, task, STATE.FORGOTTEN);
  s.tasks.delete(task.id);
  if (task.key !== null && s.keys.get(task.key) === task) s.keys.delete(task.key);
  for (const dependency of task.dependencies) {
    dropDependent(dependency);
    if (dependency.dependentCount === 0 && !isWanted(dependency)) s.releasing.push(dependency);
  }
  const { submission } = task;
  if (submission === null) return;
  if (--submission.placement.tasks === 0) forgetClass(s, submission.placement);
  submission.fn.tasks--;
  forgetFunction(s, submission.fn);
}

export function forgetFunction(
  s: SchedulerState,
  fn: { hash: string; id: number; ranks: number; tasks: number },
): void {
  if (fn.ranks > 0 || fn.tasks > 0) return;
  const known = s.functions.get(fn.hash);
  if (known === undefined || known.id !== fn.id) return;
  s.functions.delete(fn.hash);
  for (const worker of s.workers.values()) {
    if (worker.functions.delete(known)) s.outbox.worker(worker, { kind: 'forget-functions', fns: [fn.id] });
  }
}

/** `worker` stores the value of the task. */
export function addHolder(task: Task, worker: WorkerState, nbytes: number): void {
  if (task.holders.includes(worker)) return;
  // Copies count as the first one does, however the worker measured them.
  if (task.holders.length === 0) task.nbytes = nbytes;
  task.holders = task.holders.length === 0 ? [worker] : [...task.holders, worker];
  worker.data.add(task);
  worker.bytes += task.nbytes;
}

export function removeHolder(s: SchedulerState, task: Task, worker: WorkerState): void {
  if (!task.holders.includes(worker)) return;
  task.holders = task.holders.filter((holder) => holder !== worker);
  worker.data.delete(task);
  worker.bytes -= task.nbytes;
  if (task.submission?.actor) worker.actors--;
  if (task.holders.length === 0 && task.blob === null) loseData(s, task);
}

/** Someone could not get the value there. In case it is there all the same, the worker is told to drop it. */
export function strikeHolder(s: SchedulerState, task: Task, worker: WorkerState): void {
  if (!task.holders.includes(worker)) return;
  s.outbox.free(worker, task.id);
  removeHolder(s, task, worker);
}

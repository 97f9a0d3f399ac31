import type {
  Blocked,
  Errored,
  Fetched,
  Finished,
  FinishedStored,
  MissingDependency,
  Rescheduled,
  RunNumber,
  TaskId,
} from '../protocol/index.ts';
import { clientId } from '../protocol/index.ts';
import { hold } from './coordination/holds.ts';
import { offerRoom } from './placement.ts';
import { copied } from './replication.ts';
import type { SchedulerState } from './state.ts';
import { FLAG, isActive, rareOf, STATE, type Task } from './task.ts';
import {
  addHolder,
  discardData,
  endRun,
  failWith,
  finish,
  removeHolder,
  requeue,
  strikeHolder,
} from './transitions.ts';
import type { WorkerState } from './worker-state.ts';

/** What workers say about runs. Anything about a run that is not the present one of its task is ignored. */

const DURATION_WEIGHT = 0.5;

function currentRun(s: SchedulerState, worker: WorkerState, id: TaskId, run: RunNumber): Task | undefined {
  const task = s.tasks.get(id);
  if (task === undefined || task.state !== STATE.PROCESSING || task.run !== run) return undefined;
  const group = task.rare?.group;
  const expected = group ? group.waiting.includes(worker) : task.worker === worker;
  return expected ? task : undefined;
}

/** Of a task of several ranks: whether all have reported. The result is that of the first. */
function lastOfGroup(task: Task, worker: WorkerState): boolean {
  const group = task.rare?.group;
  if (!group) return true;
  group.waiting = group.waiting.filter((member) => member !== worker);
  return group.waiting.length === 0;
}

/** The run ended on this worker without a result; with it, that on the other workers of a group. The task is to be queued again, or to fail. */
export function giveUpRun(s: SchedulerState, task: Task, worker: WorkerState): void {
  const group = task.rare?.group;
  if (group) {
    lastOfGroup(task, worker);
    discardData(s, task);
  }
  endRun(s, task, group !== null && group !== undefined);
  task.state = STATE.WAITING;
}

function measure(s: SchedulerState, task: Task, worker: WorkerState, duration: number): void {
  const { fn } = task.submission!;
  fn.duration = fn.duration < 0 ? duration : fn.duration + (duration - fn.duration) * DURATION_WEIGHT;
  worker.duration = worker.duration < 0 ? duration : worker.duration + (duration - worker.duration) * DURATION_WEIGHT;
  worker.lastProgress = s.now;
}

export function finished(s: SchedulerState, worker: WorkerState, record: Finished): void {
  const { bytes, ends } = record.values;
  for (let i = 0; i < record.tasks.length; i++) {
    const task = currentRun(s, worker, record.tasks[i]!, record.runs[i]!);
    if (task === undefined) continue;
    measure(s, task, worker, record.durations[i]!);
    if (!task.rare?.group || task.worker === worker) {
      task.blob = bytes;
      task.start = i === 0 ? 0 : ends[i - 1]!;
      task.end = ends[i]!;
      task.nbytes = task.end - task.start;
      if (record.holds) keepHolds(s, worker, task, record.holds, i);
    }
    if (lastOfGroup(task, worker)) finish(s, task, false);
  }
}

export function finishedStored(s: SchedulerState, worker: WorkerState, record: FinishedStored): void {
  for (let i = 0; i < record.tasks.length; i++) {
    const task = currentRun(s, worker, record.tasks[i]!, record.runs[i]!);
    if (task === undefined) continue;
    measure(s, task, worker, record.durations[i]!);
    task.type = record.types[i]!;
    addHolder(task, worker, record.nbytes[i]!);
    if (task.submission!.actor) worker.actors++;
    if (record.holds) keepHolds(s, worker, task, record.holds, i);
    if (lastOfGroup(task, worker)) finish(s, task, false);
  }
}

/** Keeps the futures inside result `index` alive as long as the result. */
function keepHolds(s: SchedulerState, worker: WorkerState, task: Task, holds: readonly number[], index: number): void {
  for (let at = 0; at < holds.length; at += 3) {
    if (holds[at] !== index) continue;
    const held = hold(s, clientId(worker.rank, holds[at + 1]!), holds[at + 2]!);
    if (held === undefined) continue;
    const rare = rareOf(task);
    rare.holds ??= [];
    rare.holds.push(held);
  }
}

export function errored(s: SchedulerState, worker: WorkerState, record: Errored): void {
  const task = currentRun(s, worker, record.task, record.run);
  if (task === undefined) return;
  measure(s, task, worker, record.duration);
  giveUpRun(s, task, worker);
  if (record.killed) {
    const text = 'text' in record.failure ? record.failure.text : 'the thread that ran it died';
    died(s, task, worker, text, true);
  } else if (task.retriesLeft > 0) {
    task.retriesLeft--;
    requeue(s, task);
  } else failWith(s, task, record.failure, worker.rank);
}

/**
 * A task whose run ended with its worker or thread. `certain`: it was running, not just ordered ahead; a task is only given
 * up when that is known.
 */
export function died(s: SchedulerState, task: Task, worker: WorkerState, text: string, certain: boolean): void {
  task.deaths++;
  if (certain && task.deaths > s.options.allowedFailures) {
    failWith(s, task, { kind: 'killed-worker', deaths: task.deaths, text }, worker.rank);
    return;
  }
  task.flags |= FLAG.SUSPECT;
  requeue(s, task);
}

export function rescheduled(s: SchedulerState, worker: WorkerState, record: Rescheduled): void {
  for (let i = 0; i < record.tasks.length; i++) {
    const task = currentRun(s, worker, record.tasks[i]!, record.runs[i]!);
    if (task === undefined) continue;
    giveUpRun(s, task, worker);
    rareOf(task).avoids = worker;
    requeue(s, task);
  }
}

export function missingDependency(s: SchedulerState, worker: WorkerState, record: MissingDependency): void {
  const missing = s.tasks.get(record.missing);
  const holder = s.workers.get(record.holder);
  const task = currentRun(s, worker, record.task, record.run);
  if (task !== undefined) {
    giveUpRun(s, task, worker);
  }
  if (missing !== undefined && holder !== undefined) strikeHolder(s, missing, holder);
  if (task !== undefined && task.state === STATE.WAITING) requeue(s, task);
}

export function blocked(s: SchedulerState, worker: WorkerState, record: Blocked): void {
  const task = currentRun(s, worker, record.task, record.run);
  if (task === undefined || task.rare?.group) return;
  const isBlocked = (task.flags & FLAG.BLOCKED) !== 0;
  if (record.kind === 'blocked' && !isBlocked) {
    task.flags |= FLAG.BLOCKED;
    worker.blocked++;
    offerRoom(s, worker);
  } else if (record.kind === 'unblocked' && isBlocked) {
    task.flags &= ~FLAG.BLOCKED;
    worker.blocked--;
  }
}

/** Copies that arrived; of scattered data, the first one. Nobody's data is dropped again. */
export function fetched(s: SchedulerState, worker: WorkerState, record: Fetched): void {
  for (let i = 0; i < record.tasks.length; i++) {
    const id = record.tasks[i]!;
    const task = s.tasks.get(id);
    if (task === undefined || task.blob !== null || !(isActive(task) || task.state === STATE.MEMORY)) {
      s.outbox.free(worker, id);
      continue;
    }
    addHolder(task, worker, record.nbytes[i]!);
    if (task.state !== STATE.MEMORY) finish(s, task, true);
    copied(s, task, worker);
  }
}

export function evicted(s: SchedulerState, worker: WorkerState, tasks: readonly TaskId[]): void {
  for (const id of tasks) {
    const task = s.tasks.get(id);
    if (task === undefined) continue;
    removeHolder(s, task, worker);
    copied(s, task, worker);
  }
}

import type { Rank } from '../protocol/index.ts';
import { countWorkers, scatterBacklog } from './placement.ts';
import { retract } from './retraction.ts';
import type { SchedulerState } from './state.ts';
import { STATE, type Task } from './task.ts';
import { strikeHolder } from './transitions.ts';
import { loadOf, takesTasks, type WorkerState } from './worker-state.ts';

/** Waits for copies; `done` when none is awaited any more. */
interface CopyJob {
  /** Tasks that are not in memory yet. */
  readonly pending: Set<Task>;
  /** Ordered copies that did not arrive yet. */
  readonly awaited: Map<Task, Set<WorkerState>>;
  readonly copies: number;
  readonly workers: ReadonlySet<Rank | string> | null;
  done(): void;
}
interface RetireJob {
  readonly workers: Set<WorkerState>;
  done(): void;
}

/** Copies that were ordered, and workers that leave once their data is elsewhere. */
export class Replications {
  readonly jobs = new Set<CopyJob>();
  readonly retirements = new Set<RetireJob>();
  /** Copies on their way to save the data of a worker that leaves. */
  readonly saving = new Map<Task, WorkerState>();
}

/** Brings each task to `copies` workers of those named (default all). Calls `done` when they are there. */
export function replicate(
  s: SchedulerState,
  tasks: readonly Task[],
  copies: number,
  workers: ReadonlySet<Rank | string> | null,
  done: () => void,
): void {
  s.replications.jobs.add({ pending: new Set(tasks), awaited: new Map(), copies, workers, done });
  checkJobs(s);
}

/** Goes on with what has become possible: called after every event while there are jobs. */
export function checkJobs(s: SchedulerState): void {
  for (const job of s.replications.jobs) {
    for (const task of job.pending) {
      if (task.state === STATE.MEMORY) order(s, job, task);
      if (task.state === STATE.MEMORY || task.state === STATE.ERRED || task.state === STATE.FORGOTTEN) {
        job.pending.delete(task);
      }
    }
    for (const task of job.awaited.keys()) if (task.state !== STATE.MEMORY) job.awaited.delete(task);
    if (job.pending.size > 0 || job.awaited.size > 0) continue;
    s.replications.jobs.delete(job);
    job.done();
  }
  checkRetiring(s);
}

function order(s: SchedulerState, job: CopyJob, task: Task): void {
  if (task.blob !== null || task.submission?.actor) return;
  const able = [...s.workers.values()].filter(
    (worker) => takesTasks(worker) && (!job.workers || job.workers.has(worker.rank) || job.workers.has(worker.name)),
  );
  const have = able.filter((worker) => task.holders.includes(worker));
  if (have.length > job.copies) {
    for (const surplus of have.slice(job.copies)) strikeHolder(s, task, surplus);
    return;
  }
  const targets = able
    .filter((worker) => !have.includes(worker))
    .sort((a, b) => a.bytes - b.bytes)
    .slice(0, job.copies - have.length);
  if (targets.length > 0) job.awaited.set(task, new Set(targets));
  for (const target of targets) copyTo(s, task, target);
}

function copyTo(s: SchedulerState, task: Task, target: WorkerState): void {
  s.outbox.worker(target, {
    kind: 'replicate',
    tasks: [task.id],
    nbytes: [task.nbytes],
    holders: [task.holders.map((holder) => holder.rank)],
  });
}

/** A copy arrived at the worker, or never will. */
export function copied(s: SchedulerState, task: Task, worker: WorkerState): void {
  for (const { awaited } of s.replications.jobs) {
    const left = awaited.get(task);
    if (left?.delete(worker) && left.size === 0) awaited.delete(task);
  }
  if (s.replications.saving.get(task) === worker) s.replications.saving.delete(task);
}

export function forgetCopies(s: SchedulerState, worker: WorkerState): void {
  for (const { awaited } of s.replications.jobs) {
    for (const [task, left] of awaited) if (left.delete(worker) && left.size === 0) awaited.delete(task);
  }
  for (const [task, target] of s.replications.saving) if (target === worker) s.replications.saving.delete(task);
}

/** The workers get no more tasks, end those they run, and leave when others have what only they stored. */
export function retire(s: SchedulerState, workers: readonly WorkerState[], done: () => void): void {
  s.replications.retirements.add({ workers: new Set(workers), done });
  for (const worker of workers) {
    worker.retiring = true;
    for (const placement of worker.classes) countWorkers(s, placement);
    scatterBacklog(s, worker);
    retract(s, worker, loadOf(worker) - worker.threads, () => true);
  }
  checkRetiring(s);
}

export function checkRetiring(s: SchedulerState): void {
  const { retirements, saving } = s.replications;
  for (const job of retirements) {
    for (const worker of job.workers) {
      if (worker.gone) job.workers.delete(worker);
      else if (worker.tasks.length === 0 && worker.groups.size === 0 && savedAll(s, worker) && !worker.closing) {
        worker.closing = true;
        s.outbox.worker(worker, { kind: 'close' });
      }
    }
    if (job.workers.size > 0) continue;
    retirements.delete(job);
    job.done();
  }
  for (const task of saving.keys()) if (task.state !== STATE.MEMORY) saving.delete(task);
}

/** Orders copies of what only leaving workers store. False while some are on their way; data that can go nowhere is left. */
function savedAll(s: SchedulerState, worker: WorkerState): boolean {
  const targets = [...s.workers.values()].filter(takesTasks).sort((a, b) => a.bytes - b.bytes);
  let saved = true;
  let turn = 0;
  for (const task of worker.data) {
    if (task.submission?.actor || task.holders.some((holder) => !holder.retiring) || targets.length === 0) continue;
    saved = false;
    if (s.replications.saving.has(task)) continue;
    const target = targets[turn++ % targets.length]!;
    s.replications.saving.set(task, target);
    copyTo(s, task, target);
  }
  return saved;
}

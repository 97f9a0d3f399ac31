import type { TaskOptions } from '../protocol/index.ts';
import { classId, hasFreeResources, isAllowed, isNamed, PlacementClass, takeResources } from './placement-class.ts';
import { placeSpecial } from './placement-special.ts';
import { askBack } from './retraction.ts';
import type { SchedulerState } from './state.ts';
import { FLAG, runsBefore, STATE, type Task } from './task.ts';
import { enterProcessing } from './transitions.ts';
import { addRun, loadOf, takesTasks, type WorkerState } from './worker-state.ts';

/** Runs ahead of a thread at most, however short they are. */
const LONGEST_WINDOW = 512;
/** Milliseconds: what a run costs a worker at least, whatever the function took. */
const SHORTEST_RUN = 0.005;
/** Milliseconds added to a transfer before it is worth moving a task from its data. */
const MOVE_LATENCY = 1;

export function classFor(s: SchedulerState, options: TaskOptions): PlacementClass {
  const id = classId(options);
  let placement = s.classes.get(id);
  if (placement === undefined) {
    placement = new PlacementClass(id, options);
    s.classes.set(id, placement);
    for (const worker of s.workers.values()) if (isAllowed(placement, worker)) worker.classes.push(placement);
    countWorkers(s, placement);
  }
  return placement;
}

export function forgetClass(s: SchedulerState, placement: PlacementClass): void {
  s.classes.delete(placement.id);
  for (const worker of s.workers.values()) {
    const at = worker.classes.indexOf(placement);
    if (at >= 0) worker.classes.splice(at, 1);
  }
}

export function countWorkers(s: SchedulerState, placement: PlacementClass): void {
  let count = 0;
  for (const worker of s.workers.values()) if (!worker.retiring && worker.classes.includes(placement)) count++;
  placement.workers = count < placement.ranks ? 0 : count;
}

/** Looks at the worker at the next `dispatch`. */
export function offerRoom(s: SchedulerState, worker: WorkerState): void {
  if (worker.listed || worker.gone) return;
  worker.listed = true;
  s.open.push(worker);
}

/** Puts a task that just became queued where it waits. `fresh`: in order of submission, without dependencies. */
export function enqueue(s: SchedulerState, task: Task, fresh: boolean): void {
  const { placement } = task.submission!;
  placement.queued++;
  if (fresh && task.dependencies.length === 0) {
    placement.queue.append(task);
    return;
  }
  const near = placement.special || placement.resources.length > 0 ? undefined : nearest(s, task);
  if (near === undefined) placement.queue.push(task);
  else {
    near.backlog.push(task);
    offerRoom(s, near);
  }
}

/** Of the workers that store some of what it depends on, the one where it would start first. */
function nearest(s: SchedulerState, task: Task): WorkerState | undefined {
  const { placement } = task.submission!;
  let best: WorkerState | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const dependency of task.dependencies) {
    for (const worker of dependency.holders) {
      if (worker === best || !takesTasks(worker) || !isAllowed(placement, worker)) continue;
      if (placement.soft && !isNamed(placement, worker)) continue;
      if (task.rare?.avoids === worker) continue;
      const cost = transferTime(s, task, worker) + waitingTime(s, worker);
      if (cost < least) {
        least = cost;
        best = worker;
      }
    }
  }
  return best;
}

function missingBytes(task: Task, worker: WorkerState): number {
  let bytes = 0;
  for (const dependency of task.dependencies) {
    if (dependency.blob === null && !dependency.holders.includes(worker)) bytes += dependency.nbytes;
  }
  return bytes;
}

function transferTime(s: SchedulerState, task: Task, worker: WorkerState): number {
  return missingBytes(task, worker) * s.transferCost;
}

/** Milliseconds until a thread of the worker would take one more task. */
export function waitingTime(s: SchedulerState, worker: WorkerState): number {
  const ahead = loadOf(worker) + worker.backlog.length;
  if (ahead < worker.threads) return 0;
  return (runTime(s, worker) * (ahead + 1 - worker.threads)) / worker.threads;
}

/** Milliseconds per run, as long as the present ones have been going at least. */
export function runTime(s: SchedulerState, worker: WorkerState): number {
  return Math.max(worker.duration, stalledFor(s, worker), 0);
}

export function stalledFor(s: SchedulerState, worker: WorkerState): number {
  return loadOf(worker) > 0 ? s.now - worker.lastProgress : 0;
}

/** Assigns queued tasks to workers with room: first to free threads, one each in turn, then ahead of them. */
export function dispatch(s: SchedulerState): void {
  let queued = 0;
  let special = false;
  for (const placement of s.classes.values()) {
    queued += placement.queued;
    if (placement.special && placement.queued > 0) special = true;
    else if (placement.queued === 0) placement.queue.clear();
  }
  if (special) placeSpecial(s);
  if (queued > 0) {
    fillThreads(s);
    fillWindows(s, queued);
  }
  askBack(s);
  s.open = s.open.filter((worker) => {
    worker.listed = !worker.gone && loadOf(worker) < worker.threads + LONGEST_WINDOW * worker.threads;
    return worker.listed;
  });
}

function fillThreads(s: SchedulerState): void {
  const { open } = s;
  const count = open.length;
  for (let placed = true; placed; ) {
    placed = false;
    s.turn = count === 0 ? 0 : (s.turn + 1) % count;
    for (let i = 0; i < count; i++) {
      const worker = open[(s.turn + i) % count]!;
      if (!takesTasks(worker) || loadOf(worker) >= worker.threads) continue;
      const task = take(s, worker) ?? takeFromOthers(s, worker);
      if (task === undefined) continue;
      assign(s, worker, task);
      placed = true;
    }
  }
}

function fillWindows(s: SchedulerState, queued: number): void {
  let threads = 0;
  for (const worker of s.workers.values()) if (takesTasks(worker)) threads += worker.threads;
  // A worker gets half of its share of what is left at a time, so that all end together.
  const share = Math.ceil(queued / (2 * threads));
  for (const worker of s.open) {
    if (!takesTasks(worker) || stalledFor(s, worker) > 2 * s.options.lookahead) continue;
    const most = worker.threads * (1 + Math.min(share, LONGEST_WINDOW));
    while (loadOf(worker) < most) {
      const task = choose(s, worker);
      if (task === undefined || loadOf(worker) >= limitFor(s, worker, task)) break;
      remove(task, worker);
      assign(s, worker, task);
    }
  }
}

/** Runs the worker may have when it is given `task`, which no thread is free for. */
function limitFor(s: SchedulerState, worker: WorkerState, task: Task): number {
  if (task.flags & FLAG.SUSPECT) return 0;
  const { duration } = task.submission!.fn;
  if (duration >= 0 && duration < s.options.lookahead) {
    const ahead = Math.ceil(s.options.lookahead / Math.max(duration, SHORTEST_RUN));
    return worker.threads * (1 + Math.min(ahead, LONGEST_WINDOW));
  }
  // One more per thread where the transfer of data can be hidden behind a run.
  return task.dependencies.length > 0 && missingBytes(task, worker) > 0 ? 2 * worker.threads : 0;
}

function take(s: SchedulerState, worker: WorkerState): Task | undefined {
  const task = choose(s, worker);
  if (task !== undefined) remove(task, worker);
  return task;
}

/** The first of the tasks that may run on this worker now. It stays queued. */
function choose(s: SchedulerState, worker: WorkerState): Task | undefined {
  let best = worker.backlog.peek();
  for (const placement of worker.classes) {
    if (placement.queued === 0 || placement.special) continue;
    const task = placement.queue.peek();
    if (task === undefined || (best !== undefined && !runsBefore(task, best))) continue;
    if (placement.resources.length > 0 && !hasFreeResources(placement, worker)) continue;
    if (placement.soft && !isNamed(placement, worker) && hasPreferredRoom(s, task)) continue;
    if (isAvoided(s, task, worker)) continue;
    best = task;
  }
  const reserved = worker.reservedFor?.queue.peek();
  if (best !== undefined && reserved !== undefined && !runsBefore(best, reserved)) return undefined;
  return best;
}

/** A preferred worker has a free thread. */
function hasPreferredRoom(s: SchedulerState, task: Task): boolean {
  const { placement } = task.submission!;
  for (const worker of s.open) {
    if (worker === task.rare?.avoids) continue;
    if (takesTasks(worker) && loadOf(worker) < worker.threads && isNamed(placement, worker)) return true;
  }
  return false;
}

/** The task asked to be run again when it ran on this worker, and another one has a free thread for it. */
function isAvoided(s: SchedulerState, task: Task, worker: WorkerState): boolean {
  if (task.rare?.avoids !== worker) return false;
  const { placement } = task.submission!;
  return s.open.some(
    (other) =>
      other !== worker &&
      other.reservedFor?.queue.peek() === undefined &&
      takesTasks(other) &&
      loadOf(other) < other.threads &&
      other.classes.includes(placement) &&
      hasFreeResources(placement, other),
  );
}

function remove(task: Task, worker: WorkerState): void {
  if (worker.backlog.peek() === task) worker.backlog.pop();
  else task.submission!.placement.queue.pop(task);
}

/** A task that waits for the worker with its data, when moving the data is faster than waiting. */
function takeFromOthers(s: SchedulerState, thief: WorkerState): Task | undefined {
  let best: Task | undefined;
  let victim: WorkerState | undefined;
  let most = 0;
  for (const worker of s.workers.values()) {
    if (worker === thief) continue;
    const task = worker.backlog.peek();
    if (task === undefined || !thief.classes.includes(task.submission!.placement)) continue;
    if (isAvoided(s, task, thief)) continue;
    const reserved = thief.reservedFor?.queue.peek();
    if (reserved !== undefined && !runsBefore(task, reserved)) continue;
    const gain = takesTasks(worker)
      ? waitingTime(s, worker) - transferTime(s, task, thief) - MOVE_LATENCY
      : Number.POSITIVE_INFINITY;
    if (gain > most) {
      most = gain;
      best = task;
      victim = worker;
    }
  }
  victim?.backlog.pop();
  return best;
}

/** Orders a queued task that is in no queue any more. */
export function assign(s: SchedulerState, worker: WorkerState, task: Task): void {
  const { placement } = task.submission!;
  placement.queued--;
  enterProcessing(s, task);
  task.run++;
  if (task.rare !== null) task.rare.avoids = null;
  if (worker.tasks.length === 0) worker.lastProgress = s.now;
  addRun(worker, task);
  takeResources(placement, worker);
  describe(s, worker, task);
  s.outbox.run(worker, task);
}

export function describe(s: SchedulerState, worker: WorkerState, task: Task): void {
  const { fn } = task.submission!;
  if (worker.functions.has(fn)) return;
  worker.functions.add(fn);
  const { id, hash, name, description } = fn;
  s.outbox.worker(worker, { kind: 'define', fn: id, hash, fnName: name, description });
}

/** The backlog of a worker that takes no tasks any more goes to others. */
export function scatterBacklog(s: SchedulerState, worker: WorkerState): void {
  for (let task = worker.backlog.peek(); task !== undefined; task = worker.backlog.peek()) {
    worker.backlog.pop();
    if (task.state !== STATE.QUEUED) continue;
    task.submission!.placement.queued--;
    enqueue(s, task, false);
  }
  worker.backlog.clear();
}

import type { Rank, WorkerInfo } from '../protocol/index.ts';
import type { PlacementClass } from './placement-class.ts';
import { TaskHeap } from './ready-queue.ts';
import type { FunctionState, Task } from './task.ts';

/** A worker and what it has. */
export class WorkerState {
  readonly rank: Rank;
  readonly name: string;
  readonly host: string;
  readonly threads: number;
  readonly resources: Readonly<Record<string, number>>;
  /** It takes no part in tasks of several ranks. */
  readonly alone: boolean;
  /** Its silence says nothing. */
  readonly shared: boolean;
  /** Resources not in use. */
  readonly free: Record<string, number>;
  readonly functions = new Set<FunctionState>();
  /** Runs ordered and not over, those that gave their thread away included. */
  readonly tasks: Task[] = [];
  /** Runs that gave their thread away. */
  blocked = 0;
  /** Tasks of several ranks it takes part in. */
  readonly groups = new Set<Task>();
  /** Data it stores, actors included; inline results are nobody's. */
  readonly data = new Set<Task>();
  bytes = 0;
  actors = 0;
  /** Ready tasks that should run here because their data is here. Counted when pushed, not when gone elsewhere. */
  readonly backlog = new TaskHeap();
  /** Classes of tasks it may run. */
  readonly classes: PlacementClass[] = [];
  /** Milliseconds per run, moving average. Negative: unknown. */
  duration = -1;
  /** When a run last ended here, or the first of the present ones began. */
  lastProgress = 0;
  /** Milliseconds in which it said nothing though it should have. */
  silence = 0;
  paused = false;
  /** It is to leave: no new tasks. */
  retiring = false;
  /** It was told to close. */
  closing = false;
  gone = false;
  /** In the list of workers that may have room. */
  listed = false;
  /** Runs asked back and not answered. */
  retracting = 0;
  /** Only tasks of this class may be started: a task of several ranks waits for this worker. */
  reservedFor: PlacementClass | null = null;

  constructor(
    rank: Rank,
    join: {
      readonly name?: string;
      readonly host: string;
      readonly threads: number;
      readonly resources?: Readonly<Record<string, number>>;
      readonly alone?: boolean;
      readonly shared?: boolean;
    },
  ) {
    this.rank = rank;
    this.name = join.name ?? String(rank);
    this.host = join.host;
    this.threads = join.threads;
    this.alone = join.alone ?? false;
    this.shared = join.shared ?? false;
    this.resources = { ...join.resources };
    this.free = { ...join.resources };
  }
}

/** Runs that have or wait for a thread. */
export function loadOf(worker: WorkerState): number {
  return worker.tasks.length - worker.blocked + worker.groups.size;
}

export function takesTasks(worker: WorkerState): boolean {
  return !worker.paused && !worker.retiring && !worker.gone;
}

export function addRun(worker: WorkerState, task: Task): void {
  task.worker = worker;
  task.slot = worker.tasks.length;
  worker.tasks.push(task);
}

export function removeRun(worker: WorkerState, task: Task): void {
  const last = worker.tasks.pop()!;
  if (last !== task) {
    worker.tasks[task.slot] = last;
    last.slot = task.slot;
  }
  task.worker = null;
}

export function infoOf(worker: WorkerState): WorkerInfo {
  const { rank, name, threads, host, resources, paused } = worker;
  return { rank, name, threads, host, resources, paused };
}

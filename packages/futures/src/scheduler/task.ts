import type {
  EncodedValue,
  Failure,
  FunctionDescription,
  Rank,
  RunNumber,
  StoryEntry,
  TaskId,
} from '../protocol/index.ts';
import type { ClientState } from './client-state.ts';
import type { Hold } from './coordination/holds.ts';
import type { PlacementClass } from './placement-class.ts';
import type { WorkerState } from './worker-state.ts';

/**
 * Where a task is. Queued tasks that no worker may run now are shown as `no-worker`. A task without a submission (scattered
 * data) is waiting until a worker or the client brought its bytes.
 */
export const STATE = { RELEASED: 0, WAITING: 1, QUEUED: 2, PROCESSING: 3, MEMORY: 4, ERRED: 5, FORGOTTEN: 6 } as const;
export type TaskState = (typeof STATE)[keyof typeof STATE];
const NAMES = ['released', 'waiting', 'queued', 'processing', 'memory', 'erred', 'forgotten'] as const;

/** A function some client described, by content. */
export interface FunctionState {
  readonly id: number;
  readonly hash: string;
  readonly name: string;
  readonly description: FunctionDescription;
  /** Ranks whose clients rely on it being here, and tasks that use it: gone when both are 0. */
  ranks: number;
  tasks: number;
  /** Milliseconds a run takes: moving average with weight ½ (as Dask's). Negative: unknown. */
  duration: number;
}

/** What the tasks of one submission share. */
export interface Submission {
  readonly fn: FunctionState;
  readonly name: string;
  readonly chunks: readonly EncodedValue[];
  readonly chunkTasks: number;
  readonly common: EncodedValue | undefined;
  readonly priority: number;
  readonly retries: number;
  readonly actor: boolean;
  readonly ranks: number;
  readonly placement: PlacementClass;
}

/** The error of a task, shared with all that depend on it. */
export interface Blame {
  readonly failure: Failure;
  readonly root: string;
  readonly worker: Rank | undefined;
}

/** A client's number for a task beside the first. */
export interface Want {
  readonly client: ClientState;
  readonly number: number;
}

/** Members few tasks have. */
export class RareParts {
  wants: Want[] | null = null;
  blame: Blame | null = null;
  /** Futures inside the result. */
  holds: Hold[] | null = null;
  /** Workers of a run on several ranks that have not reported yet, and the outcome of the first. */
  group: GroupRun | null = null;
  story: StoryEntry[] | null = null;
  /** Where its last run asked to be run again: others with a free thread come first. */
  avoids: WorkerState | null = null;
  /** Of scattered data that is still with its client. */
  scatter: ScatterPlan | null = null;
}

export interface ScatterPlan {
  readonly client: ClientState;
  readonly workers: ReadonlySet<Rank | string> | null;
  readonly copies: number;
  /** Workers the client was told to put it to. */
  expected: readonly WorkerState[];
}

export interface GroupRun {
  readonly members: readonly WorkerState[];
  waiting: WorkerState[];
}

export const NO_TASKS: readonly Task[] = [];
export const NO_WORKERS: readonly WorkerState[] = [];

/** All fields are set once in one order, so that every task has one shape: 1,000,000 of them are kept at a time. */
export class Task {
  readonly id: TaskId;
  readonly submission: Submission | null;
  /** Position in the submission. */
  readonly index: number;
  readonly key: string | null;
  state: TaskState = STATE.RELEASED;
  /** Of the first future: null when there is none. */
  client: ClientState | null = null;
  number = 0;
  /** Others that keep it: datasets, queues, variables, results that contain it, fire-and-forget. */
  pins = 0;
  dependencies: readonly Task[] = NO_TASKS;
  /** May contain forgotten tasks; swept when they are the majority. */
  dependents: Task[] | null = null;
  /** Dependents that are not forgotten (edges, so a task that depends twice counts twice). */
  dependentCount = 0;
  /** Of these, the ones that are waiting, queued or processing. */
  waiters = 0;
  /** Dependencies (edges) not in memory, while waiting. */
  missing = 0;
  generation: number;
  order: number;
  run: RunNumber = 0;
  worker: WorkerState | null = null;
  /** Position in `worker.tasks`. */
  slot = 0;
  /** Inline result: `blob.subarray(start, end)`. */
  blob: Uint8Array | null = null;
  start = 0;
  end = 0;
  nbytes = 0;
  type = '';
  holders: readonly WorkerState[] = NO_WORKERS;
  retriesLeft: number;
  deaths = 0;
  flags = 0;
  rare: RareParts | null = null;

  constructor(
    id: TaskId,
    submission: Submission | null,
    index: number,
    key: string | null,
    generation: number,
    order: number,
  ) {
    this.id = id;
    this.submission = submission;
    this.index = index;
    this.key = key;
    this.generation = generation;
    this.order = order;
    this.retriesLeft = submission === null ? 0 : submission.retries;
  }
}

export const FLAG = {
  /** The run gave its thread away. */
  BLOCKED: 1,
  /** Its worker was asked to give it back. */
  RETRACTING: 2,
  /** Was on a worker that died: runs only where a thread is free, so that another death tells who caused it. */
  SUSPECT: 4,
  /** Pinned by fire-and-forget until it is done once. */
  UNWATCHED: 8,
} as const;

export function rareOf(task: Task): RareParts {
  task.rare ??= new RareParts();
  return task.rare;
}

/** Key, or what people see instead. */
export function titleOf(task: Task): string {
  return task.key ?? `${task.submission?.name ?? 'data'}-${task.id}`;
}

export function stateName(task: Task): string {
  if (task.state === STATE.QUEUED && task.submission!.placement.workers === 0) return 'no-worker';
  return NAMES[task.state];
}

export function isWanted(task: Task): boolean {
  return task.client !== null || task.pins > 0;
}

export function isActive(task: Task): boolean {
  return task.state === STATE.WAITING || task.state === STATE.QUEUED || task.state === STATE.PROCESSING;
}

export function forEachWant(task: Task, visit: (client: ClientState, number: number) => void): void {
  if (task.client === null) return;
  visit(task.client, task.number);
  const more = task.rare?.wants;
  if (more) for (const want of more) visit(want.client, want.number);
}

export function addWant(task: Task, client: ClientState, number: number): void {
  client.futures.set(number, task);
  if (task.client === null) {
    task.client = client;
    task.number = number;
    return;
  }
  const rare = rareOf(task);
  rare.wants ??= [];
  rare.wants.push({ client, number });
}

/** Also takes the number from the client. */
export function removeWant(task: Task, client: ClientState, number: number): void {
  client.futures.delete(number);
  const more = task.rare?.wants;
  if (task.client === client && task.number === number) {
    const next = more?.pop();
    task.client = next ? next.client : null;
    task.number = next ? next.number : 0;
  } else if (more) {
    const at = more.findIndex((want) => want.client === client && want.number === number);
    if (at >= 0) more.splice(at, 1);
  }
}

/** Links `task` to what it depends on. */
export function addDependents(task: Task): void {
  for (const dependency of task.dependencies) {
    dependency.dependents ??= [];
    dependency.dependents.push(task);
    dependency.dependentCount++;
  }
}

const SWEEP_FROM = 16;
/** After a dependent was forgotten. */
export function dropDependent(dependency: Task): void {
  dependency.dependentCount--;
  const { dependents, dependentCount } = dependency;
  if (dependents === null) return;
  if (dependentCount === 0) dependency.dependents = null;
  else if (dependents.length > SWEEP_FROM && dependents.length > 2 * dependentCount) {
    dependency.dependents = dependents.filter((dependent) => dependent.state !== STATE.FORGOTTEN);
  }
}

/** Order of tasks of one priority: earlier generation first, then earlier order. */
export function runsBefore(a: Task, b: Task): boolean {
  const priorities = b.submission!.priority - a.submission!.priority;
  if (priorities !== 0) return priorities < 0;
  return a.generation !== b.generation ? a.generation < b.generation : a.order < b.order;
}

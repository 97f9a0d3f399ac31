import type { Rank, TaskId } from '../protocol/index.ts';
import type { ClientState } from './client-state.ts';
import type { Coordination } from './coordination/coordination.ts';
import type { Members } from './membership.ts';
import { Outbox } from './outbox.ts';
import { PagedTable } from './paged-table.ts';
import type { PlacementClass } from './placement-class.ts';
import type { Replications } from './replication.ts';
import type { FunctionState, Task } from './task.ts';
import type { WorkerState } from './worker-state.ts';

export interface SchedulerOptions {
  /** Deaths of workers a task may survive. Default 3. */
  readonly allowedFailures?: number;
  /** Milliseconds of work a worker is given ahead, so that it needs no answer between short tasks. Default 2. */
  readonly lookahead?: number;
  /**
   * Milliseconds without a sign of life after which a worker counts as lost, though its rank is connected: its loop is blocked,
   * or its process stopped. Default 300,000; 0: never. Time in which it runs a task of several ranks or a call of `client.run`,
   * which have its loop, does not count; nor does a worker that shares its rank with the script.
   */
  readonly workerTimeout?: number;
  /** Milliseconds after which tasks that no worker may run fail. Default 0: never, they wait for a worker to join. */
  readonly noWorkersTimeout?: number;
  /** Checks the whole state after every event. For tests. Default false. */
  readonly validate?: boolean;
  /** Transitions kept per task. Default 0. */
  readonly story?: number;
  /** Events kept per topic. Default 1000. */
  readonly eventHistory?: number;
  /** Rank of the scheduler, for `who-has`. Default 0. */
  readonly rank?: Rank;
}

/** All the scheduler knows. Functions of this folder change it; nothing here does I/O. */
export interface SchedulerState {
  readonly options: Required<SchedulerOptions>;
  readonly outbox: Outbox;
  /** Milliseconds: the time of the event being handled. */
  now: number;
  /** When the last tick was. */
  lastTick: number;
  /** What is being handled, for stories. */
  cause: string;
  readonly tasks: PagedTable<Task>;
  readonly keys: Map<string, Task>;
  nextTask: TaskId;
  generation: number;
  readonly functions: Map<string, FunctionState>;
  /** Functions by the ranks whose clients described them. */
  readonly described: Map<Rank, Set<FunctionState>>;
  nextFunction: number;
  readonly classes: Map<string, PlacementClass>;
  readonly clients: Map<number, ClientState>;
  readonly workers: Map<Rank, WorkerState>;
  /** Ranks whose workers are gone. */
  readonly departed: Set<Rank>;
  /** Workers that may have room. */
  open: WorkerState[];
  /** Index in the order of workers where the next round of placement starts. */
  turn: number;
  /** Requests for runs back that are not answered. */
  nextRequest: number;
  /** Scattered data that no worker has yet. */
  readonly scattering: Set<Task>;
  /** Work lists: see transitions. */
  readonly starting: Task[];
  readonly failing: Task[];
  readonly releasing: Task[];
  settling: boolean;
  /** Milliseconds a byte takes from worker to worker: 100 MB/s until known better. */
  readonly transferCost: number;
  readonly coordination: Coordination;
  readonly replications: Replications;
  readonly members: Members;
}

interface Parts {
  readonly members: Members;
  readonly coordination: Coordination;
  readonly replications: Replications;
}

const TRANSFER_MS_PER_BYTE = 1e-5;
/** As Dask's worker-ttl. */
const WORKER_TIMEOUT_MS = 300_000;

export function createState(options: SchedulerOptions, parts: Parts): SchedulerState {
  return {
    options: {
      allowedFailures: options.allowedFailures ?? 3,
      lookahead: options.lookahead ?? 2,
      workerTimeout: options.workerTimeout ?? WORKER_TIMEOUT_MS,
      noWorkersTimeout: options.noWorkersTimeout ?? 0,
      validate: options.validate ?? false,
      story: options.story ?? 0,
      eventHistory: options.eventHistory ?? 1000,
      rank: options.rank ?? 0,
    },
    outbox: new Outbox(),
    now: 0,
    lastTick: Number.POSITIVE_INFINITY,
    cause: '',
    tasks: new PagedTable(),
    keys: new Map(),
    nextTask: 0,
    generation: 0,
    functions: new Map(),
    described: new Map(),
    nextFunction: 0,
    classes: new Map(),
    clients: new Map(),
    workers: new Map(),
    departed: new Set(),
    open: [],
    turn: 0,
    nextRequest: 1,
    scattering: new Set(),
    starting: [],
    failing: [],
    releasing: [],
    settling: false,
    transferCost: TRANSFER_MS_PER_BYTE,
    ...parts,
  };
}

import type { ClientRecord } from './client.ts';
import type { Rank, RunNumber, TaskId } from './ids.ts';
import type { FunctionDescription } from './submission.ts';
import type { EncodedValue, Failure, PackedValues } from './values.ts';

/** Everything the scheduler receives: batches of these, tag TAGS.toScheduler, in the order they were sent. */
export type ToScheduler = ClientRecord | WorkerRecord | ExpectWorkers;

/** Processes were started that will join as these ranks, or be lost. */
export interface ExpectWorkers {
  readonly kind: 'expect';
  readonly workers: readonly Rank[];
}

/** From a worker to the scheduler. */
export type WorkerRecord =
  | JoinWorker
  /** The worker leaves in good order: it has no running tasks and its data was copied (after `retire`), or its job ends. */
  | { readonly kind: 'leave' }
  /** The worker's process died; its rank did not, and starts another, which will join. */
  | { readonly kind: 'died'; readonly how: string }
  | Finished
  | FinishedStored
  | Errored
  | Rescheduled
  | MissingDependency
  | Blocked
  | Retracted
  | Fetched
  | WorkerStatus
  | Called
  | Evicted;

export interface JoinWorker {
  readonly kind: 'join';
  /** Default for people: the rank as text. `workers` options may name it. */
  readonly name?: string;
  readonly host: string;
  readonly threads: number;
  readonly resources?: Readonly<Record<string, number>>;
  /** It takes no part in tasks of several ranks: it has no communicator. */
  readonly alone?: boolean;
  /** Its loop is also that of a script, which may compute: its silence says nothing. */
  readonly shared?: boolean;
}

/** Runs that finished with small results (at most INLINE_BYTES, one segment). The worker keeps nothing of them. */
export interface Finished {
  readonly kind: 'finished';
  readonly tasks: readonly TaskId[];
  readonly runs: readonly RunNumber[];
  /** Milliseconds the function ran. */
  readonly durations: readonly number[];
  readonly values: PackedValues;
  /** Futures inside the results: triples (index in `tasks`, local client of this rank, number). */
  readonly holds?: readonly number[];
}

/** Runs whose results the worker now stores. Also for actors, whose result is the instance. */
export interface FinishedStored {
  readonly kind: 'finished-stored';
  readonly tasks: readonly TaskId[];
  readonly runs: readonly RunNumber[];
  readonly durations: readonly number[];
  readonly nbytes: readonly number[];
  /** `typeof`, or the constructor's name. */
  readonly types: readonly string[];
  readonly holds?: readonly number[];
}

export interface Errored {
  readonly kind: 'errored';
  readonly task: TaskId;
  readonly run: RunNumber;
  readonly duration: number;
  readonly failure: Failure;
  /**
   * The thread died under the task (exit, out of memory, crash): counts as a death of the worker, against `allowedFailures`,
   * not against `retries`.
   */
  readonly killed?: boolean;
}

/** A task asked to run elsewhere, or the worker could not start it (it is closing): not an error. */
export interface Rescheduled {
  readonly kind: 'rescheduled';
  readonly tasks: readonly TaskId[];
  readonly runs: readonly RunNumber[];
}

/** A run cannot start: `holder` does not have dependency `missing`, or is lost. The run is over; the task will be ordered again. */
export interface MissingDependency {
  readonly kind: 'missing-dependency';
  readonly task: TaskId;
  readonly run: RunNumber;
  readonly missing: TaskId;
  readonly holder: Rank;
}

/** A run gives its thread away (`secede`, or waits for futures) or has one again (`rejoin`). */
export interface Blocked {
  readonly kind: 'blocked' | 'unblocked';
  readonly task: TaskId;
  readonly run: RunNumber;
}

/** Answer to `retract`: of the runs asked for, those that had not started and never will here. */
export interface Retracted {
  readonly kind: 'retracted';
  readonly request: number;
  readonly tasks: readonly TaskId[];
  readonly runs: readonly RunNumber[];
}

/** The worker stores copies of these now: fetched as dependencies, by a `replicate` order, or put by a client. */
export interface Fetched {
  readonly kind: 'fetched';
  readonly tasks: readonly TaskId[];
  readonly nbytes: readonly number[];
}

/** The worker dropped copies without being told, or a `replicate` order could not be fulfilled. */
export interface Evicted {
  readonly kind: 'evicted';
  readonly tasks: readonly TaskId[];
}

/** Sent when something changed, and at least every few seconds as the sign of life. */
export interface WorkerStatus {
  readonly kind: 'status';
  /** Too little memory: gets no tasks and no data until false again. */
  readonly paused: boolean;
  readonly memoryBytes?: number;
  readonly spilledBytes?: number;
}

/** Outcome of a `call`. */
export interface Called {
  readonly kind: 'called';
  readonly call: number;
  readonly outcome: CallOutcome;
}
export type CallOutcome =
  | { readonly ok: true; readonly value: EncodedValue }
  | { readonly ok: false; readonly failure: Failure };

/** From the scheduler to a worker, in batches (`ToWorker[]`, tag TAGS.toWorker). */
export type ToWorker =
  /** Signs of life are to come every `heartbeat` milliseconds. */
  | { readonly kind: 'joined'; readonly rank: Rank; readonly heartbeat: number }
  | DefineFunction
  | RunTasks
  | Free
  | CancelRuns
  | Retract
  | Replicate
  | Call
  /** No request for these functions comes without a new `define`. */
  | { readonly kind: 'forget-functions'; readonly fns: readonly number[] }
  /** No answer will come from this rank: fetches from it have failed, and later ones fail at once. */
  | { readonly kind: 'peer-lost'; readonly rank: Rank }
  /** A worker has joined on a rank that was lost. */
  | { readonly kind: 'peer-back'; readonly rank: Rank }
  /** Ends all runs and drops all data and actors; nothing about them is to be reported any more. */
  | { readonly kind: 'reset' }
  /** It was silent for too long and counts as lost: all it has is dropped, and it joins anew. */
  | { readonly kind: 'expired' }
  /** Send `leave` and stop. All data that matters was copied elsewhere. */
  | { readonly kind: 'close' };

/** `fn` in later orders means this function. Sent once per worker, before the first order with it. */
export interface DefineFunction {
  readonly kind: 'define';
  readonly fn: number;
  readonly hash: string;
  readonly fnName: string;
  readonly description: FunctionDescription;
}

/** Where the value of a dependency is: inline, or stored by workers. */
export type Location =
  | { readonly task: TaskId; readonly value: Uint8Array }
  | { readonly task: TaskId; readonly nbytes: number; readonly holders: readonly Rank[]; readonly actor?: boolean };

/**
 * Orders to run tasks of one submission. A worker starts its tasks in ascending order of (`priority` negated, `generation`,
 * `order`), as threads become free and dependencies are there. Task `i` is `tasks[i]`; its arguments are entry
 * `positions[i]` of the decoded `chunks[chunkOf[i]]`. Dependency `k` of task `i` is at `locations[dependencies[i][k]]`;
 * no `dependencies`: none. Fetch from any holder (this rank may be one).
 */
export interface RunTasks {
  readonly kind: 'run';
  readonly fn: number;
  /** Key or name for people; task `i` is called `keys?.[i] ?? name-id`. */
  readonly name: string;
  readonly keys?: readonly (string | undefined)[];
  readonly tasks: readonly TaskId[];
  readonly runs: readonly RunNumber[];
  readonly priority: number;
  readonly generation: number;
  readonly order: readonly number[];
  readonly chunks: readonly EncodedValue[];
  readonly chunkOf: readonly number[];
  readonly positions: readonly number[];
  readonly common?: EncodedValue;
  readonly dependencies?: readonly (readonly number[])[];
  readonly locations?: readonly Location[];
  readonly actor?: boolean;
  /**
   * A task of several ranks (then `tasks` has one entry): all of `group` got the order at the same time and start at once,
   * make a communicator of these ranks in this order, and run the function with it. Every member reports its end with the
   * run; the result is that of `group[0]`, results of others are dropped (they report `finished` with an empty value).
   */
  readonly group?: readonly Rank[];
}

/** Drop the data (or actors) of these tasks. Unknown ones are ignored. Ranges: pairs (first, count). */
export interface Free {
  readonly kind: 'free';
  readonly ranges: readonly number[];
}

/**
 * Runs that nobody wants any more. Waiting ones are dropped, running ones stopped; nothing is to be reported about them. Of
 * one that finished meanwhile (its report crossed this order) the stored result is dropped; copies fetched from elsewhere stay.
 */
export interface CancelRuns {
  readonly kind: 'cancel';
  readonly tasks: readonly TaskId[];
  readonly runs: readonly RunNumber[];
}

/** Give back those of these runs that have not started. Always answered by `retracted`, with fewer or none. */
export interface Retract {
  readonly kind: 'retract';
  readonly request: number;
  readonly tasks: readonly TaskId[];
  readonly runs: readonly RunNumber[];
}

/** Fetch copies of these from other workers and report `fetched` (or `evicted` when it cannot be had). */
export interface Replicate {
  readonly kind: 'replicate';
  readonly tasks: readonly TaskId[];
  readonly nbytes: readonly number[];
  readonly holders: readonly (readonly Rank[])[];
}

/** Run a function outside of scheduling, at once, on the worker's own loop (`client.run`). Answered by `called`. */
export interface Call {
  readonly kind: 'call';
  readonly call: number;
  readonly fn: FunctionDescription;
  /** Encoded array of arguments. */
  readonly args: EncodedValue;
}

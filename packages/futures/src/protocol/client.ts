import type { Answer, Request, TopicEvent, Withdraw } from './coordination.ts';
import type { FutureNumber, FutureReference, Rank, TaskId } from './ids.ts';
import type { DescribeFunction, Scatter, Submit } from './submission.ts';
import type { CancelReason, Failure, PackedValues } from './values.ts';

/**
 * From a client to the scheduler, in batches (`ToScheduler[]`, tag TAGS.toScheduler). `client` is the local number of the
 * client on its rank. Records of one client are handled in the order they were sent.
 */
export type ClientRecord =
  | { readonly kind: 'open-client'; readonly client: number; readonly name?: string }
  /** Drops everything the client wants. Answered by a `closed` record. */
  | { readonly kind: 'close-client'; readonly client: number }
  | DescribeFunction
  | Submit
  | Scatter
  | Release
  | Cancel
  | Retry
  | Import
  | Missing
  | Request
  | Withdraw;

/** The client no longer wants these. Numbers it does not have are ignored. Ranges: pairs (first, count). */
export interface Release {
  readonly kind: 'release';
  readonly client: number;
  readonly ranges: readonly number[];
}

/**
 * Cancels futures: this client's interest goes, and with it (or with `force`, for all clients) the tasks, those that depend
 * on them included. Running ones are told to stop. The client gets `cancelled` for each future, including dependents.
 */
export interface Cancel {
  readonly kind: 'cancel';
  readonly client: number;
  readonly numbers: readonly FutureNumber[];
  readonly force?: boolean;
  /** Leaves tasks alone that a worker was given, or that are done. */
  readonly waiting?: boolean;
  readonly message?: string;
}

/** Runs erred tasks again, and the erred ones they depend on. Others are left alone. */
export interface Retry {
  readonly kind: 'retry';
  readonly client: number;
  readonly numbers: readonly FutureNumber[];
}

/** Makes `number` (the client's next) another name of a future that came inside a value. Cancelled with reason `released` if it is gone. */
export interface Import {
  readonly kind: 'import';
  readonly client: number;
  readonly number: FutureNumber;
  readonly from: FutureReference;
}

/**
 * A client could not fetch a result from `holder`: it does not have it, or is lost. The scheduler strikes the holder out and
 * sends `stored` again when the result is somewhere, computed again if need be (or `cancelled`, `failed`).
 */
export interface Missing {
  readonly kind: 'missing';
  readonly client: number;
  readonly number: FutureNumber;
  readonly holder: Rank;
}

/** From the scheduler to clients of one rank, in batches (`ToClient[]`, tag TAGS.toClient). `client` is the local number. */
export type ToClient =
  | { readonly kind: 'opened'; readonly client: number; readonly workers: readonly WorkerInfo[] }
  | { readonly kind: 'closed'; readonly client: number }
  /** No answer will come from this rank: fetches and actor calls there have failed, and later ones fail at once. */
  | { readonly kind: 'peer-lost'; readonly client: number; readonly rank: Rank }
  /** A worker has joined on a rank that was lost. */
  | { readonly kind: 'peer-back'; readonly client: number; readonly rank: Rank }
  /** The worker was silent for too long: whoever started its process is to end it. */
  | { readonly kind: 'expired'; readonly client: number; readonly rank: Rank }
  /** The scheduler ends: nothing more will come. */
  | { readonly kind: 'stopped'; readonly client: number }
  | Results
  | Stored
  | Failed
  | Cancelled
  | Lost
  | Place
  | Answer
  | TopicEvent;

export interface WorkerInfo {
  readonly rank: Rank;
  readonly name: string;
  readonly threads: number;
  readonly host: string;
  readonly resources: Readonly<Record<string, number>>;
  readonly paused: boolean;
}

/** Futures that finished with small results: `values` in the order of `numbers`. */
export interface Results {
  readonly kind: 'results';
  readonly client: number;
  readonly numbers: readonly FutureNumber[];
  readonly values: PackedValues;
}

/** Futures that finished with data in workers. Fetch by `tasks[i]` from any of `holders[i]` (peer protocol). */
export interface Stored {
  readonly kind: 'stored';
  readonly client: number;
  readonly numbers: readonly FutureNumber[];
  readonly tasks: readonly TaskId[];
  readonly nbytes: readonly number[];
  readonly types: readonly string[];
  readonly holders: readonly (readonly Rank[])[];
  /** The holder has an actor instead of data. */
  readonly actors?: readonly boolean[];
}

/** Futures that failed: their own error or, for dependents, that of the task at the root. */
export interface Failed {
  readonly kind: 'failed';
  readonly client: number;
  readonly numbers: readonly FutureNumber[];
  readonly failure: Failure;
  /** Key (or name for people) of the task at the root, and the worker it last ran on. */
  readonly blame: string;
  readonly worker: Rank | undefined;
}

export interface Cancelled {
  readonly kind: 'cancelled';
  readonly client: number;
  readonly numbers: readonly FutureNumber[];
  readonly reason: CancelReason;
  readonly message?: string;
}

/** Futures that had finished with data in workers and are pending again: the data is gone and being computed anew. */
export interface Lost {
  readonly kind: 'lost';
  readonly client: number;
  readonly numbers: readonly FutureNumber[];
}

/** Answer to a scatter: put the value of each number to its ranks (peer protocol, under `tasks[i]`). */
export interface Place {
  readonly kind: 'place';
  readonly client: number;
  readonly numbers: readonly FutureNumber[];
  readonly tasks: readonly TaskId[];
  readonly ranks: readonly (readonly Rank[])[];
}

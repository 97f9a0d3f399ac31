import type { WorkerInfo } from './client.ts';
import type { FutureNumber, Rank, TaskId } from './ids.ts';
import type { FunctionDescription } from './submission.ts';
import type { EncodedValue } from './values.ts';
import type { CallOutcome } from './worker.ts';

/**
 * A call of a client to the scheduler. Gets exactly one `answer`, when it can be given: `queue-get` on an empty queue waits.
 * Time limits are the client's: it sends `withdraw` and still waits for the answer, which is then the result if that was
 * already on its way, or the error PAR_TIMEOUT.
 */
export interface Request {
  readonly kind: 'request';
  readonly client: number;
  /** The client's own number. */
  readonly request: number;
  readonly call: Call;
}
export interface Withdraw {
  readonly kind: 'withdraw';
  readonly client: number;
  readonly request: number;
}
export interface Answer {
  readonly kind: 'answer';
  readonly client: number;
  readonly request: number;
  readonly outcome: /** `value`: see {@link Answers}, by the call's `method`. */
    | { readonly ok: true; readonly value: unknown }
    | { readonly ok: false; readonly code: AnswerCode; readonly message: string };
}
export type AnswerCode =
  | 'PAR_TIMEOUT'
  /** No such dataset, queue, variable, lease, worker. */
  | 'PAR_NOT_FOUND'
  /** The name is taken; another size or maximum than at first. */
  | 'PAR_EXISTS'
  /** Released more often than acquired, capacity exceeded, impossible argument. */
  | 'PAR_ARGUMENT'
  /** The thing was closed or deleted meanwhile. */
  | 'PAR_CLOSED'
  | 'PAR_NO_WORKERS';

/** A value with the own futures of the sender that are inside it; these stay alive as long as the value is kept. */
export interface HeldValue {
  readonly value: EncodedValue;
  readonly holds?: readonly FutureNumber[];
}

export type Call =
  // Introspection. `futures`: default all tasks.
  | { readonly method: 'who-has'; readonly futures?: readonly FutureNumber[] }
  | { readonly method: 'has-what'; readonly workers?: readonly Rank[] }
  | { readonly method: 'nbytes'; readonly futures?: readonly FutureNumber[] }
  | { readonly method: 'processing'; readonly workers?: readonly Rank[] }
  | { readonly method: 'workers' }
  /** `ranges`: pairs (first, count) of own futures; default all tasks. */
  | { readonly method: 'counts'; readonly ranges?: readonly number[] }
  | { readonly method: 'explain'; readonly future: FutureNumber }
  | { readonly method: 'story'; readonly key: string }
  /** Answers when at least `count` workers are there and not paused. */
  | { readonly method: 'wait-for-workers'; readonly count: number }
  // Cluster
  | {
      readonly method: 'run';
      readonly workers?: readonly (Rank | string)[];
      readonly fn: FunctionDescription;
      readonly args: EncodedValue;
    }
  | { readonly method: 'run-on-scheduler'; readonly fn: FunctionDescription; readonly args: EncodedValue }
  /** `copies` undefined: on all workers. Waits for the tasks to finish, then for the copies. Fewer than now: surplus ones are dropped. */
  | {
      readonly method: 'replicate';
      readonly futures: readonly FutureNumber[];
      readonly copies?: number;
      readonly workers?: readonly (Rank | string)[];
    }
  /** Copies what only these workers hold, lets running tasks end, then closes them. Answers when they left. */
  | { readonly method: 'retire-workers'; readonly workers: readonly (Rank | string)[] }
  /** Cancels all futures of all clients and resets the workers. */
  | { readonly method: 'restart' }
  /** Closes all workers and the scheduler. Answered before they go. */
  | { readonly method: 'shutdown' }
  // Datasets
  | { readonly method: 'publish'; readonly name: string; readonly value: HeldValue; readonly override?: boolean }
  | { readonly method: 'get-dataset'; readonly name: string }
  | { readonly method: 'list-datasets' }
  | { readonly method: 'unpublish'; readonly name: string }
  // Topics
  | { readonly method: 'log-event'; readonly topic: string; readonly message: EncodedValue }
  | { readonly method: 'get-events'; readonly topic: string }
  | { readonly method: 'subscribe' | 'unsubscribe'; readonly topic: string }
  // Queue: made by its first use. `maxSize` 0: unlimited; the first non-zero one counts.
  | {
      readonly method: 'queue-put';
      readonly name: string;
      readonly maxSize?: number;
      readonly item: HeldValue;
      /** Refused with PAR_CLOSED unless this task is running: its taker is gone. */
      readonly task?: TaskId;
    }
  /** `batch` n: up to n items that are there (at least one: waits). `batch` 0: all that are there, possibly none. Default: one. */
  | { readonly method: 'queue-get'; readonly name: string; readonly batch?: number }
  | { readonly method: 'queue-size'; readonly name: string }
  /** Waiting gets and puts fail with PAR_CLOSED; the items are dropped. */
  | { readonly method: 'queue-close'; readonly name: string }
  // Variable
  | { readonly method: 'variable-set'; readonly name: string; readonly value: HeldValue }
  /** Waits until it is set. */
  | { readonly method: 'variable-get'; readonly name: string }
  | { readonly method: 'variable-delete'; readonly name: string }
  // Event
  | { readonly method: 'event-wait' | 'event-set' | 'event-clear' | 'event-is-set'; readonly name: string }
  // Semaphore; a Lock is one with `maxLeases` 1
  /** Leases belong to `task` if given (freed when that run ends), else to the client (freed when it closes or its rank dies). */
  | { readonly method: 'semaphore-acquire'; readonly name: string; readonly maxLeases: number; readonly task?: TaskId }
  | { readonly method: 'semaphore-release'; readonly name: string; readonly lease: number }
  | { readonly method: 'semaphore-value'; readonly name: string }
  | { readonly method: 'semaphore-close'; readonly name: string }
  /** Takes `count` (default all) of several locks at once, first come first served at each. One lease for all. */
  | {
      readonly method: 'multi-lock-acquire';
      readonly names: readonly string[];
      readonly count?: number;
      readonly task?: TaskId;
    }
  | { readonly method: 'multi-lock-release'; readonly lease: number };

/** A future that came inside an answer: the client has it now under `number` (negative) and will release it like its own. */
export interface Reference {
  readonly number: FutureNumber;
  /** What the value's encoder called it: decode that FutureReference as the future `number`. */
  readonly from: { readonly client: number; readonly number: FutureNumber };
}
export interface ReceivedValue {
  readonly value: EncodedValue;
  readonly references: readonly Reference[];
}

/** Values of answers by method; methods that are not here answer undefined. The state of references follows as `results`, … at once. */
export interface Answers {
  readonly 'who-has': readonly { readonly key: string; readonly task: TaskId; readonly holders: readonly Rank[] }[];
  readonly 'has-what': readonly { readonly rank: Rank; readonly keys: readonly string[] }[];
  readonly nbytes: readonly { readonly key: string; readonly nbytes: number }[];
  readonly processing: readonly { readonly rank: Rank; readonly keys: readonly string[] }[];
  readonly workers: readonly WorkerInfo[];
  /** Tasks by state. */
  readonly counts: Readonly<Record<string, number>>;
  /** One line for people: why the task is where it is. */
  readonly explain: string;
  readonly story: readonly StoryEntry[];
  readonly 'wait-for-workers': readonly WorkerInfo[];
  readonly run: readonly { readonly rank: Rank; readonly outcome: CallOutcome }[];
  readonly 'run-on-scheduler': CallOutcome;
  readonly 'get-dataset': ReceivedValue;
  readonly 'list-datasets': readonly string[];
  readonly 'get-events': readonly { readonly time: number; readonly message: EncodedValue }[];
  readonly 'queue-get': readonly ReceivedValue[];
  readonly 'queue-size': number;
  readonly 'variable-get': ReceivedValue;
  readonly 'event-is-set': boolean;
  /** The lease to release. */
  readonly 'semaphore-acquire': number;
  /** Leases taken. */
  readonly 'semaphore-value': number;
  readonly 'multi-lock-acquire': { readonly lease: number; readonly names: readonly string[] };
}

export interface StoryEntry {
  /** Milliseconds, the scheduler's clock. */
  readonly time: number;
  readonly from: string;
  readonly to: string;
  readonly cause: string;
}

/** To subscribers of a topic. `message` is what was logged. */
export interface TopicEvent {
  readonly kind: 'event';
  readonly client: number;
  readonly topic: string;
  readonly time: number;
  readonly message: EncodedValue;
}

import type { ShippedFunction } from '../closures/description.ts';
import type { FutureNumber, Rank, RunNumber, TaskId } from './ids.ts';
import type { EncodedValue } from './values.ts';

/** A shipped function with the encoded values it captured: `description.values` is empty, `values` is that array, encoded in one piece. */
export interface FunctionDescription {
  readonly description: ShippedFunction;
  readonly values: EncodedValue;
}

export interface TaskOptions {
  /** Higher runs earlier. Default 0. */
  readonly priority?: number;
  /** Times to run again after an error. Default 0. */
  readonly retries?: number;
  /** Ranks (or workers' names) that may run it. Default all. */
  readonly workers?: readonly (Rank | string)[];
  /** `workers` is a preference only. Default false. */
  readonly allowOtherWorkers?: boolean;
  /** Amounts of abstract resources a worker must have free. */
  readonly resources?: Readonly<Record<string, number>>;
  /** The function is a class; the result is an instance that stays on its worker. Placed on the worker with the fewest actors. */
  readonly actor?: boolean;
  /** Workers that run it together, each with a sub-communicator of this size. Default 1. */
  readonly ranks?: number;
  /** Lets the task finish though no future wants it. Default false. */
  readonly fireAndForget?: boolean;
}

/**
 * `count` tasks of one function, numbered `first`, `first + 1`, …
 *
 * Arguments: `chunks[c]` is the encoded array of the argument lists of the tasks `c * chunkTasks` … of this submission (the
 * last chunk may have fewer); each list is an array. A future among the arguments, at any depth, is encoded as the position
 * of its number in the list of dependencies of its task. That list is `sharedDependencies` first, then the task's own.
 * `common`, if given, is one encoded value that goes to the worker with every task (arguments all tasks share): futures in it
 * are positions too, so they can only be of `sharedDependencies`.
 *
 * A task is identified by its key if it has one: a task with the same key that any client has now is joined, and what this
 * record says about it otherwise is ignored (an erred one too: nothing runs again). Give keys for pure calls (function hash
 * and hash of the arguments) and those the user named; other tasks need none.
 */
export interface Submit {
  readonly kind: 'submit';
  /** Local number of the client on the sending rank. */
  readonly client: number;
  readonly first: FutureNumber;
  readonly count: number;
  /** Content hash of the function. Its `function` record goes once from each client, before the first submission that uses it. */
  readonly fn: string;
  readonly chunks: readonly EncodedValue[];
  readonly chunkTasks: number;
  readonly common?: EncodedValue;
  /** One per task. Default: no keys; for people, tasks are then called `${name}-${TaskId}`. */
  readonly keys?: readonly string[];
  /** For people. Default: the function's name. */
  readonly name?: string;
  readonly sharedDependencies?: readonly FutureNumber[];
  /** Pairs (index of the task, number it depends on), ascending by index: own dependencies in list order. */
  readonly dependencies?: readonly number[];
  /** Submitted from inside this task: runs before later siblings of it. */
  readonly parent?: { readonly task: TaskId; readonly run: RunNumber };
  /** Counts the calls of `submit`/`map` of this client; batches of one call have the same. Earlier generations run first. */
  readonly generation: number;
  readonly options: TaskOptions;
}

/** Describes a function before the first submission of this client with its hash. Known until no client of the rank is open. */
export interface DescribeFunction {
  readonly kind: 'function';
  readonly hash: string;
  readonly name: string;
  readonly fn: FunctionDescription;
}

/**
 * Registers data that comes from a client. Small values (see INLINE_BYTES) come with the record; for others the scheduler
 * chooses workers and sends a `place` record; the client `put`s the value to these ranks, and the futures finish once a worker
 * has it.
 */
export interface Scatter {
  readonly kind: 'scatter';
  readonly client: number;
  readonly first: FutureNumber;
  /** Bytes of each value. One future each. */
  readonly nbytes: readonly number[];
  /** Names of the values' types, for people. */
  readonly types?: readonly string[];
  /** One per value; a value with the key of a live task joins it and is not placed. */
  readonly keys?: readonly string[];
  readonly data:
    | { readonly at: 'inline'; readonly values: readonly Uint8Array[] }
    | {
        readonly at: 'client';
        readonly workers?: readonly (Rank | string)[];
        /** Copies of each value: true for all workers. Default 1. */
        readonly broadcast?: boolean | number;
      };
}

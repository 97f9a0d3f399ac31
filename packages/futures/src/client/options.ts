import { inspect } from 'node:util';
import { ArgumentRangeError, ArgumentTypeError } from '@par/comm-core';
import type { TaskOptions } from '../protocol/index.ts';
import { FuturesError } from './errors.ts';
import type { ClientLink } from './link.ts';

/** How tasks are to be run. Given to `client.with`, for all calls on what that returns. */
export interface SubmitOptions {
  /**
   * Calls of the same function with the same arguments are one task, as long as anybody holds a future of it. Default true;
   * say false for functions that use random numbers, the time, files or anything else that changes.
   */
  readonly pure?: boolean | undefined;
  /** Name of the task, in place of the one made from function and arguments; for `map` its prefix, or one name per task. */
  readonly key?: string | readonly string[] | undefined;
  /** Times a task is run again after an error. Default 0. */
  readonly retries?: number | undefined;
  /** Tasks of higher priority run earlier. Default 0. */
  readonly priority?: number | undefined;
  /** Ranks, or names, of the workers that may run it. Default all. */
  readonly workers?: number | string | readonly (number | string)[] | undefined;
  /** `workers` is a preference only. Default false. */
  readonly allowOtherWorkers?: boolean | undefined;
  /** What a worker must have free of the resources it declared. */
  readonly resources?: Readonly<Record<string, number>> | undefined;
  /** Workers that run each task together; the function gets their communicator as its last argument. Default 1. */
  readonly ranks?: number | undefined;
  /** The task runs though nobody holds its future. Default false. */
  readonly fireAndForget?: boolean | undefined;
}

/** The record's options. `call`: `submit(square)`. Throws PAR_ARGUMENT for what no cluster could do. */
export function taskOptions(options: SubmitOptions, actor: boolean, call: string): TaskOptions {
  const { retries, priority, allowOtherWorkers, resources, ranks, fireAndForget } = options;
  whole(call, 'retries', retries, 0);
  whole(call, 'ranks', ranks, 1);
  if (priority !== undefined && !Number.isFinite(priority))
    refuse(call, `priority is ${inspect(priority)}, but must be a number`);
  const workers = workerList(options.workers, call);
  if (allowOtherWorkers && workers === undefined) refuse(call, 'allowOtherWorkers needs workers to prefer');
  if (resources !== undefined && (typeof resources !== 'object' || resources === null || Array.isArray(resources))) {
    const example = '{ gpu: 1 }';
    throw new ArgumentTypeError(
      'PAR_ARGUMENT',
      `${call}: resources is ${inspect(resources)}, but must be as ${example}`,
    );
  }
  for (const [name, amount] of Object.entries(resources ?? {})) {
    if (!(amount >= 0 && Number.isFinite(amount)))
      refuse(call, `resource ${name} is ${inspect(amount)}, but must be a number ≥ 0`);
  }
  const { key } = options;
  const isKey = Array.isArray(key) ? key.every((one) => typeof one === 'string') : typeof key === 'string';
  if (key !== undefined && !isKey) {
    throw new ArgumentTypeError('PAR_ARGUMENT', `${call}: key must be a string, or for map one string per task`);
  }
  return {
    ...(retries && { retries }),
    ...(priority && { priority }),
    ...(workers && { workers }),
    ...(allowOtherWorkers && { allowOtherWorkers }),
    ...(resources && { resources }),
    ...(ranks !== undefined && ranks > 1 && { ranks }),
    ...(fireAndForget && { fireAndForget }),
    ...(actor && { actor }),
  };
}

export function workerList(workers: SubmitOptions['workers'], call: string): readonly (number | string)[] | undefined {
  if (workers === undefined) return undefined;
  const list = Array.isArray(workers) ? (workers as readonly (number | string)[]) : [workers as number | string];
  if (list.length === 0) refuse(call, 'workers is an empty list; leave it out for all workers');
  for (const worker of list as readonly unknown[]) {
    if (typeof worker === 'number' || typeof worker === 'string') continue;
    throw new ArgumentTypeError(
      'PAR_ARGUMENT',
      `${call}: workers has ${inspect(worker)}, but must be ranks or names of workers`,
    );
  }
  return list;
}

/** Throws PAR_NOT_FOUND for workers that cannot exist: ranks outside of the cluster's, and those that are there for something else. */
export function checkWorkers(
  workers: readonly (number | string)[] | undefined,
  { size, workerless = [] }: Pick<ClientLink, 'size' | 'workerless'>,
  call: string,
): void {
  for (const worker of workers ?? []) {
    if (typeof worker === 'string') continue;
    const isRank = Number.isInteger(worker) && worker >= 0 && worker < size;
    if (isRank && !workerless.includes(worker)) continue;
    const why = isRank ? 'that rank is the scheduler or the client' : `ranks go from 0 to ${size - 1}`;
    throw new FuturesError('PAR_NOT_FOUND', `${call}: there is no worker ${worker}; ${why}`);
  }
}

export function whole(call: string, name: string, value: number | undefined, least: number): void {
  if (value !== undefined && !(Number.isSafeInteger(value) && value >= least)) {
    refuse(call, `${name} is ${inspect(value)}, but must be an integer ≥ ${least}`);
  }
}

function refuse(call: string, what: string): never {
  throw new ArgumentRangeError('PAR_ARGUMENT', `${call}: ${what}`);
}

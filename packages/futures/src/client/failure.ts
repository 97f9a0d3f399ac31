import type { Failure } from '../protocol/index.ts';
import { decodeValue } from '../values/index.ts';
import type { ClientCore } from './core.ts';
import { FutureCancelledError, FuturesError, KilledWorkerError } from './errors.ts';
import type { Outcome } from './outcome.ts';

type Erred = Extract<Outcome, { readonly status: 'error' }>;
type Thrown = Extract<Failure, { readonly kind: 'thrown' }>;

/** The error a failed task's result rejects with, made anew at every call. */
export async function errorOf(core: ClientCore, { failure, blame, worker }: Erred): Promise<Error> {
  switch (failure.kind) {
    case 'thrown': {
      const error = await thrown(failure, blame, core);
      if (worker !== undefined && !Object.hasOwn(error, 'workerRank')) mark(error, 'workerRank', worker);
      const where = `in task ${blame}${worker === undefined ? '' : `, run by rank ${worker}`}`;
      mark(error, 'stack', `${error.stack ?? failure.text}\n    ${where}`);
      return error;
    }
    case 'killed-worker':
      return new KilledWorkerError(blame, failure.deaths, worker, failure.text);
    case 'actor-lost':
      return new FuturesError('PAR_ACTOR_LOST', `${blame}: ${failure.text}`);
    case 'unrunnable':
      return new FuturesError(failure.code, `${blame}: ${failure.text}`);
  }
}

/** The error a cancelled future's result rejects with. */
export function cancellationOf(label: string, outcome: Extract<Outcome, { readonly status: 'cancelled' }>): Error {
  return outcome.reason === 'closed' ? outcome.error : new FutureCancelledError(label, outcome.reason, outcome.message);
}

async function thrown({ error, text, classes }: Thrown, blame: string, core: ClientCore): Promise<Error> {
  let value: unknown;
  if (error !== undefined) {
    try {
      value = decodeValue(error.map((segment) => segment.slice()));
    } catch (cause) {
      return new FuturesError('PAR_TASK_ERROR', `${blame}: ${text}`, { cause });
    }
  }
  if (value instanceof Error) {
    if (classes !== undefined) await core.functions.errorClasses.restore(value, classes);
    return value;
  }
  return new FuturesError('PAR_TASK_ERROR', `${blame}: it threw ${text}, which is no error`, { cause: value });
}

function mark(error: Error, property: string, value: unknown): void {
  Object.defineProperty(error, property, { value, enumerable: false, configurable: true, writable: true });
}

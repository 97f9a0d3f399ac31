import { decodeValue } from '../values/index.ts';
import type { ClientCore } from './core.ts';
import { FutureCancelledError, FuturesError, KilledWorkerError } from './errors.ts';
import type { Outcome } from './outcome.ts';

type Erred = Extract<Outcome, { readonly status: 'error' }>;

/** The error a failed task's result rejects with, made anew at every call. */
export function errorOf(core: ClientCore, { failure, blame, worker }: Erred): Error {
  switch (failure.kind) {
    case 'thrown': {
      const error = thrown(failure.error, failure.text, core);
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
      return new FuturesError('PAR_UNRUNNABLE', `${blame}: ${failure.text}`);
  }
}

/** The error a cancelled future's result rejects with. */
export function cancellationOf(label: string, outcome: Extract<Outcome, { readonly status: 'cancelled' }>): Error {
  return outcome.reason === 'closed' ? outcome.error : new FutureCancelledError(label, outcome.reason, outcome.message);
}

function thrown(segments: readonly Uint8Array[], text: string, core: ClientCore): Error {
  let value: unknown;
  try {
    value = decodeValue(segments.map((segment) => segment.slice()));
  } catch (cause) {
    return new FuturesError('PAR_TASK_ERROR', text, { cause });
  }
  if (!(value instanceof Error)) {
    return new FuturesError('PAR_TASK_ERROR', `a task threw something that is no error: ${text}`, { cause: value });
  }
  const known = core.functions.errorClass(value.name);
  if (known !== undefined && !(value instanceof known) && known.prototype instanceof Error) {
    Object.setPrototypeOf(value, known.prototype);
  }
  return value;
}

function mark(error: Error, property: string, value: unknown): void {
  Object.defineProperty(error, property, { value, enumerable: false, configurable: true, writable: true });
}

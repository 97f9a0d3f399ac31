import { ArgumentRangeError } from '@par/comm-core';
import type { Client } from '../client/client.ts';
import type { ClientCore } from '../client/core.ts';
import { FuturesError } from '../client/errors.ts';
import type { Callable } from '../client/functions.ts';
import { type Future, stateIn } from '../client/future.ts';
import type { FutureState } from '../client/future-state.ts';
import type { SubmitOptions } from '../client/options.ts';
import { bringHome, exceptionOf, settled } from '../client/result.ts';
import { coreOf } from '../client/scope.ts';
import { submitAll } from '../client/submit.ts';
import { Initializer } from './initializer.ts';

/** Options of calls on an executor, given to `executor.with`. */
export interface ExecutorScopeOptions extends Omit<SubmitOptions, 'key' | 'pure' | 'fireAndForget'> {
  /** Calls that one task of a `map` makes, one after the other: more than 1 pays for short ones. Default 1. */
  readonly chunkSize?: number | undefined;
  /** Tasks of a `map` whose results were not taken, at most; the iterables are read on as results are. Default: no limit. */
  readonly bufferSize?: number | undefined;
  /** `map` gives results as they come. Default false: in the order of the calls. */
  readonly unordered?: boolean | undefined;
  /** Ends a `map`'s wait for its next result with PAR_TIMEOUT or PAR_CANCELLED, and cancels what it has not given yet. */
  readonly signal?: AbortSignal | undefined;
}

/** What the scopes of one executor share: its client and the tasks it has not seen the end of. */
export class Pool {
  readonly client: Client;
  readonly core: ClientCore;
  readonly #initializer: Initializer | undefined;
  /** Kept from the garbage collector: what was submitted runs though nobody looks at it. */
  readonly #running = new Map<FutureState, Future<unknown>>();
  readonly #arriving = new Set<Promise<void>>();
  #refusal: FuturesError | undefined;

  constructor(client: Client, initializer: (() => unknown) | undefined) {
    this.client = client;
    this.core = coreOf(client);
    this.#initializer = initializer && new Initializer(this.core, initializer);
  }

  /** One task per list of arguments, submitted together. Throws PAR_CLOSED, PAR_EXECUTOR_BROKEN, and what `client.submit` does. */
  submit(
    operation: 'submit' | 'map',
    fn: Callable,
    lists: readonly (readonly unknown[])[],
    { chunkSize: _, bufferSize: __, unordered: ___, signal: ____, ...options }: ExecutorScopeOptions,
  ): Future<unknown>[] {
    if (this.#refusal !== undefined) {
      const { code, message } = this.#refusal;
      throw new FuturesError(code, `executor.${operation}: ${message}`, { cause: this.#refusal });
    }
    const wrapped = typeof fn === 'function' && this.#initializer ? this.#initializer.before(fn) : fn;
    const futures = submitAll(this.core, operation, wrapped, lists, { ...options, pure: false });
    for (const future of futures) {
      const state = stateIn(this.core, future, operation);
      this.#running.set(state, future);
      state.watch(() => this.#ended(state));
    }
    return futures;
  }

  /** Takes nothing more, and resolves once everything submitted has ended. */
  async close({ cancelFutures }: { readonly cancelFutures: boolean }): Promise<void> {
    this.#refusal ??= new FuturesError('PAR_CLOSED', 'the executor was shut down');
    if (cancelFutures) this.core.cancelWaiting([...this.#running.keys()]);
    while (this.#running.size > 0) await settled(this.core, [...this.#running.keys()], { what: 'executor.shutdown' });
    await Promise.all(this.#arriving);
  }

  #ended(state: FutureState): void {
    this.#running.delete(state);
    const { outcome } = state;
    if (outcome.status === 'error' && this.#initializer !== undefined) {
      void exceptionOf(this.core, state).then((error) => {
        if ((error as { readonly code?: unknown }).code === 'PAR_EXECUTOR_BROKEN') {
          this.#refusal ??= error as FuturesError;
        }
      });
    }
    // Results outlive the workers: the executor is their only user, and may be shut down before they are looked at.
    if (outcome.status !== 'finished' || outcome.at !== 'workers') return;
    const arriving = bringHome(this.core, state).finally(() => this.#arriving.delete(arriving));
    this.#arriving.add(arriving);
  }
}

export function atLeastOne(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value >= 1) return;
  throw new ArgumentRangeError('PAR_ARGUMENT', `executor.map: ${name} is ${value}, but must be an integer ≥ 1`);
}

import { cancelled } from '@par/comm-core';
import type { ClientCore } from './core.ts';
import { type Future, stateIn } from './future.ts';
import type { FutureState, Watcher } from './future-state.ts';
import { listOf } from './wait.ts';

export interface AsCompletedOptions {
  /** Ends the iteration with PAR_TIMEOUT or PAR_CANCELLED; `AbortSignal.timeout` counts from when it was made. */
  readonly signal?: AbortSignal | undefined;
}

/** Futures in the order in which their tasks end, whether they finish, fail or are cancelled. A future added twice comes twice. */
export class AsCompleted<T> implements AsyncIterableIterator<Future<T>> {
  readonly #core: ClientCore;
  readonly #signal: AbortSignal | undefined;
  readonly #ready: Future<T>[] = [];
  readonly #pending = new Map<Future<T>, { readonly state: FutureState; readonly watcher: Watcher; times: number }>();
  #wake: PromiseWithResolvers<void> | undefined;

  constructor(core: ClientCore, futures: Iterable<Future<T>>, { signal }: AsCompletedOptions) {
    this.#core = core;
    this.#signal = signal;
    this.update(futures);
  }

  /** Futures not yet given out. */
  get count(): number {
    let count = this.#ready.length;
    for (const { times } of this.#pending.values()) count += times;
    return count;
  }

  get isEmpty(): boolean {
    return this.count === 0;
  }

  /** Whether `next` would not have to wait. */
  get hasReady(): boolean {
    return this.#ready.length > 0;
  }

  /** Adds one more future, also while iterating. */
  add(future: Future<T>): void {
    const state = stateIn(this.#core, future, 'asCompleted');
    if (!state.pending) {
      this.#arrived(future);
      return;
    }
    const known = this.#pending.get(future);
    if (known !== undefined) {
      known.times += 1;
      return;
    }
    const watcher = (): void => {
      const times = this.#pending.get(future)?.times ?? 0;
      this.#pending.delete(future);
      for (let i = 0; i < times; i++) this.#arrived(future);
    };
    this.#pending.set(future, { state, watcher, times: 1 });
    state.watch(watcher);
  }

  update(futures: Iterable<Future<T>>): void {
    for (const future of listOf(futures, 'asCompleted')) this.add(future);
  }

  /** Forgets all futures not yet given out, and releases them. */
  clear(): void {
    for (const [future, { state, watcher }] of this.#pending) {
      state.forget(watcher);
      future.release();
    }
    for (const future of this.#ready) future.release();
    this.#pending.clear();
    this.#ready.length = 0;
    this.#wake?.resolve();
  }

  async next(): Promise<IteratorResult<Future<T>, undefined>> {
    while (this.#ready.length === 0) {
      if (this.#pending.size === 0) return { done: true, value: undefined };
      await this.#arrival();
    }
    return { done: false, value: this.#ready.shift()! };
  }

  async return(): Promise<IteratorResult<Future<T>, undefined>> {
    for (const { state, watcher } of this.#pending.values()) state.forget(watcher);
    this.#pending.clear();
    this.#ready.length = 0;
    return { done: true, value: undefined };
  }

  /** All futures that are done; waits for one unless `block` is false. Empty at the end. */
  async nextBatch({ block = true }: { readonly block?: boolean | undefined } = {}): Promise<Future<T>[]> {
    if (block && this.#ready.length === 0 && this.#pending.size > 0) await this.#arrival();
    return this.#ready.splice(0);
  }

  async *batches(): AsyncGenerator<Future<T>[]> {
    while (!this.isEmpty) yield await this.nextBatch();
  }

  /** Results instead of futures: pairs with the future each is of. Throws a task's error where it comes. */
  async *results(): AsyncGenerator<readonly [future: Future<T>, result: T]> {
    for await (const future of this) yield [future, await future.result({ signal: this.#signal })] as const;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #arrived(future: Future<T>): void {
    this.#ready.push(future);
    this.#wake?.resolve();
  }

  async #arrival(): Promise<void> {
    const signal = this.#signal;
    if (signal?.aborted) throw cancelled(signal, 'asCompleted');
    this.#wake = Promise.withResolvers();
    const { promise, reject } = this.#wake;
    const onAbort = (): void => reject(cancelled(signal!, 'asCompleted'));
    signal?.addEventListener('abort', onAbort, { once: true });
    this.#core.link.hold();
    try {
      await promise;
    } finally {
      this.#wake = undefined;
      this.#core.link.release();
      signal?.removeEventListener('abort', onAbort);
    }
  }
}

import { ArgumentTypeError } from '@par/comm-core';
import type { FutureReference } from '../protocol/index.ts';
import { REFERENCE, type Referable } from '../values/index.ts';
import type { ClientCore } from './core.ts';
import { FuturesError } from './errors.ts';
import type { FutureState } from './future-state.ts';
import type { Status } from './outcome.ts';
import { exceptionOf, resultOf } from './result.ts';

export interface ResultOptions {
  /** Ends the wait with PAR_TIMEOUT or PAR_CANCELLED; the task goes on and the future stays usable. */
  readonly signal?: AbortSignal | undefined;
}
export interface CancelOptions {
  /** Cancels the task for all clients that want it. Default false: only this client's interest. */
  readonly force?: boolean | undefined;
  /** For people: part of the error's message. */
  readonly message?: string | undefined;
}

interface Insides {
  readonly core: ClientCore;
  readonly state: FutureState;
  /** Whose code made the handle. */
  readonly task: object | undefined;
}

let insides: (future: Future<unknown>) => Insides & { readonly released: boolean };

const abandoned = new FinalizationRegistry<Insides>(({ core, state, task }) => core.letGo(state, task));

/**
 * The result of a task that may not have run yet. `await future` gives it; passed to another task, on its own or inside
 * objects, it is replaced by its value there. The result is kept as long as somebody holds a future of it: a future that is
 * released, disposed or garbage collected lets it go, and so does the end of the task whose code made it; the result of that task
 * keeps the futures in it.
 */
export class Future<T> implements PromiseLike<T>, Referable, Disposable {
  readonly #inside: Insides;
  #released = false;

  static {
    insides = (future) => ({ ...future.#inside, released: future.#released });
  }

  /** Futures come from a client. */
  constructor(core: ClientCore, state: FutureState) {
    const { task } = core.link;
    this.#inside = { core, state, task };
    core.hold(state, task);
    abandoned.register(this, this.#inside, this);
  }

  /** Name of the task: equal for equal pure calls. */
  get key(): string {
    const { core, state } = this.#inside;
    return state.key ?? `${state.name}-${core.id}.${state.number}`;
  }

  /** What this client knows now; no message is sent. */
  get status(): Status {
    return this.#inside.state.outcome.status;
  }

  done(): boolean {
    return !this.#inside.state.pending;
  }

  cancelled(): boolean {
    return this.#inside.state.outcome.status === 'cancelled';
  }

  /**
   * The task's result. Rejects with the task's own error (its stack is that of the worker), FutureCancelledError,
   * KilledWorkerError, or PAR_TIMEOUT.
   */
  async result(options: ResultOptions = {}): Promise<T> {
    const { core, state } = alive(this, 'result');
    return (await resultOf(core, state, options.signal)) as T;
  }

  /** The error that `result` would reject with, undefined for a task that finished. Waits for the task. */
  async exception(options: ResultOptions = {}): Promise<Error | undefined> {
    const { core, state } = alive(this, 'exception');
    return exceptionOf(core, state, options.signal);
  }

  // biome-ignore lint/suspicious/noThenProperty: a future is awaited like a promise
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    onRejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.result().then(onFulfilled, onRejected);
  }

  catch<B>(onRejected: (reason: unknown) => B | PromiseLike<B>): Promise<T | B> {
    return this.result().catch(onRejected);
  }

  finally(onFinally: () => void): Promise<T> {
    return this.result().finally(onFinally);
  }

  /** Cancels the task and those that depend on it, running ones included. */
  cancel(options: CancelOptions = {}): void {
    const { core, state } = alive(this, 'cancel');
    core.cancel([state], options);
  }

  /** Runs a task that failed again, and the failed ones it depends on. Others are left alone. */
  retry(): void {
    const { core, state } = alive(this, 'retry');
    core.retry([state]);
  }

  /** Gives the future up; once nobody holds the task, it is dropped and its result freed. Further calls do nothing. */
  release(): void {
    if (this.#released) return;
    this.#released = true;
    abandoned.unregister(this);
    const { core, state, task } = this.#inside;
    core.letGo(state, task);
  }

  [Symbol.dispose](): void {
    this.release();
  }

  /** How values that leave this process name it. */
  [REFERENCE](): FutureReference {
    const { core, state } = alive(this, 'send');
    return { client: core.id, number: state.number };
  }

  toString(): string {
    return `Future(${this.key}, ${this.status})`;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return this.toString();
  }
}

/** The insides of a future that may still be used. Throws PAR_FUTURE_RELEASED, PAR_ARGUMENT for anything else. */
export function alive(future: Future<unknown>, operation: string): Insides {
  if (!(future instanceof Future)) {
    const what = future === null ? 'null' : typeof future;
    throw new ArgumentTypeError('PAR_ARGUMENT', `${operation}: got ${what}, but must get a future of this client`);
  }
  const inside = insides(future);
  if (inside.released) {
    throw new FuturesError(
      'PAR_FUTURE_RELEASED',
      `${operation}: future ${future.key} was released; submit the task again, or release it later`,
    );
  }
  return inside;
}

/** The state of a future of this client. Throws PAR_FOREIGN_FUTURE, PAR_FUTURE_RELEASED. */
export function stateIn(core: ClientCore, future: Future<unknown>, operation: string): FutureState {
  const inside = alive(future, operation);
  if (inside.core === core) return inside.state;
  throw new FuturesError(
    'PAR_FOREIGN_FUTURE',
    `${operation}: future ${future.key} belongs to another client; hand it over through publish, a Queue or a Variable, or gather it with its own client`,
  );
}

import type { Communicator } from '@par/comm-core';
import type { Actor } from './actor.ts';
import type { ClientCore } from './core.ts';
import { FutureCancelledError } from './errors.ts';
import type { Future } from './future.ts';
import { AHEAD, mapStream } from './map-stream.ts';
import type { SubmitOptions } from './options.ts';
import { producing, Stream } from './stream.ts';
import { submitAll } from './submit.ts';
import type { Iterables, Result, Submittable, SubmittableAll } from './types.ts';
import { zip } from './zip.ts';

let insideOf: (scope: Scope) => ClientCore;

/** For other parts of this package. */
export function coreOf(scope: Scope): ClientCore {
  return insideOf(scope);
}

/**
 * Submits tasks that several workers run together, each in its rank's process: `fn(...args, comm)` runs on all of them, and
 * what it returns on rank 0 of `comm` is the result.
 */
export interface GroupScope {
  with(options: SubmitOptions): GroupScope;
  submit<A extends unknown[], R>(
    fn: (...args: [...A, comm: Communicator]) => R,
    ...args: SubmittableAll<A>
  ): Future<Awaited<R>>;
  map<A extends unknown[], R>(
    fn: (...args: [...A, comm: Communicator]) => R,
    ...iterables: Iterables<A>
  ): Future<Awaited<R>>[];
}

/** Submits tasks with the options it was made with. */
export class Scope {
  protected readonly core: ClientCore;
  protected readonly options: SubmitOptions;

  static {
    insideOf = (scope) => scope.core;
  }

  constructor(core: ClientCore, options: SubmitOptions) {
    this.core = core;
    this.options = options;
  }

  /** The same with these options too; inner ones win. */
  with(options: SubmitOptions & { readonly ranks: number }): GroupScope;
  with(options: SubmitOptions): Scope;
  with(options: SubmitOptions): Scope | GroupScope {
    return new Scope(this.core, { ...this.options, ...options });
  }

  /**
   * Runs `fn(...args)` on some worker. Futures among the arguments, at any depth, are replaced by their values there.
   * Throws PAR_ARGUMENT, PAR_NOT_SHIPPABLE, PAR_NOT_SERIALIZABLE, PAR_FOREIGN_FUTURE, PAR_FUTURE_RELEASED, PAR_NOT_FOUND or
   * PAR_CLIENT_CLOSED before anything is sent.
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: SubmittableAll<NoInfer<A>>): Future<Result<R>> {
    return submitAll(this.core, 'submit', fn, [args], this.options)[0] as Future<Result<R>>;
  }

  /**
   * Runs a generator function, or any that returns something to iterate over, on some worker, and gives what it yields while it
   * runs. Objects stay with the worker until they are taken. Throws what `submit` does.
   */
  stream<A extends unknown[], Y>(
    fn: (...args: A) => AsyncIterable<Y> | Iterable<Y> | Promise<AsyncIterable<Y> | Iterable<Y>>,
    ...args: SubmittableAll<NoInfer<A>>
  ): Stream<Awaited<Y>> {
    const task = typeof fn === 'function' ? producing(fn) : fn;
    const options = { ...this.options, pure: false };
    return new Stream(
      this.core,
      (queue, skip) => submitAll(this.core, 'stream', task, [[queue, skip, ...args]], options)[0]!,
    );
  }

  /**
   * One task for each element; with several iterables one parameter each, as long as the shortest. All of them are
   * submitted as one message. Over an async iterable: the results, in its order, with at most 256 tasks ahead of the taker.
   */
  map<T, R>(
    fn: (value: T) => R,
    values: AsyncIterable<Submittable<NoInfer<T>>>,
  ): AsyncGenerator<Result<R>, void, undefined>;
  map<A extends unknown[], R>(fn: (...args: A) => R, ...iterables: Iterables<NoInfer<A>>): Future<Result<R>>[];
  map(fn: (...args: never[]) => unknown, ...sources: unknown[]): unknown {
    const [first] = sources;
    if (
      sources.length === 1 &&
      typeof (first as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] === 'function'
    ) {
      submitAll(this.core, 'map', fn, [], this.options); // refuses at once what could never be submitted
      const submit = (args: unknown[]): Future<unknown> => submitAll(this.core, 'submit', fn, [args], this.options)[0]!;
      return mapStream(this.core, submit, first as AsyncIterable<unknown>, AHEAD);
    }
    return submitAll(this.core, 'map', fn, [...zip(sources)], this.options);
  }

  /** Makes an instance of a class on a worker, where it stays. Its future's result is a proxy with the class's methods. */
  actor<A extends unknown[], T extends object>(
    type: new (...args: A) => T,
    ...args: SubmittableAll<NoInfer<A>>
  ): Future<Actor<T>> {
    return submitAll(this.core, 'actor', type, [args], this.options)[0] as Future<Actor<T>>;
  }

  /** Runs `fn(...args)` for its effect: the task runs though nobody holds a future of it, and the script waits for it to end. */
  fireAndForget<A extends unknown[]>(fn: (...args: A) => unknown, ...args: SubmittableAll<NoInfer<A>>): void {
    const [future] = submitAll(this.core, 'submit', fn, [args], { ...this.options, fireAndForget: true });
    future!
      .exception()
      .then((error) => {
        if (error !== undefined && !(error instanceof FutureCancelledError))
          process.emitWarning(`${future!.key} failed: ${error.message}`, { code: 'PAR_FORGOTTEN_TASK' });
      })
      .finally(() => future!.release());
  }
}

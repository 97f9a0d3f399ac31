import { ArgumentTypeError } from '@par/comm-core';
import type { Client } from '../client/client.ts';
import type { Future } from '../client/future.ts';
import type { Iterables, Result, SubmittableAll } from '../client/types.ts';
import { zip } from '../client/zip.ts';
import { mapOver } from './map.ts';
import { type ExecutorScopeOptions, Pool } from './pool.ts';

export interface ExecutorOptions {
  /**
   * Runs once in every thread of tasks before the first task there. If it throws, the tasks of that thread fail with
   * PAR_EXECUTOR_BROKEN, and the executor takes no more.
   */
  readonly initializer?: (() => unknown) | undefined;
}

/** Submits calls with the options it was made with. */
export class ExecutorScope {
  protected readonly pool: Pool;
  protected readonly options: ExecutorScopeOptions;

  constructor(pool: Pool, options: ExecutorScopeOptions) {
    this.pool = pool;
    this.options = options;
  }

  /** The same with these options too; inner ones win. */
  with(options: ExecutorScopeOptions): ExecutorScope {
    return new ExecutorScope(this.pool, { ...this.options, ...options });
  }

  /**
   * Runs `fn(...args)` on some worker, each time it is called. Throws what `client.submit` does, PAR_CLOSED after `shutdown`,
   * and PAR_EXECUTOR_BROKEN.
   */
  submit<A extends unknown[], R>(fn: (...args: A) => R, ...args: SubmittableAll<NoInfer<A>>): Future<Result<R>> {
    return this.pool.submit('submit', fn, [args], this.options)[0] as Future<Result<R>>;
  }

  /**
   * Results of `fn` over the elements of an iterable, or of several, one for each parameter, as long as the shortest. Tasks are
   * submitted at once, or `bufferSize` of them. An error takes the place of its task's results, which are a chunk's, and ends
   * the results; when they end early, for whatever reason, the tasks that are left are cancelled.
   */
  map<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...iterables: Iterables<NoInfer<A>>
  ): AsyncGenerator<Result<R>, void, undefined> {
    return mapOver(this.pool, fn, zip(iterables), this.options) as AsyncGenerator<Result<R>, void, undefined>;
  }

  /** `map` over lists of arguments. */
  starmap<A extends unknown[], R>(
    fn: (...args: A) => R,
    lists: Iterable<SubmittableAll<NoInfer<A>>>,
  ): AsyncGenerator<Result<R>, void, undefined> {
    const unpacked = zip([lists], 'starmap').map(([list], i) => {
      if (Array.isArray(list)) return list as readonly unknown[];
      const what = list === null ? 'null' : typeof list;
      throw new ArgumentTypeError('PAR_ARGUMENT', `starmap: element ${i} is ${what}, but must be a list of arguments`);
    });
    return mapOver(this.pool, fn, unpacked, this.options) as AsyncGenerator<Result<R>, void, undefined>;
  }
}

/** Calls on workers, for those who know `concurrent.futures` and `mpi4py.futures`. Every call runs; there are no pure ones. */
export class Executor extends ExecutorScope implements AsyncDisposable {
  #ended: Promise<void> | undefined;

  /** On the cluster of a client, which stays open when this is shut down. */
  constructor(client: Client, { initializer }: ExecutorOptions = {}) {
    super(new Pool(client, initializer), {});
  }

  /** For everything else there is to do with its futures: `wait`, `asCompleted`, `gather`, `progress`, … */
  get client(): Client {
    return this.pool.client;
  }

  /**
   * Takes no more calls, waits for those it has, and lets the workers go. Futures stay usable. `cancelFutures`: what no worker
   * has begun is cancelled. `wait: false`: returns at once; the same happens meanwhile.
   */
  async shutdown({
    wait = true,
    cancelFutures = false,
  }: {
    readonly wait?: boolean | undefined;
    readonly cancelFutures?: boolean | undefined;
  } = {}): Promise<void> {
    const closed = this.pool.close({ cancelFutures });
    this.#ended ??= closed.then(() => this.end());
    if (wait) await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.shutdown();
  }

  /** Lets go of what was started for it. */
  protected async end(): Promise<void> {}
}

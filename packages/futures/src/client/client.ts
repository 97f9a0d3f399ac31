import type { CallOutcome, StoryEntry, WorkerInfo } from '../protocol/index.ts';
import { AsCompleted, type AsCompletedOptions } from './as-completed.ts';
import { ClientCore } from './core.ts';
import { currentCluster } from './current.ts';
import { currentCore, offerAsCurrent } from './current-core.ts';
import { encodeCall } from './encoding.ts';
import { errorOf } from './failure.ts';
import { stays } from './functions.ts';
import { type CancelOptions, Future, stateIn } from './future.ts';
import { type GatherOptions, gather } from './gather.ts';
import type { ClientLink } from './link.ts';
import { checkWorkers, type SubmitOptions, whole, workerList } from './options.ts';
import { type ProgressOptions, progress } from './progress.ts';
import { Scattering, type ScatterOptions } from './scatter.ts';
import { Scope } from './scope.ts';
import { type Subscription, type TopicEvent, Topics } from './topics.ts';
import type { Gathered, SubmittableAll } from './types.ts';
import { listOf, type Waited, type WaitOptions, wait } from './wait.ts';

export interface ClientOptions {
  /** Default: the cluster that `initialize` has made, or inside a task the one the task runs in. */
  readonly cluster?: { readonly link: ClientLink } | undefined;
  /** For people. */
  readonly name?: string | undefined;
  /** Bytes of arguments and captured values above which a submission warns (PAR_LARGE_SUBMISSION). Default 10,000,000. */
  readonly largeSubmissionBytes?: number | undefined;
}
export interface ConnectOptions extends Omit<ClientOptions, 'cluster'>, WaitSignal {
  /** What `par cluster --scheduler-file` was told. */
  readonly schedulerFile: string;
}
export interface WaitSignal {
  readonly signal?: AbortSignal | undefined;
}
export interface RunOptions extends WaitSignal {
  /** Default: all. */
  readonly workers?: SubmitOptions['workers'];
  /** What an error on a worker does: `raise` (default) rejects with the first, `return` gives it as that worker's, `skip` leaves it out. */
  readonly errors?: 'raise' | 'return' | 'skip' | undefined;
}

const clients = new WeakMap<ClientCore, Client>();

/** Submits work to a cluster and collects its results. Every call but those that return promises returns at once. */
export class Client extends Scope implements AsyncDisposable {
  readonly #topics: Topics;
  #leave: () => Promise<void> = async () => {};

  /** Throws PAR_NOT_INITIALIZED when there is no cluster. */
  constructor(options?: ClientOptions);
  constructor({ cluster, name, largeSubmissionBytes }: ClientOptions = {}, core?: ClientCore) {
    super(core ?? new ClientCore((cluster ?? currentCluster()).link, name), {});
    if (largeSubmissionBytes !== undefined) this.core.largeBytes = largeSubmissionBytes;
    this.#topics = new Topics(this.core);
    clients.set(this.core, this);
    offerAsCurrent(this.core);
  }

  /**
   * A client of the cluster that `par cluster` has started, or is about to: by the file it writes. Closing the client leaves the cluster,
   * which goes on. A script with several such clients can work with several clusters.
   *
   * Rejects with PAR_SCHEDULER_FILE when the file does not appear (within 30 s, or until `signal` says so), cannot be trusted, or belongs
   * to no cluster that can be joined.
   */
  static async connect({ schedulerFile, signal, ...options }: ConnectOptions): Promise<Client> {
    const { joinCluster } = await import('../cluster/join-cluster.ts');
    const cluster = await joinCluster({ schedulerFile, signal });
    const client = new Client({ ...options, cluster });
    client.#leave = () => cluster.close();
    return client;
  }

  /**
   * The first client that was made here and is open; makes one when there is none. All tasks of one thread of a worker share
   * theirs. Throws PAR_NOT_INITIALIZED.
   */
  static current(): Client {
    const core = currentCore();
    const known = clients.get(core);
    if (known !== undefined) return known;
    const Over = Client as new (options: ClientOptions, core: ClientCore) => Client;
    return new Over({}, core);
  }

  /** Results of all futures in `value`, at any depth, in its shape. */
  async gather<T>(value: T, options: GatherOptions = {}): Promise<Gathered<T>> {
    this.core.checkOpen('gather');
    return (await gather(this.core, value, options)) as Gathered<T>;
  }

  /**
   * Data of this process as futures, to be used by many tasks: an array as one future per element, anything else as one. Data
   * whose workers are all lost cancels what needs it.
   */
  scatter<T>(values: readonly T[], options?: ScatterOptions): Future<T>[];
  scatter<T>(value: T, options?: ScatterOptions): Future<T>;
  scatter(value: unknown, options: ScatterOptions = {}): unknown {
    const scattering = Scattering.of(this.core);
    if (Array.isArray(value)) return scattering.scatter(value, options);
    return scattering.scatter([value], options)[0];
  }

  /** Waits until tasks are done (failed ones are), without fetching results. Rejects with a cancelled one's error. */
  async wait<F extends Future<unknown>>(futures: Iterable<F>, options: WaitOptions = {}): Promise<Waited<F>> {
    this.core.checkOpen('wait');
    return wait(this.core, futures, options);
  }

  /**
   * `wait`, with a line on the terminal that shows how many are done, running and failed, how fast it goes, and how long it will
   * take. Where standard error is no terminal, nothing is shown. Failed and cancelled tasks count as done.
   */
  async progress(futures: Future<unknown> | Iterable<Future<unknown>>, options: ProgressOptions = {}): Promise<void> {
    this.core.checkOpen('progress');
    await progress(this.core, new Set(this.#states(futures, 'progress')), options);
  }

  /** Futures in the order in which they are done. */
  asCompleted<T>(futures: Iterable<Future<T>>, options: AsCompletedOptions = {}): AsCompleted<T> {
    this.core.checkOpen('asCompleted');
    return new AsCompleted(this.core, futures, options);
  }

  /** Cancels tasks, and those that depend on them. */
  cancel(futures: Future<unknown> | Iterable<Future<unknown>>, options: CancelOptions = {}): void {
    this.core.cancel(this.#states(futures, 'cancel'), options);
  }

  /** Runs failed tasks again. */
  retry(futures: Future<unknown> | Iterable<Future<unknown>>): void {
    this.core.retry(this.#states(futures, 'retry'));
  }

  release(futures: Future<unknown> | Iterable<Future<unknown>>): void {
    for (const future of futures instanceof Future ? [futures] : listOf(futures, 'release')) future.release();
  }

  /** Runs `fn(...args)` once on every worker, outside of scheduling, and gives the results by rank. Rejects with the first error. */
  async run<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...args: SubmittableAll<NoInfer<A>>
  ): Promise<Map<number, Awaited<R>>> {
    return this.runOn({}, fn, ...args);
  }

  /** `run` on chosen workers. */
  async runOn<A extends unknown[], R>(
    { workers, signal, errors = 'raise' }: RunOptions,
    fn: (...args: A) => R,
    ...args: SubmittableAll<NoInfer<A>>
  ): Promise<Map<number, Awaited<R>>> {
    const chosen = workerList(workers, 'run');
    checkWorkers(chosen, this.core.link, 'run');
    const shipped = this.core.functions.capture(fn, 'run');
    const outcomes = await this.core.request(
      {
        method: 'run',
        fn: shipped.fn,
        args: encodeCall(args, `run(${shipped.name})`),
        ...(chosen && { workers: chosen }),
      },
      signal,
    );
    const values = new Map<number, Awaited<R>>();
    for (const { rank, outcome } of outcomes.toSorted((a, b) => a.rank - b.rank)) {
      try {
        values.set(rank, (await this.#valueOf(outcome, shipped.name, rank)) as Awaited<R>);
      } catch (error) {
        if (errors === 'raise') throw error;
        if (errors === 'return') values.set(rank, error as Awaited<R>);
      }
    }
    return values;
  }

  /** Runs `fn(...args)` in the scheduler's process. */
  async runOnScheduler<A extends unknown[], R>(
    fn: (...args: A) => R,
    ...args: SubmittableAll<NoInfer<A>>
  ): Promise<Awaited<R>> {
    const { fn: description, name } = this.core.functions.capture(fn, 'runOnScheduler');
    const outcome = await this.core.request({
      method: 'run-on-scheduler',
      fn: description,
      args: encodeCall(args, `runOnScheduler(${name})`),
    });
    return (await this.#valueOf(outcome, name, undefined)) as Awaited<R>;
  }

  /** The workers that are there now. */
  workers(): Promise<readonly WorkerInfo[]> {
    return this.core.request({ method: 'workers' });
  }

  /** Waits until there are `count` workers. Rejects with PAR_NO_WORKERS when there can never be as many. */
  async waitForWorkers(count: number, { signal }: WaitSignal = {}): Promise<readonly WorkerInfo[]> {
    whole('waitForWorkers', 'count', count, 0);
    return this.core.request({ method: 'wait-for-workers', count }, signal);
  }

  /** Ranks that hold each result, by key; default all tasks. */
  async whoHas(futures?: Iterable<Future<unknown>>): Promise<Map<string, readonly number[]>> {
    const rows = await this.core.request({ method: 'who-has', ...this.#numbers(futures, 'whoHas') });
    return new Map(rows.map(({ key, holders }) => [key, holders]));
  }

  /** Keys of the results each worker holds. */
  async hasWhat(workers?: readonly number[]): Promise<Map<number, readonly string[]>> {
    const rows = await this.core.request({ method: 'has-what', ...(workers && { workers }) });
    return new Map(rows.map(({ rank, keys }) => [rank, keys]));
  }

  /** Bytes of each result, by key; default all tasks. */
  async nbytes(futures?: Iterable<Future<unknown>>): Promise<Map<string, number>> {
    const rows = await this.core.request({ method: 'nbytes', ...this.#numbers(futures, 'nbytes') });
    return new Map(rows.map(({ key, nbytes }) => [key, nbytes]));
  }

  /** Keys of the tasks each worker has been given and not finished. */
  async processing(workers?: readonly number[]): Promise<Map<number, readonly string[]>> {
    const rows = await this.core.request({ method: 'processing', ...(workers && { workers }) });
    return new Map(rows.map(({ rank, keys }) => [rank, keys]));
  }

  /** Number of tasks in each state. */
  counts(): Promise<Readonly<Record<string, number>>> {
    return this.core.request({ method: 'counts' });
  }

  /** One line: why a task is where it is. */
  explain(future: Future<unknown>): Promise<string> {
    return this.core.request({ method: 'explain', future: stateIn(this.core, future, 'explain').number });
  }

  /** What happened to a task, if the scheduler keeps stories. */
  story(key: string): Promise<readonly StoryEntry[]> {
    return this.core.request({ method: 'story', key });
  }

  /** Copies results until `copies` workers (default all of them) hold each; fewer than now: surplus copies are dropped. */
  async replicate(
    futures: Iterable<Future<unknown>>,
    { copies, workers }: { readonly copies?: number | undefined; readonly workers?: SubmitOptions['workers'] } = {},
  ): Promise<void> {
    const chosen = workerList(workers, 'replicate');
    checkWorkers(chosen, this.core.link, 'replicate');
    await this.core.request({
      method: 'replicate',
      futures: this.#states(futures, 'replicate').map(({ number }) => number),
      ...(copies !== undefined && { copies }),
      ...(chosen && { workers: chosen }),
    });
  }

  /** Copies what only these workers hold, lets their tasks end, then closes them. */
  async retireWorkers(workers: NonNullable<SubmitOptions['workers']>): Promise<void> {
    await this.core.request({ method: 'retire-workers', workers: workerList(workers, 'retireWorkers')! });
  }

  /** Cancels all futures of all clients and resets the workers. */
  async restart(): Promise<void> {
    await this.core.request({ method: 'restart' });
  }

  /** Keeps a value, with the futures in it, under a name for all clients. Rejects with PAR_EXISTS for a name in use. */
  async publish(
    name: string,
    value: unknown,
    { override }: { readonly override?: boolean | undefined } = {},
  ): Promise<void> {
    await this.core.request({
      method: 'publish',
      name,
      value: this.core.held(value, 'publish'),
      ...(override !== undefined && { override }),
    });
  }

  /** A published value. Rejects with PAR_NOT_FOUND. */
  async getDataset<T>(name: string): Promise<T> {
    return this.core.received(await this.core.request({ method: 'get-dataset', name })) as T;
  }

  async listDatasets(): Promise<readonly string[]> {
    return this.core.request({ method: 'list-datasets' });
  }

  async unpublish(name: string): Promise<void> {
    await this.core.request({ method: 'unpublish', name });
  }

  /** Logs a message under a topic, or several: any value without futures. The scheduler keeps the last 1,000 of each. */
  logEvent(topics: string | readonly string[], message: unknown): Promise<void> {
    return this.#topics.log(topics, message);
  }

  /** What was logged under a topic, oldest first. */
  getEvents<T = unknown>(topic: string): Promise<readonly TopicEvent<T>[]> {
    return this.#topics.events(topic) as Promise<readonly TopicEvent<T>[]>;
  }

  /** Calls `handler` with each message that is logged under a topic from now on. It does not keep the process alive. */
  subscribeTopic<T = unknown>(topic: string, handler: (event: TopicEvent<T>) => void): Promise<Subscription> {
    return this.#topics.subscribe(topic, handler as (event: TopicEvent) => void);
  }

  /** Lets all futures go; they are cancelled from now on. The cluster goes on. */
  async close(): Promise<void> {
    await this.core.close();
    await this.#leave();
  }

  /** Ends the cluster: workers and scheduler stop, on all ranks. */
  async shutdown(): Promise<void> {
    await this.core.request({ method: 'shutdown' });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #states(futures: Future<unknown> | Iterable<Future<unknown>>, operation: string): ReturnType<typeof stateIn>[] {
    const list = futures instanceof Future ? [futures] : listOf(futures, operation);
    return list.map((future) => stateIn(this.core, future, operation));
  }

  #numbers(futures: Iterable<Future<unknown>> | undefined, operation: string): { readonly futures?: number[] } {
    return futures === undefined ? {} : { futures: this.#states(futures, operation).map(({ number }) => number) };
  }

  async #valueOf(outcome: CallOutcome, name: string, worker: number | undefined): Promise<unknown> {
    if (outcome.ok) return this.core.decode(outcome.value);
    throw await errorOf(this.core, { status: 'error', failure: outcome.failure, blame: name, worker });
  }
}

stays(Client.prototype, 'a Client, which belongs to its process; inside a task, make one with new Client()');

import { type Communicator, PeerLostError } from '@par/comm-core';
import type { Mail } from '../mailbox/index.ts';
import {
  type FunctionDescription,
  INLINE_BYTES,
  type JoinWorker,
  type RunNumber,
  type RunTasks,
  TAGS,
  type TaskId,
  type ToClient,
  type ToWorker,
  type WorkerRecord,
  type WorkerStatus,
} from '../protocol/index.ts';
import { Actors } from './actors.ts';
import { callOutside } from './call.ts';
import { Dependencies } from './dependencies.ts';
import { GroupRuns } from './group-runs.ts';
import type { WorkerSettings } from './options.ts';
import { Reports } from './reports.ts';
import { type Order, Run } from './run.ts';
import { Arrivals } from './store/arrivals.ts';
import { DataStore, tasksIn } from './store/data-store.ts';
import { Peers } from './store/peers.ts';
import { servePeer } from './store/serve.ts';
import { SpillFiles } from './store/spill-files.ts';
import { ThreadClients } from './thread-clients.ts';
import type { StoredResult } from './threads/messages.ts';
import { inSharedMemory, SharedValue } from './threads/shared-value.ts';
import type { ThreadOptions } from './threads/task-thread.ts';
import { type PoolEvents, ThreadPool } from './threads/thread-pool.ts';

const NOTHING = new Uint8Array(0);

/** A copy: the program may keep what it returned. */
function owned(segment: Uint8Array): Uint8Array {
  return segment.slice();
}

/** A worker rank: orders in, tasks to threads, results to the store or the scheduler. */
export class WorkerRank {
  readonly #settings: WorkerSettings;
  readonly #mailbox: Mail;
  readonly #reports: Reports;
  readonly #files: SpillFiles;
  readonly #store: DataStore;
  readonly #peers: Peers;
  readonly #dependencies: Dependencies;
  readonly #clients: ThreadClients;
  readonly #pool: ThreadPool;
  readonly #actors: Actors;
  readonly #groups: GroupRuns | undefined;
  readonly #functions = new Map<number, FunctionDescription>();
  /** Runs that somebody waits for. */
  readonly #runs = new Map<TaskId, Run>();
  /** Runs whose results are stored. */
  readonly #results = new Map<TaskId, RunNumber>();
  readonly #done = Promise.withResolvers<void>();
  #statusTimer: NodeJS.Timeout | undefined;

  /** `comm`: for tasks of several ranks; without it the worker gets none. */
  constructor(mailbox: Mail, settings: WorkerSettings, comm: Communicator | undefined) {
    this.#mailbox = mailbox;
    this.#settings = settings;
    this.#reports = new Reports((record) => mailbox.post(settings.scheduler, TAGS.toScheduler, record));
    this.#files = new SpillFiles(settings.spillDirectory);
    this.#store = new DataStore(settings.memoryLimit, this.#files, () => this.#reports.post(this.#status()));
    const report = (record: WorkerRecord): void => this.#reports.post(record);
    this.#peers = new Peers(mailbox, (request, source) => {
      if (request.kind === 'actor-call') this.#actors.call(request, source);
      else servePeer(request, source, this.#store, this.#peers, report).catch((error) => this.#done.reject(error));
    });
    this.#dependencies = new Dependencies(
      mailbox.rank,
      this.#store,
      new Arrivals(this.#peers, settings.fetchBytes),
      report,
    );
    this.#clients = new ThreadClients(mailbox, settings.scheduler, this.#peers, () => this.#reports.flush());
    const { nthreads, cancelGraceMs, threadHeapBytes, execArgv, background } = settings;
    const threads: ThreadOptions = {
      rank: mailbox.rank,
      size: mailbox.size,
      host: mailbox.host,
      locals: mailbox.locals,
      threadHeapBytes,
      execArgv,
      background,
    };
    const functionOf = (fn: number): FunctionDescription => this.#functions.get(fn)!;
    const events: PoolEvents = {
      finished: (run, duration, value) => {
        this.#over(run);
        this.#reports.finished(run, duration, value);
      },
      stored: (run, result) => this.#keep(run, result),
      failed: (run, duration, failure, killed) => {
        this.#over(run);
        const { task, run: number } = run;
        report({ kind: 'errored', task, run: number, duration, failure, ...(killed && { killed }) });
      },
      rescheduled: (run) => {
        this.#over(run);
        report({ kind: 'rescheduled', tasks: [run.task], runs: [run.run] });
      },
      blocked: (run, blocked) => report({ kind: blocked ? 'blocked' : 'unblocked', task: run.task, run: run.run }),
      asked: (thread, what) => this.#clients.asked(thread, what),
      called: () => {},
      ended: (thread) => this.#clients.ended(thread),
      broken: (error) => this.#done.reject(error),
    };
    this.#pool = new ThreadPool({ ...threads, nthreads, cancelGraceMs, resident: false }, functionOf, events);
    this.#actors = new Actors({ ...threads, nthreads: 1, cancelGraceMs, resident: true }, functionOf, events, {
      made: (run, type) => {
        this.#over(run);
        this.#reports.stored(run, 0, 0, type);
      },
      lost: (task) => report({ kind: 'evicted', tasks: [task] }),
      answer: (dest, record) => this.#peers.answer(dest, record),
    });
    this.#groups =
      comm &&
      new GroupRuns(comm, {
        finished: (run, duration, result, type) => {
          if (result === undefined) events.finished(run, duration, NOTHING);
          else this.#keep(run, { segments: result.segments.map(owned), duration, type, holds: result.holds });
        },
        failed: (run, duration, failure) => events.failed(run, duration, failure, false),
      });
  }

  /** Joins, and resolves once the scheduler closed this worker and everything of it is gone. */
  async run(): Promise<void> {
    const { scheduler } = this.#settings;
    const lost = (error: Error): void => this.#done.reject(error);
    this.#mailbox.onUndelivered((dest, error) => {
      if (dest === scheduler) lost(error);
    });
    this.#mailbox.receive<ToWorker>(TAGS.toWorker, { take: (records) => this.#receive(records), lost }, scheduler);
    this.#mailbox.receive<ToClient>(TAGS.toClient, { take: (records) => this.#clients.received(records) }, scheduler);
    this.#pool.warm();
    this.#join();
    try {
      await this.#done.promise;
      this.#reports.post({ kind: 'leave' });
    } finally {
      clearInterval(this.#statusTimer);
      await Promise.all([this.#pool.close(), this.#actors.close(), this.#groups?.close()]);
      await this.#store.settled();
      this.#store.clear();
      await this.#files.close();
    }
  }

  #join(): void {
    const { name, nthreads, resources, background } = this.#settings;
    const join: JoinWorker = {
      kind: 'join',
      host: this.#mailbox.host,
      threads: nthreads,
      ...(this.#groups === undefined && { alone: true }),
      ...(background && { shared: true }),
      ...(name !== undefined && { name }),
      ...(resources !== undefined && { resources }),
    };
    this.#reports.post(join);
  }

  #joined(heartbeat: number): void {
    clearInterval(this.#statusTimer);
    this.#statusTimer = setInterval(() => this.#reports.post(this.#status()), heartbeat).unref();
    // It may have joined without room for data.
    if (this.#store.paused) this.#reports.post(this.#status());
  }

  /** Ends all runs and drops all data. */
  #reset(): void {
    for (const run of [...this.#runs.values()]) this.#cancel(run.task, run.run);
    this.#free(0, Number.MAX_SAFE_INTEGER);
  }

  #status(): WorkerStatus {
    const { paused, memoryBytes, spilledBytes } = this.#store;
    return { kind: 'status', paused, memoryBytes, spilledBytes };
  }

  #receive(records: readonly ToWorker[]): void {
    for (const record of records) this.#handle(record);
  }

  #handle(record: ToWorker): void {
    switch (record.kind) {
      case 'joined':
        this.#joined(record.heartbeat);
        return;
      case 'define':
        this.#functions.set(record.fn, record.description);
        return;
      case 'run':
        this.#order(record);
        return;
      case 'free':
        for (let i = 0; i < record.ranges.length; i += 2) {
          this.#free(record.ranges[i]!, record.ranges[i + 1]!);
        }
        return;
      case 'cancel':
        for (const [i, task] of record.tasks.entries()) this.#cancel(task, record.runs[i]!);
        return;
      case 'retract': {
        const given = record.tasks.flatMap((task, i) => this.#retract(task, record.runs[i]!) ?? []);
        const [tasks, runs] = [given.map((run) => run.task), given.map((run) => run.run)];
        this.#reports.post({ kind: 'retracted', request: record.request, tasks, runs });
        return;
      }
      case 'replicate':
        this.#dependencies.replicate(record);
        return;
      case 'call':
        callOutside(record, this.#mailbox).then(
          (outcome) => this.#reports.post({ kind: 'called', call: record.call, outcome }),
          (error) => this.#done.reject(error),
        );
        return;
      case 'forget-functions':
        for (const fn of record.fns) this.#functions.delete(fn);
        this.#pool.forgetFunctions(record.fns);
        return;
      case 'peer-lost': {
        const { rank } = record;
        this.#peers.lost(rank, new PeerLostError(rank, `rank ${rank} is lost, and the data that was asked of it`));
        return;
      }
      case 'peer-back':
        this.#peers.back(record.rank);
        return;
      case 'reset':
        this.#reset();
        return;
      case 'expired':
        this.#reset();
        this.#join();
        return;
      case 'close':
        this.#done.resolve();
    }
  }

  #order(record: RunTasks): void {
    const { fn, name, priority, generation } = record;
    const common = record.common && new SharedValue(inSharedMemory(record.common));
    const order: Order = { fn, name, common, priority, generation, actor: record.actor === true, group: record.group };
    const chunks = record.chunks.map((chunk) => new SharedValue(inSharedMemory(chunk)));
    const locate = this.#dependencies.locations(record.locations ?? []);
    for (let i = 0; i < record.tasks.length; i++) {
      const place = { chunk: chunks[record.chunkOf[i]!]!, position: record.positions[i]!, sequence: record.order[i]! };
      const run = new Run(order, record.tasks[i]!, record.runs[i]!, place, record.keys?.[i]);
      this.#runs.set(run.task, run);
      const wanted = record.dependencies?.[i];
      if (wanted === undefined || wanted.length === 0) this.#start(run);
      else
        this.#dependencies.collect(
          run,
          wanted,
          locate,
          () => this.#start(run),
          () => this.#over(run),
        );
    }
  }

  #start(run: Run): void {
    const { actor, group, fn } = run.order;
    if (actor) this.#actors.make(run);
    else if (group !== undefined) this.#groups!.start(run, group, this.#functions.get(fn)!);
    else this.#pool.add(run);
  }

  #keep(run: Run, { segments, duration, type, holds }: Omit<StoredResult, 'kind' | 'slot'>): void {
    this.#over(run);
    if (segments.length === 1 && segments[0]!.length <= INLINE_BYTES) {
      this.#reports.finished(run, duration, segments[0]!, holds);
      return;
    }
    this.#results.set(run.task, run.run);
    this.#reports.stored(run, duration, this.#store.put(run.task, segments), type, holds);
  }

  #free(first: TaskId, count: number): void {
    for (const task of tasksIn(this.#results, first, count)) this.#results.delete(task);
    this.#dependencies.free(first, count);
    this.#store.free(first, count);
    this.#actors.free(first, count);
  }

  #over(run: Run): void {
    if (this.#runs.get(run.task) === run) this.#runs.delete(run.task);
  }

  #find(task: TaskId, number: number): Run | undefined {
    const run = this.#runs.get(task);
    return run?.run === number ? run : undefined;
  }

  #cancel(task: TaskId, number: number): void {
    const run = this.#find(task, number);
    if (run !== undefined) {
      this.#over(run);
      if (run.order.actor && run.state !== 'fetching') this.#actors.free(task, 1);
      else if (run.order.group !== undefined && run.state !== 'fetching') this.#groups!.cancel(run);
      else this.#pool.cancel(run);
    } else if (this.#results.get(task) === number) {
      // It finished before it heard of the cancellation.
      this.#free(task, 1);
    }
  }

  #retract(task: TaskId, number: number): Run | undefined {
    const run = this.#find(task, number);
    if (
      run === undefined ||
      (run.state !== 'fetching' && (run.order.actor || run.order.group !== undefined || !this.#pool.recall(run)))
    )
      return undefined;
    this.#over(run);
    run.end();
    return run;
  }
}

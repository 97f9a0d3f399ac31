import { type ResourceLimits, Worker } from 'node:worker_threads';
import type { FunctionDescription, Rank } from '../../protocol/index.ts';
import type { Order, Run } from '../run.ts';
import { createClaims, currentOf, isStarted, offer, recall, SLOTS } from './claims.ts';
import type { BatchOrder, ThreadData, ThreadOrder, ThreadReport } from './messages.ts';
import { createRing, RingReader } from './result-ring.ts';
import type { SharedValue } from './shared-value.ts';
import { threadFile } from './thread-file.ts';

/** How a thread ended. */
export type ThreadEnd =
  | { readonly kind: 'terminated' }
  | { readonly kind: 'exit'; readonly slot: number | undefined; readonly status: number }
  | { readonly kind: 'error'; readonly error: unknown };

export interface ThreadEvents {
  finished(thread: TaskThread, run: Run, milliseconds: number, value: Uint8Array): void;
  /** After the results of one batch. */
  drained(thread: TaskThread): void;
  reported(thread: TaskThread, report: Exclude<ThreadReport, 0>): void;
  ended(thread: TaskThread, end: ThreadEnd): void;
}

export interface ThreadOptions {
  readonly rank: Rank;
  readonly size: number;
  readonly host: string;
  readonly locals: Int32Array<SharedArrayBuffer>;
  /** Bytes of heap a thread may use. */
  readonly threadHeapBytes: number;
  readonly execArgv: readonly string[] | undefined;
  /** It does not keep the process alive. */
  readonly background: boolean;
}

/**
 * V8 ends the process when an allocation finds no room below its own limit: an array or map that grows needs 2.5 times its
 * size for a moment. So that limit is far away, and a thread is ended by what a look from outside finds it uses.
 */
function limitsFor(bytes: number): ResourceLimits {
  return { maxOldGenerationSizeMb: Math.ceil((3 * bytes) / 2 ** 20) + 2048 };
}

/** The rank's side of one task thread. */
export class TaskThread {
  /** Local clients opened in this thread. */
  readonly clients = new Set<number>();
  /** Runs handed over and not reported, by slot. */
  readonly #runs: (Run | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #claims = createClaims();
  readonly #reader: RingReader;
  readonly #worker: Worker;
  readonly #events: ThreadEvents;
  readonly #functions = new Set<number>();
  #drop: number[] = [];
  #end: ThreadEnd | undefined;
  #gone = Promise.withResolvers<void>();
  /** Runs that have or wait for the thread. */
  load = 0;
  /** Microseconds these are expected to take. */
  expected = 0;
  /** It takes no more runs, and ends after those it has. */
  retired = false;

  constructor(options: ThreadOptions, events: ThreadEvents) {
    const ring = createRing();
    this.#reader = new RingReader(ring);
    this.#events = events;
    const { rank, size, host, locals, threadHeapBytes, execArgv, background } = options;
    const workerData: ThreadData = { rank, size, host, locals, claims: this.#claims, ring };
    this.#worker = new Worker(threadFile(), {
      workerData,
      name: `par task thread of rank ${rank}`,
      ...(execArgv && { execArgv: [...execArgv] }),
      resourceLimits: limitsFor(threadHeapBytes),
    });
    // Before it is online, Node refers to it again by itself.
    if (background) this.#worker.once('online', () => this.#worker.unref());
    this.#worker.on('message', (report: ThreadReport) => this.#receive(report));
    this.#worker.on('error', (error) => {
      // After an error Node calls process.exit in the thread, and that word may come first.
      if (this.#end?.kind !== 'terminated') this.#end = { kind: 'error', error };
    });
    this.#worker.on('exit', (status) => {
      this.#drain();
      events.ended(this, this.#end ?? { kind: 'exit', slot: currentOf(this.#claims), status });
      this.#gone.resolve();
    });
  }

  /** Runs the thread holds, in no order. */
  held(): Run[] {
    return this.#runs.filter((run) => run !== undefined);
  }

  isStarted(run: Run): boolean {
    return isStarted(this.#claims, run.slot);
  }

  /** The run that had the thread when it ended. */
  current(): Run | undefined {
    const slot = currentOf(this.#claims);
    return slot === undefined ? undefined : this.#runs[slot];
  }

  runAt(slot: number): Run | undefined {
    return this.#runs[slot];
  }

  get hasRoom(): boolean {
    return this.#free.length > 0 || this.#runs.length < SLOTS;
  }

  hand(runs: readonly Run[], describe: (fn: number) => FunctionDescription): void {
    const functions: [number, FunctionDescription][] = [];
    const orders: BatchOrder[] = [];
    const orderAt = new Map<Order, number>();
    const values: [number, readonly Uint8Array[]][] = [];
    const tasks: number[] = [];
    const keys: [number, string][] = [];
    const dependencies: [number, number[]][] = [];
    const give = (value: SharedValue): number => {
      const segments = value.forThread(this);
      if (segments !== undefined) values.push([value.id, segments]);
      return value.id;
    };
    for (const run of runs) {
      const { order } = run;
      let at = orderAt.get(order);
      if (at === undefined) {
        at =
          orders.push({
            fn: order.fn,
            name: order.name,
            common: order.common && give(order.common),
            actor: order.actor,
          }) - 1;
        orderAt.set(order, at);
        if (!this.#functions.has(order.fn)) {
          this.#functions.add(order.fn);
          functions.push([order.fn, describe(order.fn)]);
        }
      }
      const slot = this.#free.pop() ?? this.#runs.length;
      this.#runs[slot] = run;
      run.state = 'in-thread';
      run.thread = this;
      run.slot = slot;
      tasks.push(slot, offer(this.#claims, slot), at, run.task, run.run, give(run.chunk), run.position);
      if (run.key !== undefined) keys.push([slot, run.key]);
      if (run.dependencies !== undefined) dependencies.push([slot, run.dependencies.map(give)]);
    }
    const drop = this.#drop;
    this.#drop = [];
    this.#post({ kind: 'tasks', functions, orders, values, drop, tasks, keys, dependencies });
  }

  /** Takes a run back that has not started. */
  recall(run: Run): boolean {
    if (!recall(this.#claims, run.slot)) return false;
    this.let(run);
    return true;
  }

  /** The thread has nothing to do with the run any more. */
  let(run: Run): void {
    this.#runs[run.slot] = undefined;
    this.#free.push(run.slot);
    run.thread = undefined;
  }

  abort(run: Run): void {
    this.#post({ kind: 'abort', slot: run.slot, run: run.run });
  }

  drop(id: number): void {
    this.#drop.push(id);
  }

  forgetFunctions(fns: readonly number[]): void {
    for (const fn of fns) this.#functions.delete(fn);
    this.#post({ kind: 'forget-functions', fns });
  }

  send(order: ThreadOrder): void {
    this.#post(order);
  }

  /** Bytes of heap the thread uses now, garbage included; undefined: it is ending. Answered in the midst of a busy loop too. */
  async heapUsed(): Promise<number | undefined> {
    try {
      return (await this.#worker.getHeapStatistics()).used_heap_size;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_WORKER_NOT_RUNNING') return undefined;
      throw error;
    }
  }

  /** Ends it for what it uses. */
  endForHeap(bytes: number, limit: number): void {
    const megabytes = (count: number): string => `${Math.round(count / 2 ** 20)} MiB`;
    const error = new Error(`its heap had ${megabytes(bytes)}, of ${megabytes(limit)} that a thread may use`);
    this.#end ??= { kind: 'error', error: Object.assign(error, { code: 'ERR_WORKER_OUT_OF_MEMORY' }) };
    void this.#worker.terminate();
  }

  /** Ends the thread, whatever it does. Resolves once it is gone and `ended` was told. */
  async terminate(): Promise<void> {
    this.#end ??= { kind: 'terminated' };
    await this.#worker.terminate();
    await this.#gone.promise;
  }

  #post(order: ThreadOrder): void {
    this.#worker.postMessage(order);
  }

  #receive(report: ThreadReport): void {
    if (report === 0) this.#drain();
    else if (report.kind === 'exiting') this.#end ??= { kind: 'exit', slot: report.slot, status: report.status };
    else this.#events.reported(this, report);
  }

  #drain(): void {
    this.#reader.drain((slot, micros, value) => {
      const run = this.#runs[slot]!;
      this.let(run);
      this.#events.finished(this, run, micros / 1000, value);
    });
    this.#events.drained(this);
  }
}

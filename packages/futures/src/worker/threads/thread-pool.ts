import type { CallOutcome, Failure, FunctionDescription } from '../../protocol/index.ts';
import { TaskCrashedError, TaskExitedError, TaskOutOfMemoryError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import { ReadyQueue } from '../ready-queue.ts';
import type { Run } from '../run.ts';
import { Durations } from './durations.ts';
import type { StoredResult, ThreadOrder, ThreadReport } from './messages.ts';
import { TaskThread, type ThreadEnd, type ThreadEvents, type ThreadOptions } from './task-thread.ts';

export interface PoolOptions extends ThreadOptions {
  readonly nthreads: number;
  /** Milliseconds a cancelled task gets between its signal and the end of its thread. */
  readonly cancelGraceMs: number;
  /** Its threads do more than the tasks they are given: they host actors. */
  readonly resident: boolean;
}

/** What becomes of runs. Every run ends in exactly one of the first four, unless it is cancelled. */
export interface PoolEvents {
  finished(run: Run, milliseconds: number, value: Uint8Array): void;
  stored(run: Run, result: StoredResult): void;
  failed(run: Run, milliseconds: number, failure: Failure, killed: boolean): void;
  rescheduled(run: Run): void;
  blocked(run: Run, blocked: boolean): void;
  /** What the clients of a thread want. */
  asked(thread: TaskThread, report: ClientReport): void;
  /** Of the actor in a thread. */
  called(call: number, outcome: CallOutcome): void;
  ended(thread: TaskThread): void;
  /** Threads cannot be started here. */
  broken(error: unknown): void;
}
export type ClientReport = Exclude<
  Extract<ThreadReport, { kind: unknown }>,
  { readonly kind: 'ready' | 'result' | 'failed' | 'reschedule' | 'blocked' | 'unblocked' | 'exiting' | 'actor-result' }
>;

/** Microseconds of work a thread has at most before it; enough to hide the way between rank and thread. */
const AHEAD_MICROS = 2000;
const AHEAD_RUNS = 1024;
/** How often the heaps of busy threads are looked at, in milliseconds. */
const HEAP_MS = 50;
/** Milliseconds after which tasks that wait behind another one move to a thread without work. */
const STUCK_MS = 2;

/** The task threads of a worker: which run goes to which, and what their deaths mean. */
export class ThreadPool implements ThreadEvents {
  readonly #options: PoolOptions;
  readonly #events: PoolEvents;
  readonly #describe: (fn: number) => FunctionDescription;
  readonly #threads = new Set<TaskThread>();
  readonly #ready = new ReadyQueue();
  readonly #durations = new Durations();
  #dispatching = false;
  #rebalancing: NodeJS.Timeout | undefined;
  #watching: NodeJS.Timeout | undefined;
  #grace = new Map<Run, NodeJS.Timeout>();
  readonly #started = new WeakSet<TaskThread>();
  #closed = false;

  constructor(options: PoolOptions, describe: (fn: number) => FunctionDescription, events: PoolEvents) {
    this.#options = options;
    this.#describe = describe;
    this.#events = events;
  }

  /** Starts a thread before there is work for it. */
  warm(): void {
    if (this.#threads.size === 0) this.#start();
  }

  add(run: Run): void {
    run.state = 'ready';
    this.#ready.push(run);
    this.#dispatchSoon();
  }

  /** Takes a run back that has not started; false if it has. */
  recall(run: Run): boolean {
    const { thread } = run;
    if (run.state === 'ready') return true;
    if (thread === undefined || !this.#recall(thread, run)) return false;
    this.#dispatchSoon();
    return true;
  }

  /** Nobody wants the run: it is taken back, told to stop, or stopped. */
  cancel(run: Run): void {
    run.cancelled = true;
    if (run.state !== 'in-thread' || this.recall(run)) {
      run.end();
      return;
    }
    run.thread!.abort(run);
    this.#grace.set(
      run,
      setTimeout(() => this.#expire(run), this.#options.cancelGraceMs),
    );
  }

  /** Its time is over: its thread ends, once the runs are over to which it gave the thread away. */
  #expire(run: Run): void {
    const { thread } = run;
    if (thread === undefined) return;
    thread.retired = true;
    for (const other of thread.held()) {
      if (!other.cancelled && this.#recall(thread, other)) this.add(other);
    }
    if (!run.blocked || !isWanted(thread)) void thread.terminate();
  }

  forgetFunctions(fns: readonly number[]): void {
    for (const thread of this.#threads) thread.forgetFunctions(fns);
    for (const fn of fns) this.#durations.forget(fn);
  }

  /** To the only thread of a pool of one. */
  send(order: ThreadOrder): void {
    for (const thread of this.#threads) thread.send(order);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#rebalancing);
    clearTimeout(this.#watching);
    for (const timer of this.#grace.values()) clearTimeout(timer);
    await Promise.all([...this.#threads].map((thread) => thread.terminate()));
  }

  #start(): TaskThread {
    const thread = new TaskThread(this.#options, this);
    this.#threads.add(thread);
    return thread;
  }

  #dispatchSoon(): void {
    if (this.#dispatching) return;
    this.#dispatching = true;
    queueMicrotask(() => {
      this.#dispatching = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    if (this.#closed) return;
    const batches = new Map<TaskThread, Run[]>();
    for (let run = this.#ready.peek(); run !== undefined; run = this.#ready.peek()) {
      const expected = this.#durations.expected(run.order.fn);
      const thread = this.#threadFor(expected);
      if (thread === undefined) break;
      this.#ready.pop();
      const batch = batches.get(thread);
      if (batch === undefined) batches.set(thread, [run]);
      else batch.push(run);
      run.state = 'in-thread';
      thread.load++;
      thread.expected += expected;
    }
    for (const [thread, batch] of batches) thread.hand(batch, this.#describe);
    if (batches.size > 0) this.#watchHeaps();
    if (this.#ready.isEmpty) this.#rebalanceLater();
  }

  #threadFor(expected: number): TaskThread | undefined {
    let best: TaskThread | undefined;
    for (const thread of this.#threads) {
      if (thread.retired) continue;
      if (best === undefined || thread.load === 0 || thread.expected < best.expected) best = thread;
      if (thread.load === 0) break;
    }
    if (best?.load === 0 && best.hasRoom) return best;
    if (this.#threads.size < this.#options.nthreads) return this.#start();
    const ahead = best !== undefined && best.load < AHEAD_RUNS && best.expected + expected <= AHEAD_MICROS;
    return ahead && best!.hasRoom ? best : undefined;
  }

  /** As long as a thread has something to do. */
  #watchHeaps(): void {
    if (this.#watching !== undefined || this.#closed) return;
    const limit = this.#options.threadHeapBytes;
    this.#watching = setTimeout(async () => {
      const { resident } = this.#options;
      const busy = [...this.#threads].filter((thread) => resident || thread.held().length > 0);
      await Promise.all(
        busy.map(async (thread) => {
          const used = await thread.heapUsed();
          if (used !== undefined && used > limit) thread.endForHeap(used, limit);
        }),
      );
      this.#watching = undefined;
      if (busy.length > 0) this.#watchHeaps();
    }, HEAP_MS).unref();
  }

  /** Tasks must not wait in one thread while another has nothing to do. */
  #rebalanceLater(): void {
    if (this.#rebalancing !== undefined || this.#options.nthreads === 1) return;
    if (![...this.#threads].some((thread) => thread.load > 1)) return;
    this.#rebalancing = setTimeout(() => {
      this.#rebalancing = undefined;
      const idle = [...this.#threads].filter((thread) => thread.load === 0 && !thread.retired).length;
      const free = idle + this.#options.nthreads - this.#threads.size;
      if (free === 0 || !this.#ready.isEmpty) return this.#rebalanceLater();
      for (const thread of this.#threads) {
        if (thread.load < 2) continue;
        for (const run of thread.held()) if (!run.cancelled && this.#recall(thread, run)) this.add(run);
      }
    }, STUCK_MS);
    this.#rebalancing.unref();
  }

  #recall(thread: TaskThread, run: Run): boolean {
    if (!thread.recall(run)) return false;
    this.#unload(thread, run);
    run.state = 'ready';
    return true;
  }

  #unload(thread: TaskThread, run: Run): void {
    if (!run.blocked) {
      thread.load--;
      thread.expected = thread.load === 0 ? 0 : Math.max(0, thread.expected - this.#durations.expected(run.order.fn));
    }
    run.blocked = false;
    if (thread.retired && !isWanted(thread)) void thread.terminate();
    const timer = this.#grace.get(run);
    if (timer === undefined) return;
    clearTimeout(timer);
    this.#grace.delete(run);
  }

  finished(thread: TaskThread, run: Run, milliseconds: number, value: Uint8Array): void {
    this.#unload(thread, run);
    this.#durations.measured(run.order.fn, milliseconds);
    if (!run.cancelled) this.#events.finished(run, milliseconds, value);
    run.end();
  }

  drained(): void {
    this.#dispatch();
  }

  reported(thread: TaskThread, report: Exclude<ThreadReport, 0>): void {
    switch (report.kind) {
      case 'ready':
        this.#started.add(thread);
        return;
      case 'exiting':
        return;
      case 'actor-result':
        this.#events.called(report.call, report.outcome);
        return;
      case 'result':
      case 'failed':
      case 'reschedule': {
        const run = thread.runAt(report.slot)!;
        thread.let(run);
        this.#unload(thread, run);
        if (report.kind !== 'reschedule') this.#durations.measured(run.order.fn, report.duration);
        if (!run.cancelled) {
          if (report.kind === 'result') this.#events.stored(run, report);
          else if (report.kind === 'failed') this.#events.failed(run, report.duration, report.failure, false);
          else this.#events.rescheduled(run);
        }
        run.end();
        this.#dispatchSoon();
        return;
      }
      case 'blocked':
      case 'unblocked': {
        const run = thread.runAt(report.slot)!;
        run.blocked = report.kind === 'blocked';
        thread.load += run.blocked ? -1 : 1;
        const expected = this.#durations.expected(run.order.fn);
        thread.expected = Math.max(0, thread.expected + (run.blocked ? -expected : expected));
        if (!run.cancelled) this.#events.blocked(run, run.blocked);
        else if (thread.retired && !run.blocked) void thread.terminate();
        this.#dispatchSoon();
        return;
      }
      default:
        this.#events.asked(thread, report);
    }
  }

  ended(thread: TaskThread, end: ThreadEnd): void {
    this.#threads.delete(thread);
    this.#events.ended(thread);
    if (!this.#started.has(thread) && end.kind === 'error' && !this.#closed) {
      this.#events.broken(end.error);
      return;
    }
    const held = thread.held();
    const started = held.filter((run) => thread.isStarted(run));
    const blamed = blame(thread, end, started);
    for (const run of held) {
      const wasStarted = started.includes(run);
      thread.let(run);
      this.#unload(thread, run);
      if (run.cancelled || this.#closed) run.end();
      else if (blamed.includes(run)) {
        const { rank, host } = this.#options;
        const failure = failureOf(deathOf(run, end), { key: run.key ?? `${run.order.name}-${run.task}`, rank, host });
        this.#events.failed(run, 0, failure, true);
        run.end();
      } else if (wasStarted) {
        this.#events.rescheduled(run);
        run.end();
      } else this.add(run);
    }
    if (blamed.length === 0 && end.kind !== 'terminated' && !this.#closed) warn(this.#options.rank, end);
    this.#dispatchSoon();
  }
}

/** A run that nobody cancelled has begun in it. */
function isWanted(thread: TaskThread): boolean {
  return thread.held().some((run) => !run.cancelled && thread.isStarted(run));
}

/** Whose fault the end of a thread is: the task that had it, else all that were under way. */
function blame(thread: TaskThread, end: ThreadEnd, started: readonly Run[]): readonly Run[] {
  if (end.kind === 'terminated') return [];
  const known = end.kind === 'exit' && end.slot !== undefined ? thread.runAt(end.slot) : thread.current();
  return known === undefined ? started : [known];
}

function deathOf(run: Run, end: ThreadEnd): Error {
  if (end.kind === 'exit') return new TaskExitedError(run.who, end.status);
  const error = end.kind === 'error' ? end.error : undefined;
  const code = (error as { readonly code?: unknown } | undefined)?.code;
  return code === 'ERR_WORKER_OUT_OF_MEMORY'
    ? new TaskOutOfMemoryError(run.who, error)
    : new TaskCrashedError(run.who, error);
}

function warn(rank: number, end: ThreadEnd): void {
  const what = end.kind === 'error' ? describe(end.error) : 'process.exit was called';
  process.emitWarning(`a task thread of rank ${rank} ended between tasks: ${what}`, { code: 'PAR_THREAD_ENDED' });
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

import type { FunctionDescription, PeerAnswer, PeerRequest, Rank, TaskId } from '../protocol/index.ts';
import type { Run } from './run.ts';
import { tasksIn } from './store/data-store.ts';
import { type PoolEvents, type PoolOptions, ThreadPool } from './threads/thread-pool.ts';

type ActorCall = Extract<PeerRequest, { readonly kind: 'actor-call' }>;

interface Hosted {
  readonly pool: ThreadPool;
  readonly run: Run;
  made: boolean;
  /** Calls that were not answered. */
  readonly calls: Map<number, { readonly source: Rank; readonly request: number }>;
}

export interface ActorEvents {
  made(run: Run, type: string): void;
  /** Its thread ended. */
  lost(task: TaskId): void;
  answer(dest: Rank, record: PeerAnswer): void;
}

/** The actors of a worker: each instance has a thread of its own. */
export class Actors {
  readonly #options: PoolOptions;
  readonly #describe: (fn: number) => FunctionDescription;
  readonly #pool: PoolEvents;
  readonly #events: ActorEvents;
  readonly #hosted = new Map<TaskId, Hosted>();
  readonly #closing = new Set<Promise<void>>();
  #calls = 0;

  constructor(
    options: PoolOptions,
    describe: (fn: number) => FunctionDescription,
    pool: PoolEvents,
    events: ActorEvents,
  ) {
    this.#options = options;
    this.#describe = describe;
    this.#pool = pool;
    this.#events = events;
  }

  /** Runs the constructor. Its error is that of the run. */
  make(run: Run): void {
    const calls: Hosted['calls'] = new Map();
    const pool = new ThreadPool(this.#options, this.#describe, {
      ...this.#pool,
      stored: (_, { type }) => {
        hosted.made = true;
        this.#events.made(run, type);
      },
      failed: (failed, milliseconds, failure, killed) => {
        this.#pool.failed(failed, milliseconds, failure, killed);
        this.#end(run.task, hosted);
      },
      called: (call, outcome) => {
        const caller = calls.get(call);
        calls.delete(call);
        if (caller) this.#events.answer(caller.source, { kind: 'actor-result', request: caller.request, outcome });
      },
      ended: (thread) => {
        this.#pool.ended(thread);
        if (!hosted.made || this.#hosted.get(run.task) !== hosted) return;
        this.#end(run.task, hosted);
        this.#events.lost(run.task);
      },
    });
    const hosted: Hosted = { pool, run, made: false, calls };
    this.#hosted.set(run.task, hosted);
    pool.add(run);
  }

  call({ request, task, method, access, args }: ActorCall, source: Rank): void {
    const hosted = this.#hosted.get(task);
    if (hosted?.made !== true) {
      this.#events.answer(source, { kind: 'actor-result', request, outcome: { ok: false, failure: 'no-actor' } });
      return;
    }
    const call = this.#calls++;
    hosted.calls.set(call, { source, request });
    hosted.pool.send({ kind: 'actor-call', call, method, access, args });
  }

  free(first: TaskId, count: number): void {
    for (const task of tasksIn(this.#hosted, first, count)) this.#end(task, this.#hosted.get(task)!);
  }

  async close(): Promise<void> {
    this.free(0, Number.MAX_SAFE_INTEGER);
    await Promise.all(this.#closing);
  }

  #end(task: TaskId, { pool, run, calls }: Hosted): void {
    if (!this.#hosted.delete(task)) return;
    run.end();
    for (const { source, request } of calls.values()) {
      this.#events.answer(source, { kind: 'actor-result', request, outcome: { ok: false, failure: 'no-actor' } });
    }
    const closing = pool.close();
    this.#closing.add(closing);
    void closing.finally(() => this.#closing.delete(closing));
  }
}

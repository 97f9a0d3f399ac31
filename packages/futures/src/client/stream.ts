import type { ClientCore } from './core.ts';
import type { FutureCancelledError } from './errors.ts';
import type { Callable } from './functions.ts';
import { Future, stateIn } from './future.ts';
import type { FutureState } from './future-state.ts';
import { produce, type StreamMessage } from './produce.ts';
import { exceptionOf, resultOf } from './result.ts';

/** `fn` as a task that puts what it yields into a queue. */
export function producing(fn: Callable): Callable {
  const task = (async (queue: string, skip: number, ...args: never[]): Promise<number> =>
    produce(queue, skip, (await fn(...args)) as Iterable<unknown>)) as Callable;
  Object.defineProperty(task, 'name', { value: fn.name });
  return task;
}

/** One run of the task. */
interface Attempt {
  readonly queue: string;
  readonly future: Future<number>;
  readonly state: FutureState;
  /** Fires when the task is done. */
  readonly done: AbortSignal;
}

/**
 * What a generator in a task yields, as it does. The task waits when it is some messages ahead of the taker. Values that were
 * lost with their worker before they were taken are made again: a generator is expected to yield the same when it runs again.
 */
export class Stream<Y> implements AsyncIterableIterator<Y> {
  readonly #core: ClientCore;
  readonly #submit: (queue: string, skip: number) => Future<unknown>;
  #attempt: Attempt | undefined;
  /** Values that were received and not taken. */
  #values: unknown[] = [];
  #taken = 0;
  #over = false;

  constructor(core: ClientCore, submit: (queue: string, skip: number) => Future<unknown>) {
    this.#core = core;
    this.#submit = submit;
    this.#attempt = this.#start();
  }

  async next(): Promise<IteratorResult<Y, undefined>> {
    try {
      for (;;) {
        if (this.#over) return { done: true, value: undefined };
        this.#attempt ??= this.#start();
        if (this.#values.length > 0) {
          const value = await this.#take();
          if (value !== undefined) return value;
        } else if (!(await this.#receive(this.#attempt))) await this.return();
      }
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  /** Stops the task. */
  async return(): Promise<IteratorResult<Y, undefined>> {
    this.#over = true;
    await this.#leave();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #start(): Attempt {
    const queue = `par.stream.${this.#core.id}.${this.#core.nextUnique()}`;
    const future = this.#submit(queue, this.#taken) as Future<number>;
    const state = stateIn(this.#core, future, 'stream');
    const done = new AbortController();
    if (state.pending) state.watch(() => done.abort());
    else done.abort();
    return { queue, future, state, done: done.signal };
  }

  async #leave(): Promise<void> {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    for (const value of this.#values) if (value instanceof Future) value.release();
    this.#values = [];
    if (attempt === undefined || this.#core.ended) return;
    if (!attempt.future.done()) attempt.future.cancel();
    attempt.future.release();
    await this.#core.request({ method: 'queue-close', name: attempt.queue });
  }

  /** The next value; undefined when it was lost, and the task starts again. */
  async #take(): Promise<IteratorYieldResult<Y> | undefined> {
    const first = this.#values[0];
    if (first instanceof Future) {
      try {
        const value = (await first) as Y;
        first.release();
        this.#values.shift();
        this.#taken++;
        return { done: false, value };
      } catch (error) {
        if ((error as Partial<FutureCancelledError>).reason !== 'data-lost') throw error;
        await this.#leave();
        return undefined;
      }
    }
    this.#values.shift();
    this.#taken++;
    return { done: false, value: first as Y };
  }

  /** Waits for more values. False: there are none any more. */
  async #receive({ queue, state, done }: Attempt): Promise<boolean> {
    if (done.aborted && !state.pending) {
      // What the task left in the queue comes before its end.
      if (await this.#get(queue, 0)) return true;
      if (state.outcome.status !== 'finished') throw (await exceptionOf(this.#core, state))!;
      if ((await resultOf(this.#core, state)) === this.#taken) return false;
      await this.#leave();
      return true;
    }
    await this.#get(queue, undefined, done);
    return true;
  }

  /** Whether the queue had something new. */
  async #get(name: string, batch: number | undefined, done?: AbortSignal): Promise<boolean> {
    const call = { method: 'queue-get', name, ...(batch !== undefined && { batch }) } as const;
    const items = await this.#core.request(call, done).catch((error: unknown) => {
      if (done?.aborted) return [];
      throw error;
    });
    let more = false;
    for (const item of items) {
      const { from, values } = this.#core.received(item) as StreamMessage;
      const next = this.#taken + this.#values.length;
      values.forEach((value, i) => {
        // A task that was run again begins from the start.
        if (from + i >= next) {
          this.#values.push(value);
          more = true;
        } else if (value instanceof Future) value.release();
      });
    }
    return more;
  }
}

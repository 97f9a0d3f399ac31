import { AsCompleted } from '../client/as-completed.ts';
import type { Callable } from '../client/functions.ts';
import type { Future } from '../client/future.ts';
import { atLeastOne, type ExecutorScopeOptions, type Pool } from './pool.ts';

/** A function whose every call makes the calls of one chunk. */
const chunked = new WeakMap<Callable, Callable>();

function overChunks(fn: Callable): Callable {
  if (typeof fn !== 'function') return fn;
  let wrapped = chunked.get(fn);
  if (wrapped === undefined) {
    wrapped = callsOf(fn);
    Object.defineProperty(wrapped, 'name', { value: fn.name });
    chunked.set(fn, wrapped);
  }
  return wrapped;
}

function callsOf(fn: Callable): Callable {
  return async (...lists: (readonly never[])[]): Promise<unknown[]> => {
    const results: unknown[] = [];
    for (const args of lists) results.push(await fn(...args));
    return results;
  };
}

/** The results of `fn` over argument lists. The first tasks are submitted by this call, not by the first result taken. */
export function mapOver(
  pool: Pool,
  fn: Callable,
  lists: Iterator<readonly unknown[]>,
  options: ExecutorScopeOptions,
): AsyncGenerator<unknown, void, undefined> {
  const { chunkSize = 1, bufferSize = Number.POSITIVE_INFINITY, unordered = false } = options;
  atLeastOne('chunkSize', chunkSize);
  if (bufferSize !== Number.POSITIVE_INFINITY) atLeastOne('bufferSize', bufferSize);
  const task = chunkSize === 1 ? fn : overChunks(fn);
  let ended = false;
  /** Up to `most` more tasks. */
  const submit = (most: number): Future<unknown>[] => {
    const chunks: (readonly unknown[])[] = [];
    while (!ended && chunks.length < most) {
      const chunk: (readonly unknown[])[] = [];
      while (!ended && chunk.length < chunkSize) {
        const next = lists.next();
        if (next.done) ended = true;
        else chunk.push(next.value);
      }
      if (chunk.length > 0) chunks.push(chunkSize === 1 ? chunk[0]! : chunk);
    }
    return chunks.length === 0 ? [] : pool.submit('map', task, chunks, options);
  };
  const results = (future: Future<unknown>): Promise<unknown[]> =>
    future.result({ signal: options.signal }).then((value) => (chunkSize === 1 ? [value] : (value as unknown[])));
  const first = submit(bufferSize);
  const order = unordered ? asTheyCome(pool, first, options.signal) : inOrder(first);
  return taken(order, submit, results, () => {
    if (!ended) lists.return?.();
  });
}

/** Futures of a map that were not taken. */
interface Untaken {
  /** In a list: the promise of a future is its result. */
  next(): Promise<readonly Future<unknown>[]>;
  add(futures: readonly Future<unknown>[]): void;
  rest(): Iterable<Future<unknown>>;
}

function inOrder(first: readonly Future<unknown>[]): Untaken {
  let at = 0;
  let futures = [...first];
  return {
    next: async () => futures.slice(at, ++at),
    add: (more) => {
      futures = [...futures.slice(at), ...more];
      at = 0;
    },
    rest: () => futures.slice(at),
  };
}

function asTheyCome(pool: Pool, first: readonly Future<unknown>[], signal: AbortSignal | undefined): Untaken {
  const completed = new AsCompleted(pool.core, first, { signal });
  const untaken = new Set(first);
  return {
    async next() {
      const { done, value } = await completed.next();
      if (done) return [];
      untaken.delete(value);
      return [value];
    },
    add(more) {
      for (const future of more) untaken.add(future);
      completed.update(more);
    },
    rest: () => untaken,
  };
}

async function* taken(
  order: Untaken,
  submit: (most: number) => Future<unknown>[],
  resultsOf: (future: Future<unknown>) => Promise<unknown[]>,
  leave: () => void,
): AsyncGenerator<unknown, void, undefined> {
  let current: Future<unknown> | undefined;
  try {
    for (;;) {
      [current] = await order.next();
      if (current === undefined) return;
      const results = await resultsOf(current);
      current.release();
      current = undefined;
      const more = submit(1);
      if (more.length > 0) order.add(more);
      yield* results;
    }
  } finally {
    for (const future of current === undefined ? order.rest() : [current, ...order.rest()]) {
      if (!future.done()) future.cancel();
      future.release();
    }
    leave();
  }
}

import { cancelled } from '@par/comm-core';
import type { EncodedValue, Rank, TaskId } from '../protocol/index.ts';
import type { ClientLink } from './link.ts';
import type { Outcome } from './outcome.ts';

export type StoredOutcome = Extract<Outcome, { readonly at: 'workers' }>;

/** A request asks for no more than this together, so that small results do not wait for large ones. */
const BATCH_BYTES = 2 ** 26;

interface Batch {
  readonly tasks: TaskId[];
  readonly waiting: ((value: EncodedValue | undefined) => void)[];
  bytes: number;
}

/** Fetches results from ranks that hold them: what is asked for in one turn is one request per rank. */
export class Fetcher {
  readonly #link: ClientLink;
  readonly #batches = new Map<Rank, Batch>();

  constructor(link: ClientLink) {
    this.#link = link;
  }

  /** The value, for the caller alone; undefined when `holder` does not have it or is gone. */
  fetch(holder: Rank, task: TaskId, nbytes: number, signal?: AbortSignal): Promise<EncodedValue | undefined> {
    if (signal?.aborted) return Promise.reject(cancelled(signal, 'fetch'));
    const { promise, resolve, reject } = Promise.withResolvers<EncodedValue | undefined>();
    let batch = this.#batches.get(holder);
    if (batch === undefined) {
      batch = { tasks: [], waiting: [], bytes: 0 };
      this.#batches.set(holder, batch);
      queueMicrotask(() => this.#send(holder));
    }
    batch.tasks.push(task);
    batch.waiting.push(resolve);
    batch.bytes += nbytes;
    if (batch.bytes >= BATCH_BYTES) this.#send(holder);
    if (signal === undefined) return promise;
    const onAbort = (): void => reject(cancelled(signal, 'fetch'));
    signal.addEventListener('abort', onAbort, { once: true });
    return promise.finally(() => signal.removeEventListener('abort', onAbort));
  }

  #send(holder: Rank): void {
    const batch = this.#batches.get(holder);
    if (batch === undefined) return;
    this.#batches.delete(holder);
    this.#link.ask(holder, { kind: 'fetch', tasks: batch.tasks }).then(
      (answer) => {
        const values = answer.kind === 'data' ? answer.values : [];
        const given = new Set<EncodedValue>();
        for (const [i, resolve] of batch.waiting.entries()) {
          const value = values[i];
          if (value === undefined || !given.has(value)) resolve(value);
          // What is asked for twice arrives once.
          else resolve(value.map((segment) => segment.slice()));
          if (value !== undefined) given.add(value);
        }
      },
      () => {
        // The rank is gone; the scheduler says what becomes of its data.
        for (const resolve of batch.waiting) resolve(undefined);
      },
    );
  }
}

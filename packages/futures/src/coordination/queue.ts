import type { WaitSignal } from '../client/client.ts';
import type { ReceivedValue } from '../protocol/index.ts';
import { Named, type NamedOptions } from './named.ts';

export interface QueueOptions extends NamedOptions {
  /** Items it holds at most; `put` waits while it is full. The first size given counts. Default 0: any number. */
  readonly maxSize?: number | undefined;
}

/**
 * A queue of small values and futures between clients and tasks, first in first out. A future in it is kept alive by it; one
 * that is an item of its own arrives as its result, since promises of futures are: put it into an array or object.
 */
export class Queue<T> extends Named {
  readonly #maxSize: number;

  constructor(name: string, options: QueueOptions = {}) {
    super(name, options);
    this.#maxSize = options.maxSize ?? 0;
  }

  /** Waits for room. */
  async put(item: T, { signal }: WaitSignal = {}): Promise<void> {
    const { name, core } = this;
    await core.request(
      { method: 'queue-put', name, item: core.held(item, 'queue.put'), maxSize: this.#maxSize },
      signal,
    );
  }

  /** The first item; waits for one. */
  async get({ signal }: WaitSignal = {}): Promise<T> {
    const [item] = await this.core.request({ method: 'queue-get', name: this.name }, signal);
    return this.core.received(item!) as T;
  }

  /** Up to `most` items, at least one: waits for it. Without a number, all that are there now, possibly none. */
  async getBatch(most = 0, { signal }: WaitSignal = {}): Promise<T[]> {
    const items: readonly ReceivedValue[] = await this.core.request(
      { method: 'queue-get', name: this.name, batch: most },
      signal,
    );
    return items.map((item) => this.core.received(item) as T);
  }

  /** Items in it now. */
  async size(): Promise<number> {
    return this.core.request({ method: 'queue-size', name: this.name });
  }

  /** Drops its items; those who wait for it get PAR_CLOSED. */
  async close(): Promise<void> {
    await this.core.request({ method: 'queue-close', name: this.name });
  }
}

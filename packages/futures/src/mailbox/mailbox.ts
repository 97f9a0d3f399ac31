import { ANY_SOURCE, type Communicator } from '@par/comm-core';
import type { Rank } from '../protocol/index.ts';

interface Stream {
  readonly dest: Rank;
  readonly tag: number;
  records: unknown[];
}

/**
 * One rank's part of the streams of records: what is posted in one turn of the event loop leaves as one message for each
 * destination and tag, in order. Shared by all that lives on the rank: worker, task threads, clients.
 */
export class Mailbox implements AsyncDisposable {
  readonly comm: Communicator;
  readonly #streams = new Map<number, Stream>();
  readonly #due: Stream[] = [];
  readonly #sending = new Set<Promise<void>>();
  readonly #receiving: Promise<void>[] = [];
  readonly #closed = new AbortController();
  readonly #failed = Promise.withResolvers<never>();
  #undelivered: (dest: Rank, error: unknown) => void = (_, error) => this.#failed.reject(error);
  /** One number, shared with task threads: the next local number of a client of this rank. */
  readonly locals = new Int32Array(new SharedArrayBuffer(4));

  constructor(comm: Communicator) {
    this.comm = comm;
    this.#failed.promise.catch(() => {});
  }

  /** Rejects with the transport's error when records can no longer be received. Never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Is told of ranks that records could not be sent to. Default: as if receiving had failed. */
  onUndelivered(listener: (dest: Rank, error: unknown) => void): void {
    this.#undelivered = listener;
  }

  /** A number for a client of this rank, never given before. */
  nextLocalClient(): number {
    return Atomics.add(this.locals, 0, 1);
  }

  post(dest: Rank, tag: number, record: unknown): void {
    const id = dest * 16 + tag;
    let stream = this.#streams.get(id);
    if (stream === undefined) {
      stream = { dest, tag, records: [] };
      this.#streams.set(id, stream);
    }
    if (stream.records.length === 0) {
      if (this.#due.length === 0) queueMicrotask(() => this.#flush());
      this.#due.push(stream);
    }
    stream.records.push(record);
  }

  /** Hands over every record of the tag, batch by batch, with its source. One receiver per tag. `source`: default any. */
  receive<T>(tag: number, take: (records: readonly T[], source: Rank) => void, source = ANY_SOURCE): void {
    this.#receiving.push(this.#receive(tag, take, source).catch((error) => this.#failed.reject(error)));
  }

  async #receive<T>(tag: number, take: (records: readonly T[], source: Rank) => void, from: number): Promise<void> {
    const { signal } = this.#closed;
    for await (const { value, source } of this.comm.messages<readonly T[]>({ tag, source: from, signal })) {
      take(value, source);
    }
  }

  #flush(): void {
    for (const stream of this.#due.splice(0)) {
      const { dest, tag, records } = stream;
      stream.records = [];
      const sent = this.comm.send(records, { dest, tag }).catch((error) => this.#undelivered(dest, error));
      this.#sending.add(sent);
      void sent.finally(() => this.#sending.delete(sent));
    }
  }

  /** Ends receiving once everything posted has left. The communicator stays open. */
  async close(): Promise<void> {
    this.#flush();
    await Promise.all(this.#sending);
    this.#closed.abort();
    await Promise.all(this.#receiving);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

import type { Communicator } from '@par/comm-core';
import type { Rank } from '../protocol/index.ts';

/** How often an inbox that nobody waits for looks for messages, in milliseconds. */
const POLL_MS = 2;

export interface InboxOptions<T> {
  readonly source: Rank;
  readonly tag: number;
  take(records: readonly T[], source: Rank): void;
  /** The source is gone, or the communicator was freed. Called once; nothing more comes. */
  lost(error: Error): void;
}

/**
 * Batches of records of one tag, in order. A posted receive keeps the process alive, so there is one only while the inbox is
 * held; otherwise it looks for messages now and then for as long as something else keeps the process alive.
 */
export class Inbox<T> {
  readonly #comm: Communicator;
  readonly #options: InboxOptions<T>;
  #holds = 0;
  #receiving: AbortController | undefined;
  #draining = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(comm: Communicator, options: InboxOptions<T>) {
    this.#comm = comm;
    this.#options = options;
    this.#timer = setInterval(() => void this.#drain(), POLL_MS).unref();
  }

  hold(): void {
    if (this.#holds++ === 0) this.#start();
  }

  release(): void {
    if (--this.#holds > 0) return;
    // Most releases are followed by another hold in the same turn.
    setImmediate(() => {
      if (this.#holds === 0) this.#receiving?.abort();
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#receiving?.abort();
  }

  #start(): void {
    if (this.#closed || this.#draining || this.#receiving !== undefined) return;
    const stop = new AbortController();
    this.#receiving = stop;
    clearInterval(this.#timer);
    void this.#receive(stop.signal).finally(() => {
      this.#receiving = undefined;
      if (this.#closed) return;
      this.#timer = setInterval(() => void this.#drain(), POLL_MS).unref();
      if (this.#holds > 0) this.#start();
    });
  }

  async #receive(signal: AbortSignal): Promise<void> {
    const { source, tag } = this.#options;
    while (!signal.aborted) {
      let message: { readonly value: readonly T[]; readonly source: Rank };
      try {
        message = await this.#comm.recvMessage<readonly T[]>({ source, tag, signal });
      } catch (error) {
        if (!signal.aborted) this.#lost(error as Error);
        return;
      }
      this.#options.take(message.value, message.source);
    }
  }

  async #drain(): Promise<void> {
    if (this.#draining || this.#receiving !== undefined) return;
    this.#draining = true;
    const { source, tag } = this.#options;
    try {
      for (;;) {
        const message = this.#closed ? undefined : this.#comm.improbe({ source, tag });
        if (message === undefined) break;
        this.#options.take(await message.recv<readonly T[]>(), message.source);
      }
    } catch (error) {
      this.#lost(error as Error);
    } finally {
      this.#draining = false;
    }
    if (this.#holds > 0) this.#start();
  }

  #lost(error: Error): void {
    if (this.#closed) return;
    this.close();
    this.#options.lost(error);
  }
}

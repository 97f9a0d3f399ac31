import { ANY_SOURCE, type Communicator } from '@par/comm-core';
import { type Rank, unpackRecords } from '../protocol/index.ts';

/** How often an inbox that nobody waits for looks for messages, in milliseconds. */
const POLL_MS = 2;

type Packed<T> = Parameters<typeof unpackRecords<T>>[0];

export interface Receiver<T> {
  take(records: readonly T[], source: Rank): void;
  /** The source is gone, or nothing can be received any more. Called once; nothing more comes. */
  lost?(error: Error): void;
}

/**
 * Batches of records of one tag, in order. A posted receive keeps the process alive, so there is one only while the inbox is
 * held; otherwise it looks for messages now and then for as long as something else keeps the process alive.
 */
export class Inbox<T> {
  readonly #comm: Communicator;
  readonly #source: Rank;
  readonly #tag: number;
  readonly #receivers: Receiver<T>[] = [];
  #held = false;
  #receiving: AbortController | undefined;
  #draining = false;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #error: Error | undefined;

  constructor(comm: Communicator, tag: number, source: Rank) {
    this.#comm = comm;
    this.#tag = tag;
    this.#source = source;
    this.#look();
  }

  /** Every receiver gets all that comes from now on. */
  add(receiver: Receiver<T>): void {
    this.#receivers.push(receiver);
    if (this.#error !== undefined) receiver.lost?.(this.#error);
  }

  hold(): void {
    this.#held = true;
    this.#start();
  }

  release(): void {
    this.#held = false;
    // Most releases are followed by another hold in the same turn.
    setImmediate(() => {
      if (!this.#held) this.#receiving?.abort();
    });
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#receiving?.abort();
  }

  #look(): void {
    this.#timer = setInterval(() => void this.#drain(), POLL_MS).unref();
  }

  #start(): void {
    if (this.#closed || this.#draining || this.#receiving !== undefined) return;
    const stop = new AbortController();
    this.#receiving = stop;
    clearInterval(this.#timer);
    void this.#receive(stop.signal).finally(() => {
      this.#receiving = undefined;
      if (this.#closed) return;
      this.#look();
      if (this.#held) this.#start();
    });
  }

  async #receive(signal: AbortSignal): Promise<void> {
    const filter = { source: this.#source, tag: this.#tag, signal };
    while (!signal.aborted) {
      try {
        const { value, source } = await this.#comm.recvMessage<Packed<T>>(filter);
        this.#take(unpackRecords(value), source);
      } catch (error) {
        if (signal.aborted) return;
        if (!this.#goesOn(error as Error)) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    }
  }

  async #drain(): Promise<void> {
    if (this.#draining || this.#receiving !== undefined) return;
    this.#draining = true;
    const filter = { source: this.#source, tag: this.#tag };
    try {
      for (;;) {
        const message = this.#closed ? undefined : this.#comm.improbe(filter);
        if (message === undefined) break;
        this.#take(unpackRecords(await message.recv<Packed<T>>()), message.source);
      }
    } catch (error) {
      this.#goesOn(error as Error);
    } finally {
      this.#draining = false;
    }
    if (this.#held) this.#start();
  }

  #take(records: readonly T[], source: Rank): void {
    for (const receiver of this.#receivers) receiver.take(records, source);
  }

  /** One of many sources is lost in the middle of a message: the others are still there. */
  #goesOn(error: Error & { readonly code?: string }): boolean {
    if (this.#source === ANY_SOURCE && error.code === 'PAR_PEER_LOST') return true;
    if (this.#closed) return false;
    this.close();
    this.#error = error;
    for (const receiver of this.#receivers) receiver.lost?.(error);
    return false;
  }
}

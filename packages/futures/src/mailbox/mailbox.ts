import { ANY_SOURCE, type Communicator } from '@par/comm-core';
import { packRecords, type Rank } from '../protocol/index.ts';
import { Batches } from './batches.ts';
import { Inbox, type Receiver } from './inbox.ts';
import type { Mail } from './mail.ts';

/** Codes of sends that fail because the other side, or all, is over. */
const OVER = new Set(['PAR_PEER_LOST', 'PAR_FREED', 'PAR_ABORTED']);

/**
 * One rank's part of the streams of records, shared by all that lives on the rank: scheduler, worker, task threads, clients.
 * What is posted in one turn of the event loop leaves as one message for each destination and tag, in order.
 */
export class Mailbox implements Mail, AsyncDisposable {
  readonly comm: Communicator;
  readonly locals = new Int32Array(new SharedArrayBuffer(4));
  readonly #batches = new Batches((dest, tag, records) => this.send(dest, tag, records));
  readonly #sending = new Set<Promise<void>>();
  readonly #inboxes = new Map<number, Inbox<unknown>>();
  readonly #undelivered: ((dest: Rank, error: Error) => void)[] = [];
  #requests = 0;
  #holds = 0;

  constructor(comm: Communicator) {
    this.comm = comm;
  }

  get rank(): Rank {
    return this.comm.rank;
  }

  get size(): number {
    return this.comm.size;
  }

  get host(): string {
    return this.comm.processorName;
  }

  onUndelivered(listener: (dest: Rank, error: Error) => void): void {
    this.#undelivered.push(listener);
  }

  /** A number for a client of this rank, never given before. */
  nextLocalClient(): number {
    return Atomics.add(this.locals, 0, 1);
  }

  nextRequest(): number {
    return this.#requests++;
  }

  post(dest: Rank, tag: number, record: unknown): void {
    this.#batches.post(dest, tag, record);
  }

  /** Sends records as one message, now: not behind what was posted in this turn. */
  send(dest: Rank, tag: number, records: readonly unknown[]): void {
    const sent: Promise<void> = this.comm.send(packRecords(records), { dest, tag }).then(
      () => void this.#sending.delete(sent),
      (error: Error & { readonly code?: string }) => {
        this.#sending.delete(sent);
        if (!OVER.has(error.code ?? '')) throw error;
        if (error.code === 'PAR_PEER_LOST') for (const listener of this.#undelivered) listener(dest, error);
      },
    );
    this.#sending.add(sent);
  }

  /** Hands everything posted to the transport now: inside `process.exit` there is no later. */
  flush(): void {
    this.#batches.flush();
  }

  /** Resolves when everything posted so far has left. */
  async sent(): Promise<void> {
    this.flush();
    await Promise.all(this.#sending);
  }

  receive<T>(tag: number, receiver: Receiver<T>, source: Rank = ANY_SOURCE): void {
    const id = (source + 1) * 16 + tag;
    let inbox = this.#inboxes.get(id);
    if (inbox === undefined) {
      inbox = new Inbox(this.comm, tag, source);
      this.#inboxes.set(id, inbox);
      if (this.#holds > 0) inbox.hold();
    }
    inbox.add(receiver as Receiver<unknown>);
  }

  /** While held, records are received as they come and keep the process alive; otherwise within milliseconds. Calls nest. */
  hold(): void {
    if (this.#holds++ > 0) return;
    for (const inbox of this.#inboxes.values()) inbox.hold();
  }

  release(): void {
    if (--this.#holds > 0) return;
    for (const inbox of this.#inboxes.values()) inbox.release();
  }

  /** Receives nothing more. */
  end(): void {
    for (const inbox of this.#inboxes.values()) inbox.close();
  }

  /** Ends receiving once everything posted has left. The communicator stays open. */
  async close(): Promise<void> {
    await this.sent();
    this.end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

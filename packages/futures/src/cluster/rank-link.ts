import { cancelled, PeerLostError } from '@par/comm-core';
import type { Asked, ClientLink, LinkListener, Put } from '../client/link.ts';
import type { Mailbox } from '../mailbox/index.ts';
import {
  type ClientRecord,
  type PeerAnswer,
  type PeerRecord,
  type Rank,
  TAGS,
  type ToClient,
} from '../protocol/index.ts';

interface Waiting {
  readonly dest: Rank;
  readonly resolve: (answer: PeerAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** The clients of a script: their way to the scheduler and to ranks with data. */
export class RankLink implements ClientLink {
  readonly rank: Rank;
  readonly #mailbox: Mailbox;
  readonly #scheduler: Rank;
  readonly #sizeNow: () => number;
  readonly #listeners = new Map<number, LinkListener>();
  readonly #waiting = new Map<number, Waiting>();
  #lost: Error | undefined;

  /** `size`: ranks there have been so far. */
  constructor(mailbox: Mailbox, scheduler: Rank, size: () => number) {
    this.#mailbox = mailbox;
    this.rank = mailbox.comm.rank;
    this.#scheduler = scheduler;
    this.#sizeNow = size;
    mailbox.receive<ToClient>(
      TAGS.toClient,
      { take: (records) => this.#take(records), lost: (error) => this.#schedulerLost(error) },
      scheduler,
    );
    mailbox.receive<PeerRecord>(TAGS.toPeer, { take: (records) => this.#answered(records) });
    mailbox.onUndelivered((dest) => this.#peerLost(dest));
  }

  get size(): number {
    return this.#sizeNow();
  }

  open(listener: LinkListener): number {
    const local = this.#mailbox.nextLocalClient();
    this.#listeners.set(local, listener);
    if (this.#lost !== undefined) listener.lost(this.#lost);
    return local;
  }

  close(client: number): void {
    this.#listeners.delete(client);
  }

  send(record: ClientRecord): void {
    this.#mailbox.post(this.#scheduler, TAGS.toScheduler, record);
  }

  ask(dest: Rank, asked: Asked, signal?: AbortSignal): Promise<PeerAnswer> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (signal?.aborted) return Promise.reject(cancelled(signal, asked.kind));
    const request = this.#mailbox.nextRequest();
    const { promise, resolve, reject } = Promise.withResolvers<PeerAnswer>();
    this.#waiting.set(request, { dest, resolve, reject });
    this.hold();
    this.#mailbox.post(dest, TAGS.toPeer, { ...asked, request });
    return promise.finally(() => {
      this.#waiting.delete(request);
      this.release();
    });
  }

  put(dest: Rank, record: Put): void {
    this.#mailbox.post(dest, TAGS.toPeer, record);
  }

  hold(): void {
    this.#mailbox.hold();
  }

  release(): void {
    this.#mailbox.release();
  }

  end(): void {
    this.#schedulerLost(new Error('the cluster was shut down'));
  }

  #take(records: readonly ToClient[]): void {
    for (const record of records) {
      if (record.kind === 'peer-lost') this.#peerLost(record.rank);
      this.#listeners.get(record.client)?.receivedRecord(record);
    }
  }

  #answered(records: readonly PeerRecord[]): void {
    for (const record of records) {
      if (record.kind === 'data' || record.kind === 'actor-result') this.#waiting.get(record.request)?.resolve(record);
    }
  }

  #peerLost(rank: Rank): void {
    for (const { dest, reject } of this.#waiting.values()) {
      if (dest === rank) reject(new PeerLostError(rank, `rank ${rank} is lost`));
    }
  }

  #schedulerLost(error: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    for (const listener of this.#listeners.values()) listener.lost(error);
  }
}

import { ANY_SOURCE, type Communicator, cancelled, PeerLostError } from '@par/comm-core';
import type { Asked, ClientLink, LinkListener, Put } from '../client/link.ts';
import {
  type ClientRecord,
  type PeerAnswer,
  type PeerRecord,
  type Rank,
  TAGS,
  type ToClient,
} from '../protocol/index.ts';
import { Inbox } from './inbox.ts';
import { Outbox } from './outbox.ts';

interface Waiting {
  readonly dest: Rank;
  readonly resolve: (answer: PeerAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** The clients of a rank that runs no worker: their way to the scheduler and to ranks with data. */
export class RankLink implements ClientLink {
  readonly rank: Rank;
  readonly size: number;
  readonly #scheduler: Rank;
  readonly #outbox: Outbox;
  readonly #fromScheduler: Inbox<ToClient>;
  readonly #fromPeers: Inbox<PeerRecord>;
  readonly #listeners = new Map<number, LinkListener>();
  readonly #waiting = new Map<number, Waiting>();
  readonly #companions: readonly { hold(): void; release(): void }[];
  #locals = 0;
  #requests = 0;
  #lost: Error | undefined;

  /** `companions` are held as long as this is: what else of the process must be prompt while somebody waits. */
  constructor(comm: Communicator, scheduler: Rank, companions: readonly { hold(): void; release(): void }[] = []) {
    this.rank = comm.rank;
    this.size = comm.size;
    this.#scheduler = scheduler;
    this.#companions = companions;
    this.#outbox = new Outbox(comm);
    this.#fromScheduler = new Inbox<ToClient>(comm, {
      source: scheduler,
      tag: TAGS.toClient,
      take: (records) => this.#take(records),
      lost: (error) => this.#schedulerLost(error),
    });
    this.#fromPeers = new Inbox<PeerRecord>(comm, {
      source: ANY_SOURCE,
      tag: TAGS.toPeer,
      take: (records) => this.#answered(records),
      lost: (error) => this.#schedulerLost(error),
    });
  }

  open(listener: LinkListener): number {
    const local = this.#locals++;
    this.#listeners.set(local, listener);
    if (this.#lost !== undefined) listener.lost(this.#lost);
    return local;
  }

  close(client: number): void {
    this.#listeners.delete(client);
  }

  send(record: ClientRecord): void {
    this.#outbox.post(this.#scheduler, TAGS.toScheduler, record);
  }

  ask(dest: Rank, asked: Asked, signal?: AbortSignal): Promise<PeerAnswer> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    if (signal?.aborted) return Promise.reject(cancelled(signal, asked.kind));
    const request = this.#requests++;
    const { promise, resolve, reject } = Promise.withResolvers<PeerAnswer>();
    this.#waiting.set(request, { dest, resolve, reject });
    this.#fromPeers.hold();
    this.hold();
    this.#outbox.post(dest, TAGS.toPeer, { ...asked, request });
    return promise.finally(() => {
      this.#waiting.delete(request);
      this.#fromPeers.release();
      this.release();
    });
  }

  put(dest: Rank, record: Put): void {
    this.#outbox.post(dest, TAGS.toPeer, record);
  }

  hold(): void {
    this.#fromScheduler.hold();
    for (const companion of this.#companions) companion.hold();
  }

  release(): void {
    this.#fromScheduler.release();
    for (const companion of this.#companions) companion.release();
  }

  /** Everything sent so far has left. */
  sent(): Promise<void> {
    return this.#outbox.sent();
  }

  /** Hands everything to the transport now: inside `process.exit` there is no later. */
  flush(): void {
    this.#outbox.flush();
  }

  end(): void {
    this.#fromScheduler.close();
    this.#fromPeers.close();
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

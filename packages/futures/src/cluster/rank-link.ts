import { PeerLostError } from '@par/comm-core';
import type { Asked, ClientLink, LinkListener, Put } from '../client/link.ts';
import { type Mailbox, Questions } from '../mailbox/index.ts';
import { type ClientRecord, type PeerAnswer, type Rank, TAGS, type ToClient } from '../protocol/index.ts';
import type { Layout } from './layout.ts';

/** The clients of a script: their way to the scheduler and to ranks with data. */
export class RankLink implements ClientLink {
  readonly rank: Rank;
  readonly workerless: readonly Rank[];
  readonly #mailbox: Mailbox;
  readonly #scheduler: Rank;
  readonly #sizeNow: () => number;
  readonly #listeners = new Map<number, LinkListener>();
  readonly #questions: Questions;
  /** Is told of workers that count as lost though their ranks are connected. */
  onExpired: (rank: Rank) => void = () => {};
  #lost: Error | undefined;

  /** `size`: ranks there have been so far. */
  constructor(mailbox: Mailbox, { scheduler, client, workers }: Layout, size: () => number) {
    this.#mailbox = mailbox;
    this.rank = mailbox.comm.rank;
    this.workerless = [scheduler, client].filter((rank) => !workers.includes(rank));
    this.#scheduler = scheduler;
    this.#sizeNow = size;
    mailbox.receive<ToClient>(
      TAGS.toClient,
      { take: (records) => this.#take(records), lost: (error) => this.#schedulerLost(error) },
      scheduler,
    );
    this.#questions = new Questions(mailbox);
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
    this.hold();
    return this.#questions.ask(dest, asked, signal).finally(() => this.release());
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
      if (record.kind === 'peer-lost') {
        this.#questions.gone(record.rank, new PeerLostError(record.rank, `rank ${record.rank} is lost`));
      }
      if (record.kind === 'peer-back') this.#questions.back(record.rank);
      if (record.kind === 'expired') this.onExpired(record.rank);
      else this.#listeners.get(record.client)?.receivedRecord(record);
    }
  }

  #schedulerLost(error: Error): void {
    if (this.#lost !== undefined) return;
    this.#lost = error;
    this.#questions.end(error);
    for (const listener of this.#listeners.values()) listener.lost(error);
  }
}

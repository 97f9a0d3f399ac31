import { ArgumentRangeError } from '@par/comm-core';
import { ClientCore } from '../client/core.ts';
import { forgetCluster } from '../client/current.ts';
import { FuturesError } from '../client/errors.ts';
import { showPrints } from '../client/print.ts';
import { TAGS } from '../protocol/index.ts';
import type { Layout } from './layout.ts';
import { RankLink } from './rank-link.ts';
import type { Parts } from './run-role.ts';

/** What the ranks of a cluster are. */
export interface Surroundings {
  /** Ranks there have been so far. */
  size(): number;
  /** Undefined: there can be no more and no fewer workers. */
  readonly elastic?: Elastic | undefined;
  /** The cluster is not this process's own: it goes on without it. */
  readonly joined?: boolean | undefined;
  /** After the cluster has stopped. */
  close(): Promise<void>;
  /** In place of `close` inside `process.exit`. */
  leave?(): void;
}

/** Worker processes that can be started and given up. */
export interface Elastic {
  /** Is told of ranks that were started, those in place of lost ones too. */
  onStarted: (ranks: readonly number[]) => void;
  /** From now on there are to be so many workers: starts the missing ones, gives the surplus ones. */
  scale(workers: number): readonly number[];
  /** Ends the process of a worker that counts as lost; another takes its place. */
  end(rank: number): void;
}

/** A cluster as its client's rank sees it. */
export class Cluster implements AsyncDisposable {
  readonly role = 'client';
  readonly layout: Layout;
  readonly link: RankLink;
  readonly #parts: Parts;
  readonly #surroundings: Surroundings;
  readonly #control: ClientCore;
  readonly #onBeforeExit = (): void => this.#scriptEnded();
  readonly #onExit = (): void => {
    this.#processEnds();
    this.#surroundings.leave?.();
  };
  #closed: Promise<void> | undefined;

  constructor(layout: Layout, parts: Parts, surroundings: Surroundings) {
    const { mailbox } = parts;
    this.layout = layout;
    this.link = new RankLink(mailbox, layout, () => surroundings.size());
    this.#parts = parts;
    this.#surroundings = surroundings;
    this.#control = new ClientCore(this.link, 'cluster');
    const { elastic } = surroundings;
    if (elastic !== undefined) {
      this.link.onExpired = (rank) => elastic.end(rank);
      elastic.onStarted = (workers) => mailbox.post(layout.scheduler, TAGS.toScheduler, { kind: 'expect', workers });
    }
    showPrints(this.#control);
    // Before comm-core's own listeners, which say goodbye to the other ranks.
    process.prependListener('beforeExit', this.#onBeforeExit);
    process.prependListener('exit', this.#onExit);
  }

  get rank(): number {
    return this.link.rank;
  }

  /** Ranks there have been so far: those of lost and retired workers are not used again. */
  get size(): number {
    return this.link.size;
  }

  /**
   * Starts workers, or ends some, until there are `workers`; resolves when they are there. Workers that go first hand their
   * data to others and end their tasks. Only a local cluster can grow and shrink.
   *
   * Rejects with PAR_LAYOUT where the ranks are fixed, PAR_ARGUMENT for a number that is not an integer ≥ 1.
   */
  async scale(workers: number): Promise<void> {
    if (!Number.isSafeInteger(workers) || workers < 1) {
      throw new ArgumentRangeError('PAR_ARGUMENT', `scale: ${workers} workers, but it must be an integer ≥ 1`);
    }
    const { elastic } = this.#surroundings;
    if (elastic === undefined) {
      throw new FuturesError(
        'PAR_LAYOUT',
        'scale: the workers are ranks of a job, whose number is fixed by its launcher; only the workers that a plain node process starts can be more or fewer. Workers are added to those of par cluster with: par cluster --join FILE -np 2',
      );
    }
    const surplus = elastic.scale(workers);
    if (surplus.length > 0) await this.#control.request({ method: 'retire-workers', workers: surplus });
    await this.#control.request({ method: 'wait-for-workers', count: workers });
  }

  /**
   * Ends scheduler and workers on all ranks, and what was started for them. Futures not finished are cancelled. A cluster joined by a
   * scheduler file goes on without this process.
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#forget();
    const { mailbox, ended } = this.#parts;
    // Held to the end: nothing else may keep the process alive while the workers leave.
    mailbox.hold();
    if (this.#surroundings.joined) await this.#control.close();
    if (!this.#control.ended) {
      await this.#control.request({ method: 'shutdown' });
      await this.#control.over;
    }
    await ended;
    mailbox.release();
    await mailbox.close();
    this.link.end();
    await this.#surroundings.close();
  }

  /** Nothing keeps the script alive any more. */
  #scriptEnded(): void {
    if (this.#closed !== undefined) return;
    this.#processEnds();
    this.#parts.mailbox.end();
    this.#closed = this.#surroundings.close();
  }

  /** Tells the others without waiting: this runs inside `process.exit` too. */
  #processEnds(): void {
    this.#forget();
    if (this.#control.ended) return;
    const { mailbox, scheduler, isWorker } = this.#parts;
    if (scheduler === undefined && !this.#surroundings.joined) {
      this.#control.shutdownNow();
      // This rank's worker ends with the process, and cannot say so itself.
      if (isWorker) mailbox.post(this.layout.scheduler, TAGS.toScheduler, { kind: 'leave' });
    }
    mailbox.flush();
    scheduler?.shutdownNow();
    // Receives stay posted: cancelled in the same breath as MPI is finalized, they crash Open MPI 4.1.
    this.link.end();
  }

  #forget(): void {
    process.off('beforeExit', this.#onBeforeExit);
    process.off('exit', this.#onExit);
    forgetCluster(this);
  }
}

import { ClientCore } from '../client/core.ts';
import { forgetCluster } from '../client/current.ts';
import type { Layout } from './layout.ts';
import type { RankLink } from './rank-link.ts';
import type { SchedulerLoop } from './scheduler-loop.ts';

/** What ends with the cluster besides its ranks' parts. */
export interface Surroundings {
  /** Scheduler that lives in this process. */
  readonly scheduler?: SchedulerLoop | undefined;
  /** After the cluster has stopped. */
  close(): Promise<void>;
}

/** A cluster as its client's rank sees it. */
export class Cluster implements AsyncDisposable {
  readonly role = 'client';
  readonly layout: Layout;
  readonly link: RankLink;
  readonly #surroundings: Surroundings;
  readonly #control: ClientCore;
  readonly #onBeforeExit = (): void => this.#scriptEnded();
  readonly #onExit = (): void => this.#processEnds();
  #closed: Promise<void> | undefined;

  constructor(layout: Layout, link: RankLink, surroundings: Surroundings) {
    this.layout = layout;
    this.link = link;
    this.#surroundings = surroundings;
    this.#control = new ClientCore(link, 'cluster');
    // Before comm-core's own listeners, which say goodbye to the other ranks.
    process.prependListener('beforeExit', this.#onBeforeExit);
    process.prependListener('exit', this.#onExit);
  }

  get rank(): number {
    return this.link.rank;
  }

  get size(): number {
    return this.link.size;
  }

  /** Ends scheduler and workers on all ranks, and what was started for them. Futures not finished are cancelled. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    process.off('beforeExit', this.#onBeforeExit);
    process.off('exit', this.#onExit);
    forgetCluster(this);
    // Held to the end: nothing else may keep the process alive while the workers leave.
    this.link.hold();
    if (!this.#control.ended) {
      await this.#control.request({ method: 'shutdown' });
      await this.#control.over;
    }
    await this.#surroundings.scheduler?.ended;
    this.link.release();
    await this.link.sent();
    this.link.end();
    await this.#surroundings.close();
  }

  /** Nothing keeps the script alive any more. */
  #scriptEnded(): void {
    if (this.#closed !== undefined) return;
    this.#processEnds();
    this.#closed = this.#surroundings.close();
  }

  /** Tells the others without waiting: this runs inside `process.exit` too. */
  #processEnds(): void {
    process.off('beforeExit', this.#onBeforeExit);
    process.off('exit', this.#onExit);
    if (this.#control.ended) return;
    const { scheduler } = this.#surroundings;
    if (scheduler === undefined) this.#control.shutdownNow();
    else scheduler.shutdownNow();
    this.link.flush();
    this.link.end();
  }
}

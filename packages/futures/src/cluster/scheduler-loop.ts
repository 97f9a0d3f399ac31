import type { Communicator } from '@par/comm-core';
import { type Rank, TAGS, type ToScheduler } from '../protocol/index.ts';
import { type HostRecord, Scheduler, type SchedulerEvent, type SchedulerOptions } from '../scheduler/index.ts';
import { callOutside } from '../worker/call.ts';
import { Inbox } from './inbox.ts';
import type { Layout } from './layout.ts';
import { Outbox } from './outbox.ts';

/** How often the scheduler is told the time, in milliseconds. */
const TICK_MS = 100;
/** Local client number that nothing else on the scheduler's rank gets. */
const OWN_CLIENT = 65_535;

/** The scheduler's part of a rank: hands what it receives to the state machine, and once a turn sends what that says. */
export class SchedulerLoop {
  /** Resolves when the cluster was shut down and everything said has left. */
  readonly ended: Promise<void>;
  readonly #comm: Communicator;
  readonly #scheduler: Scheduler;
  readonly #inboxes: readonly Inbox<ToScheduler>[];
  readonly #outbox: Outbox;
  readonly #timer: NodeJS.Timeout;
  readonly #end = Promise.withResolvers<void>();
  /** Workers that have not left, and those that have not joined. */
  readonly #workers: Set<Rank>;
  readonly #starting: Set<Rank>;
  #due = false;
  #over = false;

  constructor(comm: Communicator, layout: Layout, options: Omit<SchedulerOptions, 'rank'>) {
    this.ended = this.#end.promise;
    this.#comm = comm;
    this.#scheduler = new Scheduler({ ...options, rank: comm.rank });
    this.#outbox = new Outbox(comm);
    this.#workers = new Set(layout.workers);
    this.#starting = new Set(layout.workers);
    this.#inboxes = Array.from(
      { length: comm.size },
      (_, from) =>
        new Inbox<ToScheduler>(comm, {
          source: from,
          tag: TAGS.toScheduler,
          take: (records) => this.#take(from, records),
          lost: (error) => this.#lost(from, error, layout),
        }),
    );
    this.#timer = setInterval(() => this.#handle({ kind: 'tick' }), TICK_MS).unref();
  }

  /** While held, records are handled as they come; see Inbox. */
  hold(): void {
    for (const inbox of this.#inboxes) inbox.hold();
  }

  release(): void {
    for (const inbox of this.#inboxes) inbox.release();
  }

  /** Ends the cluster without waiting: this runs inside `process.exit` too. */
  shutdownNow(): void {
    this.#askForShutdown();
    this.#flush();
    for (const inbox of this.#inboxes) inbox.close();
  }

  #take(from: Rank, records: readonly ToScheduler[]): void {
    if (!this.#over) this.#handle({ kind: 'records', from, records });
    for (const { kind } of records) {
      if (kind === 'leave') this.#workers.delete(from);
      if (kind === 'join') this.#starting.delete(from);
    }
    this.#finish();
  }

  #lost(rank: Rank, error: Error, layout: Layout): void {
    this.#workers.delete(rank);
    this.#finish();
    if (this.#over) return;
    this.#handle({ kind: 'rank-lost', rank, text: error.message });
    // Nobody is left to ask for results, or for the end.
    if (rank === layout.client) this.#askForShutdown();
  }

  #askForShutdown(): void {
    const records: ToScheduler[] = [
      { kind: 'open-client', client: OWN_CLIENT },
      { kind: 'request', client: OWN_CLIENT, request: 0, call: { method: 'shutdown' } },
    ];
    this.#handle({ kind: 'records', from: this.#comm.rank, records });
  }

  #handle(event: SchedulerEvent): void {
    this.#scheduler.handle(event, performance.now());
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#due = false;
    for (const out of this.#scheduler.flush()) {
      if (out.to === 'host') for (const record of out.records) this.#host(record);
      else this.#outbox.send(out.rank, out.to === 'worker' ? TAGS.toWorker : TAGS.toClient, out.records);
    }
  }

  #host(record: HostRecord): void {
    if (record.kind === 'shutdown') {
      this.#over = true;
      clearInterval(this.#timer);
      // The state machine knows nothing of them yet; one that is not told would wait for ever.
      for (const rank of this.#starting) this.#outbox.send(rank, TAGS.toWorker, [{ kind: 'close' }]);
      this.#finish();
      return;
    }
    void callOutside(record, this.#comm).then((outcome) =>
      this.#handle({ kind: 'called', call: record.call, outcome }),
    );
  }

  #finish(): void {
    if (!this.#over || this.#workers.size > 0) return;
    for (const inbox of this.#inboxes) inbox.close();
    void this.#outbox.sent().then(() => this.#end.resolve());
  }
}

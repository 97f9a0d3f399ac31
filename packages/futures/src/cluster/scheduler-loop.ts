import type { Universe } from '@par/comm-core';
import type { Mailbox } from '../mailbox/index.ts';
import { LOCAL_CLIENTS, type Rank, TAGS, type ToScheduler } from '../protocol/index.ts';
import { type HostRecord, Scheduler, type SchedulerEvent, type SchedulerOptions } from '../scheduler/index.ts';
import { callOutside } from '../worker/call.ts';
import { type Growth, type Roles, WORKER_ROLE } from './layout.ts';

/** How often the scheduler is told the time, in milliseconds. */
const TICK_MS = 100;
/** Local client number that nothing else on the scheduler's rank gets. */
const OWN_CLIENT = LOCAL_CLIENTS - 1;

/** The scheduler's part of a rank: hands what it receives to the state machine, and once a turn sends what that says. */
export class SchedulerLoop {
  /** Resolves when the cluster was shut down and everything said has left. */
  readonly ended: Promise<void>;
  readonly #mailbox: Mailbox;
  readonly #scheduler: Scheduler;
  readonly #client: Rank | undefined;
  readonly #universe: Pick<Universe, 'onArrival' | 'evict'> | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #end = Promise.withResolvers<void>();
  /** Ranks that are received from. */
  readonly #known = new Set<Rank>();
  /** Workers that have not left, and those that have not joined. */
  readonly #workers = new Set<Rank>();
  readonly #starting = new Set<Rank>();
  /** Workers that count as lost though their ranks are connected. */
  readonly #expired = new Set<Rank>();
  #due = false;
  #over = false;

  constructor(
    mailbox: Mailbox,
    layout: Roles,
    options: Omit<SchedulerOptions, 'rank'>,
    { universe, more = 'none' }: Growth,
  ) {
    this.#universe = universe;
    this.ended = this.#end.promise;
    this.#mailbox = mailbox;
    this.#client = layout.client;
    const membership = { initial: layout.workers, replaced: universe !== undefined || more !== 'none', more };
    this.#scheduler = new Scheduler({ ...options, rank: mailbox.comm.rank }, membership);
    for (const rank of layout.workers) this.#expect(rank);
    for (const rank of [layout.client, layout.scheduler]) if (rank !== undefined) this.#listen(rank);
    universe?.onArrival((rank, role) => (role === WORKER_ROLE ? this.#expect(rank) : this.#listen(rank)));
    this.#timer = setInterval(() => this.#handle({ kind: 'tick' }), TICK_MS).unref();
  }

  /** Ends the cluster without waiting: this runs inside `process.exit` too. */
  shutdownNow(): void {
    this.#askForShutdown();
    this.#flush();
  }

  /** A worker will join: until it has left, the cluster does not end. */
  #expect(rank: Rank): void {
    this.#workers.add(rank);
    this.#starting.add(rank);
    this.#listen(rank);
    if (this.#over) this.#close(rank);
  }

  /** Ranks are received from one by one: what the last words of a lost one were has to be known before it counts as lost. */
  #listen(rank: Rank): void {
    if (this.#known.has(rank)) return;
    this.#known.add(rank);
    this.#mailbox.receive<ToScheduler>(
      TAGS.toScheduler,
      { take: (records) => this.#take(rank, records), lost: (error) => this.#lost(rank, error) },
      rank,
    );
  }

  #take(from: Rank, records: readonly ToScheduler[]): void {
    if (!this.#over) this.#handle({ kind: 'records', from, records });
    for (const record of records) {
      if (record.kind === 'leave') {
        this.#workers.delete(from);
        this.#starting.delete(from);
      }
      // Another process of that rank will join, or has to be told that it need not.
      if (record.kind === 'died') {
        this.#starting.add(from);
        if (this.#over) this.#close(from);
      }
      if (record.kind === 'join') {
        this.#starting.delete(from);
        if (this.#expired.delete(from)) this.#workers.add(from);
      }
      if (record.kind === 'expect') for (const rank of record.workers) this.#expect(rank);
    }
    this.#finish();
  }

  #lost(rank: Rank, error: Error): void {
    this.#workers.delete(rank);
    this.#starting.delete(rank);
    this.#expired.delete(rank);
    this.#finish();
    if (this.#over) return;
    this.#handle({ kind: 'rank-lost', rank, text: error.message });
    // Nobody is left to ask for results, or for the end.
    if (rank === this.#client) this.#askForShutdown();
  }

  #askForShutdown(): void {
    const records: ToScheduler[] = [
      { kind: 'open-client', client: OWN_CLIENT },
      { kind: 'request', client: OWN_CLIENT, request: 0, call: { method: 'shutdown' } },
    ];
    this.#handle({ kind: 'records', from: this.#mailbox.comm.rank, records });
  }

  #handle(event: SchedulerEvent): void {
    // Since the epoch: clients on other hosts are told these times.
    this.#scheduler.handle(event, performance.timeOrigin + performance.now());
    if (this.#due) return;
    this.#due = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#due = false;
    for (const out of this.#scheduler.flush()) {
      if (out.to === 'host') for (const record of out.records) this.#host(record);
      else this.#mailbox.send(out.rank, out.to === 'worker' ? TAGS.toWorker : TAGS.toClient, out.records);
    }
  }

  #host(record: HostRecord): void {
    if (record.kind === 'shutdown') {
      this.#over = true;
      clearInterval(this.#timer);
      for (const rank of [...this.#starting, ...this.#expired]) this.#close(rank);
      this.#finish();
      return;
    }
    if (record.kind === 'expired') {
      this.#workers.delete(record.rank);
      this.#expired.add(record.rank);
      this.#universe?.evict(record.rank, 'its worker has given no sign of life');
      return;
    }
    void callOutside(record, this.#mailbox).then((outcome) =>
      this.#handle({ kind: 'called', call: record.call, outcome }),
    );
  }

  /** A worker the state machine knows nothing of yet: one that is not told would wait for ever. */
  #close(rank: Rank): void {
    this.#mailbox.send(rank, TAGS.toWorker, [{ kind: 'close' }]);
  }

  #finish(): void {
    if (!this.#over || this.#workers.size > 0) return;
    void this.#mailbox.sent().then(() => this.#end.resolve());
  }
}

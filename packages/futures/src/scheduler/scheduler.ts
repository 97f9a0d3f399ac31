import {
  type CallOutcome,
  type ClientRecord,
  clientId,
  type DescribeFunction,
  type Rank,
  type ToScheduler,
  type WorkerRecord,
} from '../protocol/index.ts';
import type { ClientState } from './client-state.ts';
import { cancel, closeClient, importFuture, missing, openClient, releaseFutures, retry } from './clients.ts';
import { Coordination } from './coordination/coordination.ts';
import { request, withdraw } from './coordination/requests.ts';
import { joinWorker, loseRank, loseSilentWorkers, removeWorker } from './loss.ts';
import { Members, type Membership } from './membership.ts';
import type { Outgoing } from './outbox.ts';
import { dispatch, offerRoom, scatterBacklog } from './placement.ts';
import { checkJobs, Replications } from './replication.ts';
import { retracted } from './retraction.ts';
import {
  blocked,
  errored,
  evicted,
  fetched,
  finished,
  finishedStored,
  missingDependency,
  rescheduled,
} from './runs.ts';
import { placeWaiting, scatter } from './scattering.ts';
import { createState, type SchedulerOptions, type SchedulerState } from './state.ts';
import { describeFunction, submit } from './submissions.ts';
import { failUnrunnable, refuseImpossible } from './unrunnable.ts';
import { validate } from './validation.ts';
import type { WorkerState } from './worker-state.ts';

/** What the scheduler is told. */
export type SchedulerEvent =
  /** A message from a rank. */
  | { readonly kind: 'records'; readonly from: Rank; readonly records: readonly ToScheduler[] }
  /** The transport lost the rank. `text`: how, for people. */
  | { readonly kind: 'rank-lost'; readonly rank: Rank; readonly text: string }
  /** Outcome of a `call` the host was given. */
  | { readonly kind: 'called'; readonly call: number; readonly outcome: CallOutcome }
  /** Time passes: to be sent every 50–100 ms while any worker has runs or `workerTimeout` is set. */
  | { readonly kind: 'tick' };

/**
 * The scheduler as a state machine: events in, messages out, no I/O, no clock of its own.
 *
 * ```ts
 * scheduler.handle({ kind: 'records', from: rank, records }, performance.now());
 * for (const out of scheduler.flush()) …send out.records to out.rank…
 * ```
 * Several events may be handled before one `flush`; tasks are placed by `flush`.
 */
export class Scheduler {
  readonly #s: SchedulerState;

  /** `membership`: which workers there can be, if that is known. */
  constructor(options: SchedulerOptions = {}, membership?: Membership) {
    const members = new Members(membership);
    this.#s = createState(options, { coordination: new Coordination(), replications: new Replications(), members });
  }

  /** The state, for tests and reports. */
  get state(): SchedulerState {
    return this.#s;
  }

  /** `now`: milliseconds of a monotonic clock. Throws ParError PAR_PROTOCOL for records that make no sense. */
  handle(event: SchedulerEvent, now: number): void {
    const s = this.#s;
    s.now = now;
    switch (event.kind) {
      case 'records':
        for (const record of event.records) {
          s.cause = `${record.kind} from rank ${event.from}`;
          this.#record(event.from, record);
        }
        break;
      case 'rank-lost':
        s.cause = `rank ${event.rank} lost: ${event.text}`;
        loseRank(s, event.rank, event.text);
        break;
      case 'called':
        s.coordination.called(s, s.options.rank, event.call, event.outcome);
        break;
      case 'tick':
        s.cause = 'tick';
        loseSilentWorkers(s);
        failUnrunnable(s);
        for (const worker of s.workers.values()) if (worker.backlog.length > 0) offerRoom(s, worker);
        break;
    }
    if (s.replications.jobs.size > 0 || s.replications.retirements.size > 0) checkJobs(s);
    if (s.options.validate) validate(s);
  }

  /** Places tasks, then gives what is to be sent: at most one message per destination. */
  flush(): Outgoing[] {
    const s = this.#s;
    s.cause = 'placement';
    dispatch(s);
    refuseImpossible(s);
    if (s.options.validate) validate(s);
    return s.outbox.flush();
  }

  #record(from: Rank, record: ToScheduler): void {
    const s = this.#s;
    if ('client' in record) {
      if (record.kind === 'open-client') {
        openClient(s, from, record.client, record.name);
        return;
      }
      const client = s.clients.get(clientId(from, record.client));
      // The client was closed: its rank counted as lost.
      if (client !== undefined) this.#clientRecord(client, record);
      return;
    }
    if (record.kind === 'function') {
      describeFunction(s, from, record);
      return;
    }
    if (record.kind === 'join') {
      joinWorker(s, from, record);
      return;
    }
    // Where records come from is the host's concern.
    if (record.kind === 'expect') return;
    const worker = s.workers.get(from);
    if (worker === undefined) return;
    worker.silence = 0;
    this.#workerRecord(worker, record);
  }

  #clientRecord(client: ClientState, record: Exclude<ClientRecord, DescribeFunction>): void {
    const s = this.#s;
    switch (record.kind) {
      case 'close-client':
        closeClient(s, client);
        s.outbox.client(client, { kind: 'closed', client: client.local });
        break;
      case 'submit':
        submit(s, client, record);
        break;
      case 'scatter':
        scatter(s, client, record);
        break;
      case 'release':
        releaseFutures(s, client, record);
        break;
      case 'cancel':
        cancel(s, client, record);
        break;
      case 'retry':
        retry(s, client, record);
        break;
      case 'import':
        importFuture(s, client, record);
        break;
      case 'missing':
        missing(s, client, record);
        break;
      case 'request':
        request(s, client, record);
        break;
      case 'withdraw':
        withdraw(s, client, record);
        break;
    }
  }

  #workerRecord(worker: WorkerState, record: WorkerRecord): void {
    const s = this.#s;
    switch (record.kind) {
      case 'finished':
        finished(s, worker, record);
        break;
      case 'finished-stored':
        finishedStored(s, worker, record);
        break;
      case 'errored':
        errored(s, worker, record);
        break;
      case 'rescheduled':
        rescheduled(s, worker, record);
        break;
      case 'missing-dependency':
        missingDependency(s, worker, record);
        break;
      case 'blocked':
      case 'unblocked':
        blocked(s, worker, record);
        break;
      case 'retracted':
        retracted(s, worker, record);
        break;
      case 'fetched':
        fetched(s, worker, record);
        break;
      case 'evicted':
        evicted(s, worker, record.tasks);
        break;
      case 'status':
        this.#status(worker, record.paused);
        break;
      case 'called':
        s.coordination.called(s, worker.rank, record.call, record.outcome);
        break;
      case 'leave':
        s.members.left(worker.rank);
        removeWorker(s, worker, 'it left', true);
        break;
      case 'died':
        removeWorker(s, worker, record.how, false);
        break;
    }
  }

  #status(worker: WorkerState, paused: boolean): void {
    const s = this.#s;
    if (worker.paused === paused) return;
    worker.paused = paused;
    if (paused) scatterBacklog(s, worker);
    else {
      offerRoom(s, worker);
      placeWaiting(s);
      s.coordination.workersChanged(s);
    }
  }
}

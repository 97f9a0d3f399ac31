import type { CallOutcome, Rank, TaskId } from '../../protocol/index.ts';
import type { ClientState } from '../client-state.ts';
import type { SchedulerState } from '../state.ts';
import { infoOf, takesTasks, type WorkerState } from '../worker-state.ts';
import type { Ask } from './ask.ts';
import { Datasets } from './datasets.ts';
import type { EventFlag } from './event.ts';
import { References } from './holds.ts';
import type { Queue } from './queue.ts';
import { Leases, MultiLocks, type Semaphore } from './semaphore.ts';
import { Topics } from './topics.ts';
import type { Variable } from './variable.ts';

/** A function that runs on some ranks; the outcomes are answered together. */
interface CallJob {
  readonly waiting: Set<Rank>;
  readonly outcomes: { readonly rank: Rank; readonly outcome: CallOutcome }[];
  done(outcomes: readonly { readonly rank: Rank; readonly outcome: CallOutcome }[]): void;
}

/** What clients share by name, and requests that wait. */
export class Coordination {
  readonly references = new References();
  readonly datasets = new Datasets();
  readonly topics = new Topics();
  readonly leases = new Leases();
  readonly multiLocks = new MultiLocks();
  /** Running tasks that have asked for leases. */
  readonly asked = new Set<TaskId>();
  readonly queues = new Map<string, Queue>();
  readonly variables = new Map<string, Variable>();
  readonly events = new Map<string, EventFlag>();
  readonly semaphores = new Map<string, Semaphore>();
  readonly asks = new Map<ClientState, Map<number, Ask>>();
  readonly calls = new Map<number, CallJob>();
  workerWaits: { readonly ask: Ask; readonly count: number }[] = [];

  clientGone(s: SchedulerState, client: ClientState): void {
    for (const ask of this.asks.get(client)?.values() ?? []) ask.leave();
    this.asks.delete(client);
    this.topics.clientGone(client);
    this.leases.endOfClient(client);
    this.prune(s);
  }

  /** Its run is over: what it waits for it gets no more, what it has goes to others. */
  endOfTask(s: SchedulerState, task: TaskId): void {
    if (!this.asked.delete(task)) return;
    for (const semaphore of this.semaphores.values()) semaphore.endOfTask(s, task);
    this.multiLocks.endOfTask(s, task);
    this.leases.endOfTask(task);
  }

  /** Drops what is as if it had never been used. */
  prune(_s: SchedulerState): void {
    for (const named of [this.variables, this.events, this.semaphores] as const) {
      for (const [name, thing] of named as Map<string, { readonly idle: boolean }>) if (thing.idle) named.delete(name);
    }
  }

  workersChanged(s: SchedulerState): void {
    const running = [...s.workers.values()].filter(takesTasks);
    const ready = this.workerWaits.filter(({ count }) => running.length >= count);
    if (ready.length === 0) return;
    this.workerWaits = this.workerWaits.filter((wait) => !ready.includes(wait));
    for (const { ask } of ready) ask.answer(s, running.map(infoOf));
  }

  /** More workers than there can be will never come. */
  refuseWaits(s: SchedulerState): void {
    const { most } = s.members;
    for (const { ask, count } of this.workerWaits.filter((wait) => wait.count > most)) {
      ask.leave();
      ask.refuse(s, 'PAR_NO_WORKERS', `waitForWorkers: there will never be ${count} workers: ${s.members}`);
    }
  }

  /** It was given a function that has not ended. */
  isCalled(rank: Rank): boolean {
    for (const { waiting } of this.calls.values()) if (waiting.has(rank)) return true;
    return false;
  }

  workerGone(s: SchedulerState, worker: WorkerState): void {
    const text = `worker ${worker.name} (rank ${worker.rank}) was lost before it answered`;
    const outcome: CallOutcome = { ok: false, failure: { kind: 'killed-worker', deaths: 1, text } };
    for (const call of [...this.calls.keys()]) this.called(s, worker.rank, call, outcome);
  }

  called(_s: SchedulerState, rank: Rank, call: number, outcome: CallOutcome): void {
    const job = this.calls.get(call);
    if (!job?.waiting.delete(rank)) return;
    job.outcomes.push({ rank, outcome });
    if (job.waiting.size > 0) return;
    this.calls.delete(call);
    job.done(job.outcomes);
  }
}

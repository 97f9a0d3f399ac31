import type { JoinWorker, Rank } from '../protocol/index.ts';
import { closeClient } from './clients.ts';
import { countWorkers, offerRoom, scatterBacklog } from './placement.ts';
import { isAllowed } from './placement-class.ts';
import { checkRetiring, forgetCopies } from './replication.ts';
import { died, giveUpRun } from './runs.ts';
import { placeWaiting, replace } from './scattering.ts';
import type { SchedulerState } from './state.ts';
import { FLAG } from './task.ts';
import { removeHolder, requeue } from './transitions.ts';
import { WorkerState } from './worker-state.ts';

export function joinWorker(s: SchedulerState, rank: Rank, record: JoinWorker): void {
  const former = s.workers.get(rank);
  if (former !== undefined) removeWorker(s, former, 'it started again', false);
  const worker = new WorkerState(rank, record);
  if (s.departed.delete(rank)) tellOthers(s, 'peer-back', rank);
  s.workers.set(rank, worker);
  s.members.joined(rank, record);
  for (const placement of s.classes.values()) {
    if (!isAllowed(placement, worker)) continue;
    worker.classes.push(placement);
    countWorkers(s, placement);
  }
  s.outbox.worker(worker, { kind: 'joined', rank, heartbeat: heartbeatOf(s) });
  offerRoom(s, worker);
  placeWaiting(s);
  s.coordination.workersChanged(s);
}

/**
 * Takes a worker out. What it ran is run elsewhere, what only it stored is computed again. `expected`: it left in good order,
 * so nobody is suspected.
 */
export function removeWorker(s: SchedulerState, worker: WorkerState, text: string, expected: boolean): void {
  worker.gone = true;
  s.workers.delete(worker.rank);
  s.open = s.open.filter((other) => other !== worker);
  for (const placement of worker.classes) countWorkers(s, placement);
  s.departed.add(worker.rank);
  tellOthers(s, 'peer-lost', worker.rank);
  const couldAllRun = worker.tasks.length - worker.blocked <= worker.threads;
  const runs = [...worker.tasks, ...worker.groups];
  // Data first: tasks that run again must see what is missing.
  for (const task of [...worker.data]) removeHolder(s, task, worker);
  for (const task of runs) {
    const still = task.rare?.group ? task.rare.group.members.includes(worker) : task.worker === worker;
    if (!still) continue;
    const certain = couldAllRun || (task.flags & FLAG.SUSPECT) !== 0;
    giveUpRun(s, task, worker);
    if (expected) requeue(s, task);
    else died(s, task, worker, `worker ${worker.name} (rank ${worker.rank}) was lost: ${text}`, certain);
  }
  scatterBacklog(s, worker);
  replace(s, worker);
  forgetCopies(s, worker);
  s.coordination.workerGone(s, worker);
  checkRetiring(s);
}

function tellOthers(s: SchedulerState, kind: 'peer-lost' | 'peer-back', rank: Rank): void {
  for (const other of s.workers.values()) s.outbox.worker(other, { kind, rank });
  for (const client of s.clients.values()) {
    if (client.rank !== rank) s.outbox.client(client, { kind, client: client.local, rank });
  }
}

/** The transport lost a rank: its worker and its clients are gone. */
export function loseRank(s: SchedulerState, rank: Rank, text: string): void {
  const worker = s.workers.get(rank);
  s.members.lost(rank);
  if (worker !== undefined) removeWorker(s, worker, text, false);
  for (const client of [...s.clients.values()]) if (client.rank === rank) closeClient(s, client);
}

/** Signs of life are at most so many milliseconds apart, and ten of them go missing before a worker counts as lost. */
const HEARTBEAT_MS = 2000;
const MISSING_BEATS = 10;
/** Silence counted for one tick at most: if the scheduler itself was held up, what workers said meanwhile is still to be read. */
const MOST_SILENCE_MS = 1000;

function heartbeatOf({ options: { workerTimeout } }: SchedulerState): number {
  return workerTimeout > 0 ? Math.min(HEARTBEAT_MS, workerTimeout / MISSING_BEATS) : HEARTBEAT_MS;
}

/** Workers that said nothing for too long count as lost. Those that come back join anew. */
export function loseSilentWorkers(s: SchedulerState): void {
  const { workerTimeout } = s.options;
  const passed = Math.min(Math.max(s.now - s.lastTick, 0), MOST_SILENCE_MS);
  s.lastTick = s.now;
  if (workerTimeout <= 0) return;
  for (const worker of [...s.workers.values()]) {
    if (worker.shared || worker.groups.size > 0 || s.coordination.isCalled(worker.rank)) worker.silence = 0;
    else worker.silence += passed;
    if (worker.silence <= workerTimeout) continue;
    s.outbox.worker(worker, { kind: 'expired' });
    s.outbox.host({ kind: 'expired', rank: worker.rank });
    for (const client of s.clients.values()) {
      s.outbox.client(client, { kind: 'expired', client: client.local, rank: worker.rank });
    }
    removeWorker(s, worker, `no sign of life for ${Math.round(worker.silence)} ms`, false);
  }
}

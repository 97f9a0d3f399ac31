import type { Retracted } from '../protocol/index.ts';
import { runTime } from './placement.ts';
import type { SchedulerState } from './state.ts';
import { FLAG, STATE, type Task } from './task.ts';
import { endRun, requeue } from './transitions.ts';
import { loadOf, takesTasks, type WorkerState } from './worker-state.ts';

/**
 * Runs that were ordered ahead, on a worker that turned out slower than expected, are asked back for idle workers. The worker
 * answers which of them had not started; only these move, so nothing runs twice.
 */
export function askBack(s: SchedulerState): void {
  for (const idle of s.open) {
    if (!takesTasks(idle) || loadOf(idle) >= idle.threads) continue;
    const victim = slowest(s, idle);
    if (victim === undefined) return;
    const ahead = loadOf(victim) - victim.threads;
    retract(s, victim, Math.ceil(ahead / 2), (task) => idle.classes.includes(task.submission!.placement));
  }
}

function slowest(s: SchedulerState, idle: WorkerState): WorkerState | undefined {
  let best: WorkerState | undefined;
  // Work that is done within the round trip of asking is left alone.
  let longest = 2 * s.options.lookahead;
  for (const worker of s.workers.values()) {
    const ahead = loadOf(worker) - worker.threads;
    if (worker === idle || ahead <= 0 || worker.retracting > 0) continue;
    const wait = (runTime(s, worker) * ahead) / worker.threads;
    if (wait > longest) {
      longest = wait;
      best = worker;
    }
  }
  return best;
}

/** Asks for up to `most` runs, the last ordered first. */
export function retract(s: SchedulerState, worker: WorkerState, most: number, movable: (task: Task) => boolean): void {
  const tasks: number[] = [];
  const runs: number[] = [];
  for (let i = worker.tasks.length - 1; i >= 0 && tasks.length < most; i--) {
    const task = worker.tasks[i]!;
    if (task.flags & (FLAG.BLOCKED | FLAG.RETRACTING) || task.submission!.actor || !movable(task)) continue;
    task.flags |= FLAG.RETRACTING;
    tasks.push(task.id);
    runs.push(task.run);
  }
  if (tasks.length === 0) return;
  worker.retracting = s.nextRequest++;
  s.outbox.worker(worker, { kind: 'retract', request: worker.retracting, tasks, runs });
}

export function retracted(s: SchedulerState, worker: WorkerState, record: Retracted): void {
  if (worker.retracting === record.request) worker.retracting = 0;
  const given = new Set(record.tasks);
  for (const task of worker.tasks) if (!given.has(task.id)) task.flags &= ~FLAG.RETRACTING;
  for (let i = 0; i < record.tasks.length; i++) {
    const task = s.tasks.get(record.tasks[i]!);
    if (task?.state !== STATE.PROCESSING || task.worker !== worker || task.run !== record.runs[i]) continue;
    endRun(s, task, false);
    requeue(s, task);
  }
}

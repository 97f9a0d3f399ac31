import type { Rank } from '../protocol/index.ts';
import { assign, describe } from './placement.ts';
import { hasFreeResources, isNamed, type PlacementClass, takeResources } from './placement-class.ts';
import type { SchedulerState } from './state.ts';
import { rareOf, type Task } from './task.ts';
import { enterProcessing } from './transitions.ts';
import { loadOf, takesTasks, type WorkerState } from './worker-state.ts';

/** Actors go to the worker with the fewest; tasks of several ranks start when that many workers have a free thread. */
export function placeSpecial(s: SchedulerState): void {
  for (const worker of s.workers.values()) worker.reservedFor = null;
  for (const placement of s.classes.values()) {
    if (!placement.special) continue;
    for (let task = placement.queue.peek(); task !== undefined; task = placement.queue.peek()) {
      const placed = placement.actor ? placeActor(s, placement, task) : placeGroup(s, placement, task);
      if (!placed) break;
    }
  }
}

function candidates(s: SchedulerState, placement: PlacementClass): WorkerState[] {
  const all = [...s.workers.values()].filter(
    (worker) => takesTasks(worker) && worker.classes.includes(placement) && hasFreeResources(placement, worker),
  );
  if (!placement.soft) return all;
  const named = all.filter((worker) => isNamed(placement, worker));
  return named.length >= placement.ranks ? named : all;
}

function actorsOf(worker: WorkerState): number {
  let count = worker.actors;
  for (const task of worker.tasks) if (task.submission!.actor) count++;
  return count;
}

function placeActor(s: SchedulerState, placement: PlacementClass, task: Task): boolean {
  let best: WorkerState | undefined;
  const able = candidates(s, placement);
  for (const worker of able) {
    if (worker === task.rare?.avoids && able.length > 1) continue;
    const fewer = best === undefined ? -1 : actorsOf(worker) - actorsOf(best);
    if (best === undefined || fewer < 0 || (fewer === 0 && loadOf(worker) < loadOf(best))) best = worker;
  }
  if (best === undefined) return false;
  placement.queue.pop(task);
  assign(s, best, task);
  return true;
}

/** All members start at once. Until enough are free, the least loaded ones are kept from tasks that come after this one. */
function placeGroup(s: SchedulerState, placement: PlacementClass, task: Task): boolean {
  const able = candidates(s, placement).sort((a, b) => loadOf(a) / a.threads - loadOf(b) / b.threads);
  const members = able.slice(0, placement.ranks);
  if (members.length < placement.ranks) return false;
  if (members.some((worker) => loadOf(worker) >= worker.threads)) {
    for (const worker of members) worker.reservedFor = placement;
    return false;
  }
  placement.queue.pop(task);
  placement.queued--;
  enterProcessing(s, task);
  task.run++;
  const group: Rank[] = members.map((worker) => worker.rank);
  task.worker = members[0]!;
  rareOf(task).group = { members, waiting: [...members] };
  for (const worker of members) {
    worker.groups.add(task);
    takeResources(placement, worker);
    describe(s, worker, task);
    s.outbox.run(worker, task, group);
  }
  return true;
}

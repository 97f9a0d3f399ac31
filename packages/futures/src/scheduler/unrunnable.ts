import type { PlacementClass } from './placement-class.ts';
import type { SchedulerState } from './state.ts';
import { STATE } from './task.ts';
import { failWith } from './transitions.ts';

/** What the tasks of a class need of a worker, for people. Empty: nothing special. */
export function needsOf(placement: PlacementClass): string {
  return [
    placement.allowed && !placement.soft ? `workers ${[...placement.allowed].join(', ')}` : '',
    ...placement.resources.map(([name, amount]) => `${amount} ${name}`),
    placement.ranks > 1
      ? `${placement.ranks} workers at a time whose tasks run in the rank's own process (isolation 'thread')`
      : '',
  ]
    .filter((need) => need !== '')
    .join(', ');
}

/** Fails tasks that no worker could run for longer than `noWorkersTimeout`. */
export function failUnrunnable(s: SchedulerState): void {
  const { noWorkersTimeout } = s.options;
  if (noWorkersTimeout <= 0) return;
  for (const placement of [...s.classes.values()]) {
    if (placement.workers > 0 || placement.queued === 0) {
      placement.unrunnableSince = undefined;
      continue;
    }
    placement.unrunnableSince ??= s.now;
    const waited = s.now - placement.unrunnableSince;
    if (waited <= noWorkersTimeout) continue;
    const needs = needsOf(placement) || 'a worker';
    const text = `none of the ${s.workers.size} workers could run it for ${Math.round(waited)} ms: it needs ${needs}`;
    for (const task of [...s.tasks.values()]) {
      if (task.state === STATE.QUEUED && task.submission!.placement === placement) {
        failWith(s, task, { kind: 'unrunnable', text }, undefined);
      }
    }
  }
}

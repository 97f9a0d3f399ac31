import type { Failure } from '../protocol/index.ts';
import { encodeWithHolds } from '../values/index.ts';
import type { PlacementClass } from './placement-class.ts';
import type { SchedulerState } from './state.ts';
import { STATE, type Task, titleOf } from './task.ts';
import { fail, failWith } from './transitions.ts';

type Unrunnable = Extract<Failure, { readonly kind: 'unrunnable' }>;

/** What the tasks of a class need of a worker, for people. Empty: nothing special. */
export function needsOf(s: SchedulerState, placement: PlacementClass): string {
  const someAreAlone = [...s.workers.values()].some((worker) => worker.alone);
  return [
    placement.allowed && !placement.soft ? `workers ${[...placement.allowed].join(', ')}` : '',
    ...placement.resources.map(([name, amount]) => `${amount} ${name}`),
    placement.ranks > 1
      ? `${placement.ranks} workers at a time${someAreAlone ? ", with tasks in the rank's own process (isolation 'thread')" : ''}`
      : '',
  ]
    .filter((need) => need !== '')
    .join(', ');
}

/** Why no worker there is or will be can run tasks of the class; undefined when one may. */
export function impossible(s: SchedulerState, placement: PlacementClass): Unrunnable | undefined {
  const { members } = s;
  if (placement.workers > 0 || members.verdict(placement) !== 'impossible') return undefined;
  const unknown = placement.allowed !== null && !placement.soft && !members.isAnyOf(placement.allowed);
  const text = `no worker can ever run it: it needs ${needsOf(s, placement) || 'a worker'}, but ${members}`;
  return { kind: 'unrunnable', code: unknown ? 'PAR_NOT_FOUND' : 'PAR_UNRUNNABLE', text };
}

/** Fails what is queued or to be scattered and can go nowhere. Where more workers may be started, it waits, and says so once. */
export function refuseImpossible(s: SchedulerState): void {
  for (const placement of s.classes.values()) {
    if (placement.queued === 0 || placement.workers > 0) continue;
    const failure = impossible(s, placement);
    if (failure !== undefined) failQueued(s, placement, failure);
    else if (!placement.announced && s.members.verdict(placement) === 'short') announceWait(s, placement);
  }
  for (const task of [...s.scattering]) {
    const plan = task.rare!.scatter;
    // One that failed can take others with it.
    if (plan === null || plan.expected.length > 0) continue;
    const { workers } = plan;
    if (workers !== null && !s.members.isAnyOf(workers)) {
      const text = `there is no worker ${[...workers].join(', ')} to scatter it to; ${s.members}`;
      failWith(s, task, { kind: 'unrunnable', code: 'PAR_NOT_FOUND', text }, undefined);
    } else if (s.members.most === 0) {
      const text = 'there are no workers to scatter it to, and none will come';
      failWith(s, task, { kind: 'unrunnable', code: 'PAR_UNRUNNABLE', text }, undefined);
    }
  }
  s.coordination.refuseWaits(s);
}

function failQueued(s: SchedulerState, placement: PlacementClass, failure: Unrunnable): void {
  for (const task of queuedOf(s, placement)) fail(s, task, { failure, root: titleOf(task), worker: undefined });
}

function queuedOf(s: SchedulerState, placement: PlacementClass): Task[] {
  return [...s.tasks.values()].filter(
    (task) => task.state === STATE.QUEUED && task.submission!.placement === placement,
  );
}

function announceWait(s: SchedulerState, placement: PlacementClass): void {
  placement.announced = true;
  const [first] = queuedOf(s, placement);
  if (first === undefined) return;
  const text = `${titleOf(first)} waits for workers to be started: it needs ${needsOf(s, placement)}, but ${s.members}`;
  s.coordination.topics.log(s, 'warn', encodeWithHolds(text).segments);
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
    const needs = needsOf(s, placement) || 'a worker';
    const text = `none of the ${s.workers.size} workers could run it for ${Math.round(waited)} ms: it needs ${needs}`;
    failQueued(s, placement, { kind: 'unrunnable', code: 'PAR_UNRUNNABLE', text });
  }
}

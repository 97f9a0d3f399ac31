import type { SchedulerState } from './state.ts';
import { rareOf, STATE, stateName, type Task, type TaskState } from './task.ts';

const NAMES = Object.fromEntries(Object.entries(STATE).map(([name, state]) => [state, name.toLowerCase()]));

/** Notes a transition, of the last `options.story` ones. */
export function tell(s: SchedulerState, task: Task, to: TaskState): void {
  const rare = rareOf(task);
  rare.story ??= [];
  rare.story.push({ time: s.now, from: stateName(task), to: NAMES[to]!, cause: s.cause });
  if (rare.story.length > s.options.story) rare.story.shift();
}

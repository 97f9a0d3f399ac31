import type { Answers, FutureNumber, Rank, StoryEntry } from '../protocol/index.ts';
import type { ClientState } from './client-state.ts';
import type { SchedulerState } from './state.ts';
import { STATE, stateName, type Task, titleOf } from './task.ts';
import { needsOf } from './unrunnable.ts';
import { loadOf } from './worker-state.ts';

function chosen(s: SchedulerState, client: ClientState, futures: readonly FutureNumber[] | undefined): Iterable<Task> {
  if (futures === undefined) return s.tasks.values();
  return futures.map((number) => client.futures.get(number)).filter((task) => task !== undefined);
}

function chosenWorkers(s: SchedulerState, ranks: readonly Rank[] | undefined) {
  const all = [...s.workers.values()];
  return ranks === undefined ? all : all.filter((worker) => ranks.includes(worker.rank));
}

export function whoHas(s: SchedulerState, client: ClientState, futures?: readonly FutureNumber[]): Answers['who-has'] {
  return [...chosen(s, client, futures)].map((task) => ({
    key: titleOf(task),
    task: task.id,
    holders: task.blob === null ? task.holders.map((holder) => holder.rank) : [s.options.rank],
  }));
}

export function hasWhat(s: SchedulerState, ranks?: readonly Rank[]): Answers['has-what'] {
  return chosenWorkers(s, ranks).map((worker) => ({ rank: worker.rank, keys: [...worker.data].map(titleOf) }));
}

export function nbytes(s: SchedulerState, client: ClientState, futures?: readonly FutureNumber[]): Answers['nbytes'] {
  return [...chosen(s, client, futures)]
    .filter((task) => task.state === STATE.MEMORY)
    .map((task) => ({ key: titleOf(task), nbytes: task.nbytes }));
}

export function processing(s: SchedulerState, ranks?: readonly Rank[]): Answers['processing'] {
  return chosenWorkers(s, ranks).map((worker) => ({
    rank: worker.rank,
    keys: [...worker.tasks, ...worker.groups].map(titleOf),
  }));
}

export function counts(s: SchedulerState, client: ClientState, ranges?: readonly number[]): Answers['counts'] {
  const found: Record<string, number> = {};
  for (const task of ranges === undefined ? s.tasks.values() : inRanges(client, ranges)) {
    const name = stateName(task);
    found[name] = (found[name] ?? 0) + 1;
  }
  return found;
}

function* inRanges(client: ClientState, ranges: readonly number[]): Generator<Task> {
  for (let at = 0; at < ranges.length; at += 2) {
    for (let number = ranges[at]!; number < ranges[at]! + ranges[at + 1]!; number++) {
      const task = client.futures.get(number);
      if (task !== undefined) yield task;
    }
  }
}

/** Transitions of the task with this key (or name and id, as errors show it). */
export function storyOf(s: SchedulerState, key: string): readonly StoryEntry[] {
  const id = /-(\d+)$/.exec(key)?.[1];
  const task = s.keys.get(key) ?? (id === undefined ? undefined : s.tasks.get(Number(id)));
  return task === undefined || titleOf(task) !== key ? [] : [...(task.rare?.story ?? [])];
}

export function explain(s: SchedulerState, client: ClientState, future: FutureNumber): string {
  const task = client.futures.get(future);
  if (task === undefined) return `future ${future} is not known: it was released or cancelled`;
  const title = titleOf(task);
  switch (task.state) {
    case STATE.WAITING: {
      if (task.submission === null) return `${title} waits for its data to reach a worker`;
      const missing = task.dependencies.filter((dependency) => dependency.state !== STATE.MEMORY);
      return `${title} waits for ${missing.length} tasks, first ${missing[0] ? titleOf(missing[0]) : 'none'}`;
    }
    case STATE.QUEUED: {
      const { placement } = task.submission!;
      const needs = needsOf(s, placement);
      const what = needs === '' ? '' : ` It needs ${needs}.`;
      if (placement.workers === 0) return `${title} cannot run on any of the ${s.workers.size} workers.${what}`;
      return `${title} is queued with ${placement.queued - 1} others; ${placement.workers} workers can run it.${what}`;
    }
    case STATE.PROCESSING: {
      const worker = task.worker!;
      return `${title} is with worker ${worker.name} (rank ${worker.rank}), which has ${loadOf(worker)} runs and ${worker.threads} threads; run ${task.run}`;
    }
    case STATE.MEMORY:
      return `${title} is finished: ${task.nbytes} bytes, with ${task.blob === null ? `workers ${task.holders.map((holder) => holder.name).join(', ')}` : 'the scheduler'}`;
    case STATE.ERRED:
      return `${title} failed because of ${task.rare!.blame!.root}`;
    default:
      return `${title} is ${stateName(task)}`;
  }
}

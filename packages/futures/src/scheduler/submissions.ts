import { ParError } from '@par/comm-core';
import type { DescribeFunction, Rank, Submit } from '../protocol/index.ts';
import type { ClientState } from './client-state.ts';
import { classFor, forgetClass } from './placement.ts';
import type { SchedulerState } from './state.ts';
import {
  addDependents,
  addWant,
  FLAG,
  type FunctionState,
  isActive,
  NO_TASKS,
  STATE,
  type Submission,
  Task,
} from './task.ts';
import { announce, awaitDependencies, failWith, settle, start } from './transitions.ts';
import { impossible } from './unrunnable.ts';

export function describeFunction(s: SchedulerState, rank: Rank, record: DescribeFunction): void {
  let fn = s.functions.get(record.hash);
  if (fn === undefined) {
    const { hash, name, fn: description } = record;
    fn = { id: s.nextFunction++, hash, name, description, ranks: 0, tasks: 0, duration: -1 };
    s.functions.set(hash, fn);
  }
  let known = s.described.get(rank);
  if (known === undefined) {
    known = new Set();
    s.described.set(rank, known);
  }
  if (known.has(fn)) return;
  known.add(fn);
  fn.ranks++;
}

/** The scheduler's number for the client's generation: calls of all clients in the order they came. */
function generationOf(s: SchedulerState, client: ClientState, own: number): number {
  if (own !== client.ownGeneration) {
    client.ownGeneration = own;
    client.generation = ++s.generation;
  }
  return client.generation;
}

export function submit(s: SchedulerState, client: ClientState, record: Submit): void {
  const fn = s.functions.get(record.fn);
  if (fn === undefined) {
    throw new ParError(
      'PAR_PROTOCOL',
      `client ${client.id} submitted function ${record.fn} without describing it: send 'function' first`,
    );
  }
  const submission = submissionOf(s, fn, record);
  const { placement } = submission;
  const failure = impossible(s, placement);
  // Tasks that are cancelled at once must not take the class with them.
  placement.tasks++;
  const parent = record.parent && s.tasks.get(record.parent.task);
  const generation = parent ? parent.generation : generationOf(s, client, record.generation);
  const shared = lookUp(client, record.sharedDependencies ?? []);
  const pairs = record.dependencies ?? [];
  let pair = 0;
  for (let index = 0; index < record.count; index++) {
    const number = record.first + index;
    const own: number[] = [];
    for (; pairs[pair] === index; pair += 2) own.push(pairs[pair + 1]!);
    const key = record.keys?.[index] ?? null;
    const known = taskOfKey(s, key);
    if (known !== undefined) {
      join(s, known, client, number);
      continue;
    }
    const mine = own.length === 0 ? NO_TASKS : lookUp(client, own);
    if (shared === undefined || mine === undefined) {
      s.outbox.cancelled(client, number, 'released', 'a future it depends on was released or cancelled before');
      continue;
    }
    const task = new Task(s.nextTask++, submission, index, key, generation, parent ? parent.order : number);
    if (mine.length > 0) task.dependencies = [...shared, ...mine];
    else if (shared.length > 0) task.dependencies = shared;
    create(s, task);
    addWant(task, client, number);
    if (record.options.fireAndForget) {
      task.flags |= FLAG.UNWATCHED;
      task.pins++;
    }
    if (task.dependencies.length === 0) task.state = STATE.WAITING;
    else depend(task);
    awaitDependencies(s, task, true);
    if (failure !== undefined && isActive(task)) failWith(s, task, failure, undefined);
  }
  settle(s);
  if (--placement.tasks === 0) forgetClass(s, placement);
}

function submissionOf(s: SchedulerState, fn: FunctionState, record: Submit): Submission {
  const { options } = record;
  return {
    fn,
    name: record.name ?? (fn.name || 'anonymous'),
    chunks: record.chunks,
    chunkTasks: record.chunkTasks,
    common: record.common,
    priority: options.priority ?? 0,
    retries: options.retries ?? 0,
    actor: options.actor ?? false,
    ranks: options.ranks ?? 1,
    placement: classFor(s, options),
  };
}

/** The task that a call of this key is. One that could go nowhere is left behind: the call may have other options now. */
export function taskOfKey(s: SchedulerState, key: string | null): Task | undefined {
  const task = key === null ? undefined : s.keys.get(key);
  return task?.state === STATE.ERRED && task.rare!.blame!.failure.kind === 'unrunnable' ? undefined : task;
}

export function create(s: SchedulerState, task: Task): void {
  s.tasks.set(task.id, task);
  if (task.key !== null) s.keys.set(task.key, task);
  if (task.submission !== null) {
    task.submission.placement.tasks++;
    task.submission.fn.tasks++;
  }
}

/** Dependents run with the priority of what they depend on: what was begun is finished, and its data let go, first. */
function depend(task: Task): void {
  addDependents(task);
  for (const dependency of task.dependencies) {
    dependency.waiters++;
    if (dependency.submission === null) continue;
    if (dependency.generation > task.generation) continue;
    if (dependency.generation === task.generation && dependency.order >= task.order) continue;
    task.generation = dependency.generation;
    task.order = dependency.order;
  }
  task.state = STATE.WAITING;
}

function lookUp(client: ClientState, numbers: readonly number[]): readonly Task[] | undefined {
  const tasks: Task[] = [];
  for (const number of numbers) {
    const task = client.futures.get(number);
    if (task === undefined) return undefined;
    tasks.push(task);
  }
  return tasks;
}

/** Makes `number` one more future of the task, computed again if it was let go. */
export function join(s: SchedulerState, task: Task, client: ClientState, number: number): void {
  addWant(task, client, number);
  if (task.state === STATE.RELEASED) start(s, task);
  else announce(s, task, client, number);
}

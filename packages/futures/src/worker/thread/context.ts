import { AsyncLocalStorage } from 'node:async_hooks';
import type { ClientLink } from '../../client/link.ts';
import type { Rank, RunNumber, TaskId } from '../../protocol/index.ts';
import { TaskError } from '../errors.ts';

/** What a running task can know about itself and do. */
export interface TaskContext {
  /** The task's key, or its name and number. */
  readonly key: string;
  readonly task: TaskId;
  readonly run: RunNumber;
  readonly workerRank: Rank;
  /** Fires when nobody wants the result any more. Some time later (a second, by default) the thread is ended. */
  readonly signal: AbortSignal;
  /** To the scheduler and to the data of other workers, for a client inside this thread. */
  readonly link: ClientLink;
  /** Gives the thread to another task until `rejoin`. Does nothing when the task has done so already. */
  secede(): void;
  /** Resolves once this task has the thread again. */
  rejoin(): Promise<void>;
}

export const running = new AsyncLocalStorage<TaskContext>();

/** The task this code runs in. Throws PAR_NO_TASK outside of tasks. */
export function taskContext(): TaskContext {
  const context = running.getStore();
  if (context === undefined) {
    throw new TaskError(
      'PAR_NO_TASK',
      'taskContext: this code does not run in a task; call it inside a submitted function',
    );
  }
  return context;
}

/** The task this code runs in, if any. */
export function currentTask(): TaskContext | undefined {
  return running.getStore();
}

/** Thrown by a task that wants to run again: on another worker if one has room, else where it was. Not an error. */
export class Reschedule extends Error {
  override readonly name = 'Reschedule';
}

import type { Rank, RunNumber, TaskId } from '../protocol/index.ts';
import type { SharedValue } from './threads/shared-value.ts';
import type { TaskThread } from './threads/task-thread.ts';

/** What the tasks of one `run` record have in common. */
export interface Order {
  readonly fn: number;
  readonly name: string;
  readonly common: SharedValue | undefined;
  readonly priority: number;
  readonly generation: number;
  readonly actor: boolean;
  /** The ranks that run it together. */
  readonly group: readonly Rank[] | undefined;
}

/** Where a run is. */
export type RunState =
  /** Its dependencies are on their way. */
  | 'fetching'
  /** It waits for a thread. */
  | 'ready'
  /** It was handed to `thread`, in `slot`. */
  | 'in-thread'
  | 'over';

/** One assignment of a task to this worker. */
export class Run {
  readonly task: TaskId;
  readonly run: RunNumber;
  readonly order: Order;
  readonly chunk: SharedValue;
  readonly position: number;
  readonly sequence: number;
  readonly key: string | undefined;
  state: RunState = 'ready';
  /** Values of its dependencies, in list order, once they are all here. */
  dependencies: readonly SharedValue[] | undefined;
  thread: TaskThread | undefined;
  slot = -1;
  /** Gave its thread away. */
  blocked = false;
  /** Nobody wants it any more; its thread may still run it. */
  cancelled = false;

  constructor(
    order: Order,
    task: TaskId,
    run: RunNumber,
    place: { chunk: SharedValue; position: number; sequence: number },
    key: string | undefined,
  ) {
    this.order = order;
    this.task = task;
    this.run = run;
    this.chunk = place.chunk;
    this.position = place.position;
    this.sequence = place.sequence;
    this.key = key;
    this.chunk.use();
    order.common?.use();
  }

  get who(): string {
    return `task ${this.key ?? `${this.order.name}-${this.task}`}`;
  }

  depend(values: readonly SharedValue[]): void {
    for (const value of values) value.use();
    this.dependencies = values;
  }

  /** Nothing of it is needed any more. */
  end(): void {
    if (this.state === 'over') return;
    this.state = 'over';
    this.chunk.release();
    this.order.common?.release();
    for (const value of this.dependencies ?? []) value.release();
  }
}

/** Whether `a` is to start before `b`. */
export function before(a: Run, b: Run): boolean {
  const [x, y] = [a.order, b.order];
  if (x !== y) {
    if (x.priority !== y.priority) return x.priority > y.priority;
    if (x.generation !== y.generation) return x.generation < y.generation;
  }
  return a.sequence !== b.sequence ? a.sequence < b.sequence : a.task < b.task;
}

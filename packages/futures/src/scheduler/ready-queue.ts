import { runsBefore, STATE, type Task } from './task.ts';

/** Tasks by priority, generation, order. Entries that are no longer queued are skipped when they come up. */
export class TaskHeap {
  #entries: Task[] = [];

  get length(): number {
    return this.#entries.length;
  }

  push(task: Task): void {
    const entries = this.#entries;
    let at = entries.length;
    entries.push(task);
    while (at > 0) {
      const up = (at - 1) >> 1;
      if (!runsBefore(task, entries[up]!)) break;
      entries[at] = entries[up]!;
      at = up;
    }
    entries[at] = task;
  }

  peek(): Task | undefined {
    while (this.#entries.length > 0) {
      const top = this.#entries[0]!;
      if (top.state === STATE.QUEUED) return top;
      this.pop();
    }
    return undefined;
  }

  pop(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= entries.length) break;
      if (child + 1 < entries.length && runsBefore(entries[child + 1]!, entries[child]!)) child++;
      if (!runsBefore(entries[child]!, last)) break;
      entries[at] = entries[child]!;
      at = child;
    }
    entries[at] = last;
  }

  clear(): void {
    this.#entries = [];
  }
}

/** Tasks of one generation that were ready when they were submitted: first in, first out. */
interface Lane {
  readonly tasks: Task[];
  next: number;
}

/** Drops the consumed part of a lane once it is this long. */
const TRIM = 4096;

/**
 * Ready tasks of one placement class. Those without dependencies come in the order they run, so a list per generation
 * replaces the heap for them: no comparisons per task of a map.
 */
export class ReadyQueue {
  readonly #heap = new TaskHeap();
  #lanes: Lane[] = [];

  /** Of a task that is just submitted, with no dependencies. */
  append(task: Task): void {
    const last = this.#lanes.at(-1);
    const before = last?.tasks.at(-1);
    if (last !== undefined && before !== undefined) {
      if (before.generation === task.generation && !runsBefore(task, before)) {
        last.tasks.push(task);
        return;
      }
      // A new lane must run after the ones before it, or the heap takes the task.
      if (runsBefore(task, before)) {
        this.#heap.push(task);
        return;
      }
    }
    this.#lanes.push({ tasks: [task], next: 0 });
  }

  push(task: Task): void {
    this.#heap.push(task);
  }

  #lane(): Task | undefined {
    while (this.#lanes.length > 0) {
      const lane = this.#lanes[0]!;
      while (lane.next < lane.tasks.length) {
        const task = lane.tasks[lane.next]!;
        if (task.state === STATE.QUEUED) return task;
        this.#advance(lane);
      }
      this.#lanes.shift();
    }
    return undefined;
  }

  #advance(lane: Lane): void {
    lane.next++;
    if (lane.next >= TRIM && lane.next * 2 > lane.tasks.length) {
      lane.tasks.splice(0, lane.next);
      lane.next = 0;
    }
  }

  peek(): Task | undefined {
    const heap = this.#heap.peek();
    const lane = this.#lane();
    if (heap === undefined) return lane;
    return lane === undefined || runsBefore(heap, lane) ? heap : lane;
  }

  /** Removes what `peek` gave. */
  pop(task: Task): void {
    if (this.#heap.peek() === task) this.#heap.pop();
    else this.#advance(this.#lanes[0]!);
  }

  clear(): void {
    this.#heap.clear();
    this.#lanes = [];
  }
}

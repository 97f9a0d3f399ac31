import type { FutureState } from './future-state.ts';

/** Handles of futures by the task whose code made them: they are let go when it ends. */
export class TaskHoldings {
  readonly #held = new Map<object, Map<FutureState, number>>();

  add(task: object, state: FutureState): void {
    let held = this.#held.get(task);
    if (held === undefined) {
      held = new Map();
      this.#held.set(task, held);
    }
    held.set(state, (held.get(state) ?? 0) + 1);
  }

  /** False: the task has ended, and let go of it. */
  remove(task: object, state: FutureState): boolean {
    const held = this.#held.get(task);
    const count = held?.get(state);
    if (count === undefined) return false;
    if (count > 1) held!.set(state, count - 1);
    else held!.delete(state);
    return true;
  }

  /** What the task had, and how often. */
  end(task: object): ReadonlyMap<FutureState, number> {
    const held = this.#held.get(task) ?? new Map<FutureState, number>();
    this.#held.delete(task);
    return held;
  }
}

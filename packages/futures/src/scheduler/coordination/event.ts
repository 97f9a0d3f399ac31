import type { SchedulerState } from '../state.ts';
import type { Ask } from './ask.ts';

/** A flag that can be waited for. */
export class EventFlag {
  isSet = false;
  #waiters: Ask[] = [];

  get idle(): boolean {
    return !this.isSet && this.#waiters.length === 0;
  }

  wait(s: SchedulerState, ask: Ask): void {
    if (this.isSet) {
      ask.answer(s);
      return;
    }
    this.#waiters.push(ask);
    ask.leave = () => {
      this.#waiters = this.#waiters.filter((other) => other !== ask);
    };
  }

  set(s: SchedulerState): void {
    this.isSet = true;
    for (const ask of this.#waiters.splice(0)) ask.answer(s);
  }
}

import type { SchedulerState } from '../state.ts';
import type { Ask } from './ask.ts';
import { drop, type KeptValue } from './holds.ts';

/** One value by name; gets wait until it is set. */
export class Variable {
  #value: KeptValue | undefined;
  #getters: Ask[] = [];

  get idle(): boolean {
    return this.#value === undefined && this.#getters.length === 0;
  }

  set(s: SchedulerState, value: KeptValue): void {
    const former = this.#value;
    this.#value = value;
    for (const ask of this.#getters.splice(0)) ask.answerValues(s, [value], ([only]) => only);
    if (former) drop(s, former.holds);
  }

  get(s: SchedulerState, ask: Ask): void {
    if (this.#value !== undefined) {
      ask.answerValues(s, [this.#value], ([only]) => only);
      return;
    }
    this.#getters.push(ask);
    ask.leave = () => {
      this.#getters = this.#getters.filter((other) => other !== ask);
    };
  }

  close(s: SchedulerState, message: string): void {
    for (const ask of this.#getters.splice(0)) ask.refuse(s, 'PAR_CLOSED', message);
    if (this.#value) drop(s, this.#value.holds);
    this.#value = undefined;
  }
}

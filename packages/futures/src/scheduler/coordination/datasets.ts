import type { SchedulerState } from '../state.ts';
import type { Ask } from './ask.ts';
import { drop, type KeptValue } from './holds.ts';

/** Values by name that outlive their publisher. */
export class Datasets {
  readonly #values = new Map<string, KeptValue>();

  publish(s: SchedulerState, ask: Ask, name: string, value: KeptValue, override: boolean): void {
    const former = this.#values.get(name);
    if (former !== undefined && !override) {
      drop(s, value.holds);
      ask.refuse(s, 'PAR_EXISTS', `a dataset '${name}' is published already; unpublish it or pass override`);
      return;
    }
    this.#values.set(name, value);
    if (former) drop(s, former.holds);
    ask.answer(s);
  }

  get(s: SchedulerState, ask: Ask, name: string): void {
    const value = this.#values.get(name);
    if (value === undefined) ask.refuse(s, 'PAR_NOT_FOUND', `no dataset '${name}' is published`);
    else ask.answerValues(s, [value], ([only]) => only);
  }

  unpublish(s: SchedulerState, ask: Ask, name: string): void {
    const value = this.#values.get(name);
    if (value === undefined) {
      ask.refuse(s, 'PAR_NOT_FOUND', `no dataset '${name}' is published`);
      return;
    }
    this.#values.delete(name);
    drop(s, value.holds);
    ask.answer(s);
  }

  names(): string[] {
    return [...this.#values.keys()].sort();
  }

  clear(s: SchedulerState): void {
    for (const { holds } of this.#values.values()) drop(s, holds);
    this.#values.clear();
  }
}

import type { SchedulerState } from '../state.ts';
import type { Ask } from './ask.ts';
import { drop, type KeptValue } from './holds.ts';

interface Getter {
  readonly ask: Ask;
  readonly batch: number | undefined;
}
interface Putter {
  readonly ask: Ask;
  readonly item: KeptValue;
}

/** First in, first out; puts wait while it is full, gets while it is empty. */
export class Queue {
  maxSize = 0;
  #items: KeptValue[] = [];
  #getters: Getter[] = [];
  #putters: Putter[] = [];

  get size(): number {
    return this.#items.length;
  }

  put(s: SchedulerState, ask: Ask, item: KeptValue): void {
    const putter = { ask, item };
    this.#putters.push(putter);
    ask.leave = () => {
      this.#putters = this.#putters.filter((other) => other !== putter);
      drop(s, item.holds);
    };
    this.#match(s);
  }

  get(s: SchedulerState, ask: Ask, batch: number | undefined): void {
    const getter = { ask, batch };
    this.#getters.push(getter);
    ask.leave = () => {
      this.#getters = this.#getters.filter((other) => other !== getter);
    };
    this.#match(s);
  }

  #match(s: SchedulerState): void {
    for (;;) {
      while (this.#putters.length > 0 && (this.maxSize === 0 || this.#items.length < this.maxSize)) {
        const { ask, item } = this.#putters.shift()!;
        this.#items.push(item);
        ask.answer(s);
      }
      const getter = this.#getters[0];
      if (getter === undefined || (this.#items.length === 0 && getter.batch !== 0)) return;
      this.#getters.shift();
      const taken = this.#items.splice(0, getter.batch === 0 ? this.#items.length : (getter.batch ?? 1));
      getter.ask.answerValues(s, taken, (values) => values);
      for (const { holds } of taken) drop(s, holds);
    }
  }

  close(s: SchedulerState, message: string): void {
    const items = [...this.#items, ...this.#putters.map(({ item }) => item)];
    for (const { ask } of [...this.#getters, ...this.#putters]) ask.refuse(s, 'PAR_CLOSED', message);
    this.#items = [];
    this.#getters = [];
    this.#putters = [];
    for (const { holds } of items) drop(s, holds);
  }
}

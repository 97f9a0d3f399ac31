import { FutureState } from './future-state.ts';
import type { Outcome } from './outcome.ts';

/** The futures of one client, by number and by key. */
export class FutureTable {
  readonly #numbered = new Map<number, FutureState>();
  readonly #keyed = new Map<string, FutureState>();
  #next = 0;
  #pending = 0;

  /** How many have no outcome yet. */
  get pending(): number {
    return this.#pending;
  }

  at(number: number): FutureState | undefined {
    return this.#numbered.get(number);
  }

  known(key: string): FutureState | undefined {
    return this.#keyed.get(key);
  }

  all(): Iterable<FutureState> {
    return this.#numbered.values();
  }

  /** A future under the next number. */
  create(key: string | undefined, name: string): FutureState {
    const state = this.#add(new FutureState(this.#next++, key, name));
    if (key !== undefined) this.#keyed.set(key, state);
    return state;
  }

  /** A future the scheduler numbered. */
  adopt(number: number): FutureState {
    return this.#add(new FutureState(number, undefined, 'future'));
  }

  settle(state: FutureState, outcome: Outcome): void {
    if (this.#numbered.get(state.number) === state) {
      this.#pending += Number(outcome.status === 'pending') - Number(state.pending);
    }
    // A call that could go nowhere may be made again with other options.
    const wentNowhere = outcome.status === 'error' && outcome.failure.kind === 'unrunnable';
    if (outcome.status === 'cancelled' || wentNowhere) this.#unname(state);
    state.settle(outcome);
  }

  remove(state: FutureState): void {
    if (this.#numbered.delete(state.number) && state.pending) this.#pending -= 1;
    this.#unname(state);
  }

  clear(): void {
    this.#numbered.clear();
    this.#keyed.clear();
    this.#pending = 0;
  }

  #add(state: FutureState): FutureState {
    this.#numbered.set(state.number, state);
    this.#pending += 1;
    return state;
  }

  /** Later calls of that key are tasks of their own. */
  #unname(state: FutureState): void {
    if (state.key !== undefined && this.#keyed.get(state.key) === state) this.#keyed.delete(state.key);
  }
}

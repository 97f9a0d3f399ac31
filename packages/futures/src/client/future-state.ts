import { type Outcome, PENDING } from './outcome.ts';

/** Told once when a state has left `pending`; `forget` takes it back. */
export type Watcher = (state: FutureState) => void;

/** What all handles of one task in one client share. */
export class FutureState {
  readonly number: number;
  readonly key: string | undefined;
  /** For people. */
  readonly name: string;
  outcome: Outcome = PENDING;
  /** Handles and uses that keep it. */
  references = 0;
  #watchers: Set<Watcher> | undefined;

  constructor(number: number, key: string | undefined, name: string) {
    this.number = number;
    this.key = key;
    this.name = name;
  }

  /** What messages call it. */
  get label(): string {
    return this.key ?? `${this.name} (number ${this.number})`;
  }

  get pending(): boolean {
    return this.outcome.status === 'pending';
  }

  watch(watcher: Watcher): void {
    this.#watchers ??= new Set();
    this.#watchers.add(watcher);
  }

  forget(watcher: Watcher): void {
    this.#watchers?.delete(watcher);
  }

  settle(outcome: Outcome): void {
    this.outcome = outcome;
    if (outcome.status === 'pending' || this.#watchers === undefined) return;
    const watchers = this.#watchers;
    this.#watchers = undefined;
    for (const watcher of watchers) watcher(this);
  }
}

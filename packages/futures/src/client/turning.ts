import { availableCores } from '@par/comm-core';

/** Milliseconds of turning for a result that does not come: more than a short task's way there and back (benchmarks/futures/par.ts). */
const FULL_MS = 0.5;
/** Turning that brought nothing is halved down to this. */
const LEAST_MS = 0.03;

/**
 * Keeps the event loop turning while a script waits for a result that may come soon: the message is found without a core
 * having to be woken, and those who work on it wake each other on the cores that are left. Only with fewer tasks under way
 * than there are cores, since otherwise somebody needs this one; and not for long, unless it pays.
 */
export class Turning {
  readonly #turn = (): void => this.#next();
  /** Looked up at the first wait: most threads that have clients never wait here. */
  #cores: number | undefined;
  #window = FULL_MS;
  #deadline = 0;
  #waits = 0;
  #scheduled = false;
  #sleptAt = Number.NEGATIVE_INFINITY;

  /** A wait begins while so many tasks are under way. */
  begin(tasks: number): void {
    this.#waits += 1;
    this.#cores ??= availableCores();
    if (tasks >= this.#cores) return;
    this.#deadline = performance.now() + this.#window;
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  /** The wait is over. */
  end(): void {
    this.#waits -= 1;
    // Soon after the loop went to sleep: turning on would have paid.
    if (!this.#scheduled && performance.now() - this.#sleptAt < FULL_MS) this.#window = FULL_MS;
  }

  #next(): void {
    if (this.#waits === 0) {
      this.#scheduled = false;
    } else if (performance.now() < this.#deadline) {
      setImmediate(this.#turn);
    } else {
      this.#scheduled = false;
      this.#sleptAt = performance.now();
      this.#window = Math.max(this.#window / 2, LEAST_MS);
    }
  }
}

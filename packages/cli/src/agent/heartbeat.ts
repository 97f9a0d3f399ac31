/** Signs of life in one heartbeat time. */
const BEATS = 5;

/**
 * Says every fifth of `ms` that this end is alive, and calls `silent` when nothing was heard from the other one for that time. Counts
 * its own ticks, not a clock, so that an end that was stopped itself does not blame the other.
 */
export class Heartbeat {
  readonly #timer: NodeJS.Timeout;
  #missed = 0;
  /** The other end said that it will be silent. */
  excused = false;

  constructor(ms: number, beat: () => void, silent: () => void) {
    this.#timer = setInterval(() => {
      beat();
      if (this.excused) this.#missed = 0;
      else if (++this.#missed > BEATS) {
        this.stop();
        silent();
      }
    }, ms / BEATS);
  }

  heard(): void {
    this.#missed = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

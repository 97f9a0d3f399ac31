import { availableCores } from '@par/comm-core';
import type { KeepAlive } from './keep-alive.ts';

/** How long a waiting rank keeps its loop turning without traffic, in milliseconds. Measured by benchmarks/ping-pong. */
const FULL_MS = 0.5;
/** Turning that brought nothing is halved down to this. */
const LEAST_MS = 0.03;

/**
 * Milliseconds to keep turning: what was asked for in microseconds, otherwise none when the ranks of this host outnumber
 * its cores, because then another rank needs the core.
 */
export function turningTime(micros: number | undefined, ranksOnHost: number): number {
  if (micros !== undefined) return micros / 1000;
  return ranksOnHost > availableCores() ? 0 : FULL_MS;
}

/**
 * While a rank waits for a frame, keeps the event loop turning, which finds it sooner than a sleeping poll is woken
 * (7 µs against 47 µs one way on Unix sockets). Timers and other I/O of the program run in every turn. After a time without
 * traffic the loop sleeps; the process stays alive either way.
 */
export class Turning {
  readonly #keepAlive: KeepAlive;
  readonly #full: number;
  readonly #turn = (): void => this.#next();
  #window: number;
  #active = false;
  #scheduled = false;
  #asleep = false;
  #traffic = false;
  #deadline = 0;
  #sleptAt = 0;

  constructor(keepAlive: KeepAlive, milliseconds: number) {
    this.#keepAlive = keepAlive;
    this.#full = milliseconds;
    this.#window = milliseconds;
  }

  waiting(active: boolean): void {
    this.#active = active;
    if (!active) {
      this.#wake();
    } else if (!this.#scheduled) {
      if (this.#window > 0) this.#start();
      else this.#sleep();
    } else {
      this.#traffic = true; // a new wait is worth a whole window
    }
  }

  /** Bytes have arrived: the wait is over, its end is near, or more will follow. */
  arrived(): void {
    this.#traffic = true;
    if (!this.#asleep || this.#full === 0) return;
    // Soon after the loop went to sleep: turning on would have paid.
    if (performance.now() - this.#sleptAt < this.#full) this.#window = this.#full;
    this.#start();
  }

  #start(): void {
    this.#wake();
    this.#scheduled = true;
    this.#traffic = true;
    setImmediate(this.#turn);
  }

  #next(): void {
    if (!this.#active) {
      this.#scheduled = false;
      return;
    }
    if (this.#traffic) {
      this.#traffic = false;
      this.#deadline = performance.now() + this.#window;
    } else if (performance.now() > this.#deadline) {
      this.#scheduled = false;
      this.#window = Math.max(this.#window / 2, Math.min(LEAST_MS, this.#full));
      this.#sleep();
      return;
    }
    setImmediate(this.#turn);
  }

  #sleep(): void {
    if (this.#asleep) return;
    this.#asleep = true;
    this.#sleptAt = performance.now();
    this.#keepAlive.hold();
  }

  #wake(): void {
    if (!this.#asleep) return;
    this.#asleep = false;
    this.#keepAlive.release();
  }
}

/** Weight of the newest measurement. */
const NEWEST = 0.2;
/** A task costs at least this, whatever its clock says. */
const LEAST_MICROS = 4;
const UNKNOWN_MICROS = 1e9;

/** What runs of each function take, in microseconds: a moving average. */
export class Durations {
  readonly #average = new Map<number, number>();

  /** Of a function that never ran: too long for anything to wait behind it. */
  expected(fn: number): number {
    return this.#average.get(fn) ?? UNKNOWN_MICROS;
  }

  measured(fn: number, milliseconds: number): void {
    const micros = Math.max(LEAST_MICROS, milliseconds * 1000);
    const before = this.#average.get(fn);
    this.#average.set(fn, before === undefined ? micros : before + NEWEST * (micros - before));
  }

  forget(fn: number): void {
    this.#average.delete(fn);
  }
}

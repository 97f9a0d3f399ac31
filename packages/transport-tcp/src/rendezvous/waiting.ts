/** How many ranks are named by number. */
const MOST_NAMED = 20;

/** How long ranks that have joined wait for the others. */
export interface Patience {
  /** Time from the first rank's arrival to the last one's, in milliseconds. Default: any, where somebody sees the ranks' processes end. */
  readonly joinTimeout?: number | undefined;
  /** Is told once who is missing, `after` milliseconds after the first rank's arrival: "1 of 3 ranks have not called init after 1.5 s: 2". */
  readonly absence?: { readonly after: number; tell(text: string): void } | undefined;
}

/** The time while some of the ranks that start together have joined and others have not. */
export class Waiting {
  readonly #patience: Patience;
  readonly #size: number;
  readonly #missing: () => readonly number[];
  readonly #late: (reason: string) => void;
  #timers: readonly NodeJS.Timeout[] | undefined;

  constructor(patience: Patience, size: number, missing: () => readonly number[], late: (reason: string) => void) {
    this.#patience = patience;
    this.#size = size;
    this.#missing = missing;
    this.#late = late;
  }

  /** Called with every arrival: the first one counts. */
  begin(): void {
    if (this.#timers !== undefined) return;
    const { joinTimeout, absence } = this.#patience;
    this.#timers = [
      ...(joinTimeout === undefined ? [] : [setTimeout(() => this.#over(joinTimeout), joinTimeout)]),
      ...(absence === undefined ? [] : [setTimeout(() => absence.tell(this.#absent(absence.after)), absence.after)]),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  end(): void {
    for (const timer of this.#timers ?? []) clearTimeout(timer);
  }

  #absent(after: number): string {
    const missing = this.#missing();
    return `${missing.length} of ${this.#size} ranks have not called init after ${after / 1000} s: ${listed(missing)}`;
  }

  #over(after: number): void {
    const missing = this.#missing();
    const ranks = missing.length === 1 ? 'rank' : 'ranks';
    this.#late(`${ranks} ${listed(missing)} did not join within ${after / 1000} s`);
  }
}

/** "1, 3, 5": the first of them. */
function listed(ranks: readonly number[]): string {
  return ranks.slice(0, MOST_NAMED).join(', ') + (ranks.length > MOST_NAMED ? ', …' : '');
}

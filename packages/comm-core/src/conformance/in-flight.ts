import type { Tools } from './case.ts';

/**
 * Operations that are started one after the other and awaited together: as many as they are, the ranks exchange few
 * packets and wake each other seldom.
 */
export class InFlight {
  readonly #tools: Tools;
  readonly #started: Promise<unknown>[] = [];
  readonly #checks: ((result: unknown) => void)[] = [];

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  /** The operation is to give this. */
  gives(operation: Promise<unknown>, expected: unknown, what: string): void {
    this.#add(operation, (result) => this.#tools.equal(result, expected, what));
  }

  /** The buffer is to hold this when all operations have ended. */
  fills(operation: Promise<unknown>, buffer: ArrayBufferView, expected: ArrayBufferView, what: string): void {
    this.#add(operation, () => this.#tools.equal(buffer, expected, what));
  }

  /** Waits for all of them, then checks each. */
  async settle(): Promise<void> {
    const results = await Promise.all(this.#started);
    for (const [i, result] of results.entries()) this.#checks[i]!(result);
  }

  #add(operation: Promise<unknown>, check: (result: unknown) => void): void {
    this.#started.push(operation);
    this.#checks.push(check);
  }
}

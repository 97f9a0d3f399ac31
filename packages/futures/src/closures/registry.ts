/** Rebuilt functions by hash, the least recently used forgotten first. */
export class FunctionRegistry {
  readonly #functions = new Map<string, Promise<object>>();
  readonly #limit: number;

  /** @param limit most functions kept; default 1024 */
  constructor(limit = 1024) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#functions.size;
  }

  has(hash: string): boolean {
    return this.#functions.has(hash);
  }

  delete(hash: string): boolean {
    return this.#functions.delete(hash);
  }

  clear(): void {
    this.#functions.clear();
  }

  /** The function with this hash, made by `make` when it is not there; a failure to make it is not kept. */
  once(hash: string, make: () => Promise<object>): Promise<object> {
    const known = this.#functions.get(hash);
    if (known) {
      this.#functions.delete(hash);
      this.#functions.set(hash, known);
      return known;
    }
    const made = make();
    this.#functions.set(hash, made);
    if (this.#functions.size > this.#limit) this.#functions.delete(this.#functions.keys().next().value!);
    made.catch(() => {
      if (this.#functions.get(hash) === made) this.#functions.delete(hash);
    });
    return made;
  }
}

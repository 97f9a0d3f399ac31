const PAGE_BITS = 10;
const PAGE = 1 << PAGE_BITS;

interface Page<T> {
  readonly entries: (T | undefined)[];
  live: number;
}

/**
 * Things by integers that are given out in order and never again: a few bytes per entry where a Map has fifty, and nothing
 * for ranges whose entries are all gone.
 */
export class PagedTable<T extends object> {
  #pages = new Map<number, Page<T>>();
  #lastPage: Page<T> | undefined;
  #lastNumber = Number.NaN;
  size = 0;

  #page(number: number): Page<T> | undefined {
    if (number === this.#lastNumber) return this.#lastPage;
    const page = this.#pages.get(number);
    this.#lastNumber = number;
    this.#lastPage = page;
    return page;
  }

  get(id: number): T | undefined {
    return this.#page(Math.floor(id / PAGE))?.entries[id & (PAGE - 1)];
  }

  set(id: number, value: T): void {
    const number = Math.floor(id / PAGE);
    let page = this.#page(number);
    if (page === undefined) {
      page = { entries: [], live: 0 };
      this.#pages.set(number, page);
      this.#lastPage = page;
    }
    const at = id & (PAGE - 1);
    while (page.entries.length < at) page.entries.push(undefined);
    if (page.entries[at] === undefined) {
      page.live++;
      this.size++;
    }
    page.entries[at] = value;
  }

  delete(id: number): void {
    const number = Math.floor(id / PAGE);
    const page = this.#page(number);
    const at = id & (PAGE - 1);
    if (page?.entries[at] === undefined) return;
    page.entries[at] = undefined;
    this.size--;
    if (--page.live === 0) {
      this.#pages.delete(number);
      this.#lastNumber = Number.NaN;
    }
  }

  *values(): Generator<T> {
    for (const page of this.#pages.values()) {
      for (const entry of page.entries) if (entry !== undefined) yield entry;
    }
  }

  *entries(): Generator<[number, T]> {
    for (const [number, page] of this.#pages) {
      for (let at = 0; at < page.entries.length; at++) {
        const entry = page.entries[at];
        if (entry !== undefined) yield [number * PAGE + at, entry];
      }
    }
  }
}

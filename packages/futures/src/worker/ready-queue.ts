import { before, type Run } from './run.ts';

/** Runs that wait for a thread, the first to start on top (a binary heap). Runs that are over are skipped. */
export class ReadyQueue {
  readonly #heap: Run[] = [];

  get isEmpty(): boolean {
    this.#skip();
    return this.#heap.length === 0;
  }

  push(run: Run): void {
    const heap = this.#heap;
    let at = heap.push(run) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!before(run, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = run;
  }

  peek(): Run | undefined {
    this.#skip();
    return this.#heap[0];
  }

  pop(): Run | undefined {
    this.#skip();
    return this.#pop();
  }

  #skip(): void {
    while (this.#heap.length > 0 && this.#heap[0]!.state !== 'ready') this.#pop();
  }

  #pop(): Run | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

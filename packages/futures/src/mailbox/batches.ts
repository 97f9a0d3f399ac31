import type { Rank } from '../protocol/index.ts';

interface Batch {
  readonly dest: Rank;
  readonly tag: number;
  records: unknown[];
}

/** What is posted in one turn of the event loop goes as one message for each destination and tag, in order. */
export class Batches {
  readonly #all = new Map<number, Batch>();
  readonly #due: Batch[] = [];
  readonly #send: (dest: Rank, tag: number, records: readonly unknown[]) => void;

  constructor(send: (dest: Rank, tag: number, records: readonly unknown[]) => void) {
    this.#send = send;
  }

  post(dest: Rank, tag: number, record: unknown): void {
    const id = dest * 16 + tag;
    let batch = this.#all.get(id);
    if (batch === undefined) {
      batch = { dest, tag, records: [] };
      this.#all.set(id, batch);
    }
    if (batch.records.length === 0) {
      if (this.#due.length === 0) queueMicrotask(() => this.flush());
      this.#due.push(batch);
    }
    batch.records.push(record);
  }

  /** Sends everything posted now. */
  flush(): void {
    for (const batch of this.#due.splice(0)) {
      const { records } = batch;
      batch.records = [];
      this.#send(batch.dest, batch.tag, records);
    }
  }
}

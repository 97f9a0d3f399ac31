import type { Communicator } from '@par/comm-core';
import type { Rank } from '../protocol/index.ts';

/** Codes of sends that fail because the other side, or all, is over: whoever waits for answers learns of it by itself. */
const OVER = new Set(['PAR_PEER_LOST', 'PAR_FREED', 'PAR_ABORTED']);

/** Records posted in one turn leave as one message per destination and tag, in order. */
export class Outbox {
  readonly #comm: Communicator;
  readonly #streams = new Map<number, { readonly dest: Rank; readonly tag: number; readonly records: unknown[] }>();
  readonly #sending = new Set<Promise<void>>();

  constructor(comm: Communicator) {
    this.#comm = comm;
  }

  post(dest: Rank, tag: number, record: unknown): void {
    const id = dest * 16 + tag;
    const stream = this.#streams.get(id);
    if (stream !== undefined) {
      stream.records.push(record);
      return;
    }
    if (this.#streams.size === 0) queueMicrotask(() => this.flush());
    this.#streams.set(id, { dest, tag, records: [record] });
  }

  send(dest: Rank, tag: number, records: readonly unknown[]): void {
    const sent = this.#comm
      .send(records, { dest, tag })
      .catch((error: Error & { readonly code?: string }) => {
        if (!OVER.has(error.code ?? '')) throw error;
      })
      .finally(() => this.#sending.delete(sent));
    this.#sending.add(sent);
  }

  flush(): void {
    const streams = [...this.#streams.values()];
    this.#streams.clear();
    for (const { dest, tag, records } of streams) this.send(dest, tag, records);
  }

  /** Resolves when everything posted so far has left. */
  async sent(): Promise<void> {
    this.flush();
    await Promise.all(this.#sending);
  }
}

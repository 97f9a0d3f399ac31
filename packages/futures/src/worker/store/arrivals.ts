import type { EncodedValue, Rank, TaskId } from '../../protocol/index.ts';
import type { Peers } from './peers.ts';

/** Values of one `data` message at most. */
const MESSAGE_BYTES = 50 * 2 ** 20;

interface Wanted {
  readonly task: TaskId;
  readonly nbytes: number;
  readonly resolve: (value: EncodedValue | undefined) => void;
  readonly promise: Promise<EncodedValue | undefined>;
}

/** Data on its way from other ranks: one request at a time to each, for all that is wanted from it, within a bound of bytes. */
export class Arrivals {
  readonly #peers: Peers;
  readonly #limit: number;
  /** Wanted and not asked for yet, by holder. */
  readonly #queues = new Map<Rank, Wanted[]>();
  readonly #busy = new Set<Rank>();
  readonly #coming = new Map<TaskId, Promise<EncodedValue | undefined>>();
  #inFlight = 0;

  constructor(peers: Peers, limit: number) {
    this.#peers = peers;
    this.#limit = limit;
  }

  /** The value from `holder`, or from where it is coming already; undefined: not there, or the rank is lost. */
  fetch(holder: Rank, task: TaskId, nbytes: number): Promise<EncodedValue | undefined> {
    const coming = this.#coming.get(task);
    if (coming !== undefined) return coming;
    const { promise, resolve } = Promise.withResolvers<EncodedValue | undefined>();
    this.#coming.set(task, promise);
    const queue = this.#queues.get(holder);
    const wanted = { task, nbytes, resolve, promise };
    if (queue === undefined) this.#queues.set(holder, [wanted]);
    else queue.push(wanted);
    // All that is wanted in one turn is one request.
    queueMicrotask(() => this.#ask());
    return promise;
  }

  #ask(): void {
    for (const [holder, queue] of this.#queues) {
      if (this.#busy.has(holder)) continue;
      const batch: Wanted[] = [];
      let bytes = 0;
      for (const wanted of queue) {
        const room = this.#inFlight + bytes + wanted.nbytes <= this.#limit && bytes + wanted.nbytes <= MESSAGE_BYTES;
        // Something larger than the bound goes alone.
        if (!room && this.#inFlight + bytes > 0) break;
        batch.push(wanted);
        bytes += wanted.nbytes;
      }
      if (batch.length === 0) continue;
      if (batch.length === queue.length) this.#queues.delete(holder);
      else queue.splice(0, batch.length);
      void this.#request(holder, batch, bytes);
    }
  }

  async #request(holder: Rank, batch: readonly Wanted[], bytes: number): Promise<void> {
    this.#busy.add(holder);
    this.#inFlight += bytes;
    let values: readonly (EncodedValue | undefined)[] = [];
    try {
      const answer = await this.#peers.ask(holder, { kind: 'fetch', tasks: batch.map(({ task }) => task) });
      if (answer.kind === 'data') values = answer.values;
    } catch {
      // The rank is lost: it has nothing. Whoever waits reports that to the scheduler.
    }
    this.#inFlight -= bytes;
    this.#busy.delete(holder);
    for (const [i, { task, resolve, promise }] of batch.entries()) {
      if (this.#coming.get(task) === promise) this.#coming.delete(task);
      resolve(values[i]);
    }
    this.#ask();
  }
}

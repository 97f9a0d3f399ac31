import type { FrameSink } from '@par/comm-core/transport';
import { COPY_BYTES } from './frame-writer.ts';

interface Parcel {
  readonly header: Uint8Array;
  readonly payload: Uint8Array | undefined;
  readonly resolve: (() => void) | undefined;
}

/** Microtask deliveries in a row before the event loop gets its turn: a rank talking to itself must not starve I/O. */
const IN_A_ROW = 64;

/** Frames a rank sends to itself: delivered in order, never from inside `send`. */
export class Loopback {
  readonly #rank: number;
  readonly #sink: FrameSink;
  #parcels: Parcel[] = [];
  #scheduled = false;
  #inARow = 0;
  readonly #deliver = (): void => this.#run();
  readonly #rested = (): void => {
    this.#inARow = 0;
    this.#run();
  };

  constructor(rank: number, sink: FrameSink) {
    this.#rank = rank;
    this.#sink = sink;
  }

  send(header: Uint8Array, payload: Uint8Array | undefined): Promise<void> | undefined {
    if (!this.#scheduled) {
      this.#scheduled = true;
      if (this.#inARow++ < IN_A_ROW) queueMicrotask(this.#deliver);
      else setImmediate(this.#rested);
    }
    if (payload === undefined || payload.length <= COPY_BYTES) {
      this.#parcels.push({
        header: new Uint8Array(header),
        payload: payload && new Uint8Array(payload),
        resolve: undefined,
      });
      return undefined;
    }
    return new Promise((resolve) => this.#parcels.push({ header: new Uint8Array(header), payload, resolve }));
  }

  #run(): void {
    this.#scheduled = false;
    const parcels = this.#parcels;
    this.#parcels = [];
    for (const { header, payload, resolve } of parcels) {
      const into = this.#sink.begin(this.#rank, header, payload?.length ?? 0);
      if (payload !== undefined) into.set(payload);
      this.#sink.end(this.#rank);
      resolve?.();
    }
  }
}

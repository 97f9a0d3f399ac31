import type { FrameSink, FrameTransport, Transport } from '../../src/transport/index.ts';
import { matching } from '../../src/transport/index.ts';

interface Frame {
  header: Uint8Array;
  payload: Uint8Array | undefined;
  sent: (() => void) | undefined;
}

/** Frames between the ranks of one process that move only when a test says so, one at a time. */
export class HandNet {
  readonly links: HandLink[];
  readonly transports: Transport[];

  constructor(size: number, { settlesLater = false } = {}) {
    this.links = Array.from({ length: size }, (_, rank) => new HandLink(this, rank, size, settlesLater));
    this.transports = this.links.map(matching);
  }

  /** Delivers the next frame from one rank to another; returns its kind, undefined when there is none. */
  step(from: number, to: number): number | undefined {
    const frame = this.links[from]!.queues[to]!.shift();
    if (frame === undefined) return undefined;
    this.links[to]!.deliver(from, frame.header, frame.payload);
    frame.sent?.();
    return frame.header[0];
  }

  /** Delivers everything, also what is sent in answer. */
  drain(): void {
    for (let moved = true; moved; ) {
      moved = false;
      for (let from = 0; from < this.links.length; from++) {
        for (let to = 0; to < this.links.length; to++) while (this.step(from, to) !== undefined) moved = true;
      }
    }
  }

  /** Drains, also what is sent only after promises settle or in later turns of the loop. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 20; turn++) {
      this.drain();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

export class HandLink implements FrameTransport {
  readonly name = 'hand';
  readonly hosts: readonly string[];
  readonly capabilities = { detectsMismatch: true, survivesPeerLoss: true };
  readonly rank: number;
  readonly size: number;
  readonly queues: Frame[][];
  readonly waits: boolean[] = [];
  sink!: FrameSink;
  closed = false;
  readonly #settlesLater: boolean;

  constructor(_net: HandNet, rank: number, size: number, settlesLater: boolean) {
    this.rank = rank;
    this.size = size;
    this.#settlesLater = settlesLater;
    this.hosts = new Array<string>(size).fill('here');
    this.queues = Array.from({ length: size }, () => []);
  }

  start(sink: FrameSink): void {
    this.sink = sink;
  }

  send(dest: number, header: Uint8Array, payload: Uint8Array | undefined): Promise<void> | undefined {
    const frame: Frame = { header: header.slice(), payload: payload?.slice(), sent: undefined };
    this.queues[dest]!.push(frame);
    if (!this.#settlesLater || payload === undefined) return undefined;
    return new Promise((resolve) => {
      frame.sent = resolve;
    });
  }

  deliver(source: number, header: Uint8Array, payload: Uint8Array | undefined): void {
    const memory = this.sink.begin(source, header, payload?.length ?? 0);
    if (memory.length !== (payload?.length ?? 0)) throw new Error(`begin gave ${memory.length} bytes`);
    if (payload) memory.set(payload);
    this.sink.end(source);
  }

  waiting(active: boolean): void {
    this.waits.push(active);
  }

  abort(): void {}

  async close(): Promise<void> {
    this.closed = true;
  }

  leave(): void {}
}

export function filled(length: number, value = 1): Uint8Array {
  return new Uint8Array(length).fill(value);
}

export function isFilled(bytes: Uint8Array, value: number): boolean {
  return Buffer.compare(bytes, filled(bytes.length, value)) === 0;
}

/** State of a promise now. */
export async function stateOf(promise: Promise<unknown>): Promise<'pending' | 'fulfilled' | 'rejected'> {
  const pending = {};
  return Promise.race([promise, Promise.resolve(pending)]).then(
    (winner) => (winner === pending ? 'pending' : 'fulfilled'),
    () => 'rejected',
  );
}

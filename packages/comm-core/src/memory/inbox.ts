import type { FrameSink } from '../transport/index.ts';
import { Fifo } from './fifo.ts';

/** On its way to one rank. */
export interface Frame {
  /** Undefined: the sender says goodbye. */
  readonly header: Uint8Array | undefined;
  readonly payload: Uint8Array | undefined;
  /** Called when it was delivered, or never will be. */
  readonly settled: ((error: Error | undefined) => void) | undefined;
}

/** A frame whose payload is being written. */
interface Arriving {
  readonly frame: Frame;
  readonly memory: Uint8Array;
  written: number;
}

/** Deliveries in a row before timers and sockets get their turn, and the bytes they may copy meanwhile: about a millisecond. */
const DELIVERIES_PER_TURN = 256;
const BYTES_PER_TURN = 4 * 1024 * 1024;

/** Frames for one rank: in order per source, all sources in turn, never from inside `put`. */
export class Inbox {
  private readonly sink: FrameSink;
  private readonly chunkBytes: number;
  /** The sink refused a header. */
  private readonly refused: (source: number, error: Error) => void;
  private readonly sources: Fifo<Frame>[];
  private readonly arriving: (Arriving | undefined)[];
  /** Source of each frame, in the order they were put: a global order when frames are delivered whole. */
  private readonly ready = new Fifo<number>();
  private waiting = 0;
  private scheduled = false;
  private deliveries = 0;
  private bytes = 0;
  private open = true;
  private readonly run = (): void => this.deliver();

  constructor(size: number, sink: FrameSink, chunkBytes: number, refused: (source: number, error: Error) => void) {
    this.sink = sink;
    this.chunkBytes = chunkBytes;
    this.refused = refused;
    this.sources = Array.from({ length: size }, () => new Fifo<Frame>());
    this.arriving = new Array<Arriving | undefined>(size).fill(undefined);
  }

  put(source: number, frame: Frame): void {
    if (!this.open) {
      frame.settled?.(undefined);
      return;
    }
    this.sources[source]!.push(frame);
    this.makeReady(source);
  }

  /** Drops what this source has sent. */
  cut(source: number, error: Error): void {
    const frames = this.sources[source]!;
    for (let frame = frames.shift(); frame !== undefined; frame = frames.shift()) frame.settled?.(error);
    this.arriving[source]?.frame.settled?.(error);
    this.arriving[source] = undefined;
  }

  /** Drops everything, now and later. */
  close(error: Error): void {
    this.open = false;
    for (let source = 0; source < this.sources.length; source++) this.cut(source, error);
  }

  private makeReady(source: number): void {
    this.ready.push(source);
    this.waiting++;
    if (this.scheduled) return;
    this.scheduled = true;
    if (this.deliveries < DELIVERIES_PER_TURN && this.bytes < BYTES_PER_TURN) {
      queueMicrotask(this.run);
      return;
    }
    this.deliveries = 0;
    this.bytes = 0;
    setImmediate(this.run);
  }

  private deliver(): void {
    // What is put meanwhile waits for the next time.
    const now = this.waiting;
    this.waiting = 0;
    this.scheduled = false;
    this.deliveries += now;
    for (let i = 0; i < now; i++) this.step(this.ready.shift()!);
  }

  /** Delivers the next frame of a source, or the next chunk of it. */
  private step(source: number): void {
    let current = this.arriving[source];
    if (current === undefined) {
      const frame = this.sources[source]!.shift();
      if (frame === undefined) return;
      if (frame.header === undefined) {
        this.sink.lost(source, undefined);
        frame.settled?.(undefined);
        return;
      }
      const memory = this.begin(source, frame);
      if (memory === undefined) return;
      if (memory.length <= this.chunkBytes) {
        if (frame.payload !== undefined) memory.set(frame.payload);
        this.bytes += memory.length;
        this.end(source, frame);
        return;
      }
      current = { frame, memory, written: 0 };
      this.arriving[source] = current;
    }
    const { frame, memory } = current;
    const end = Math.min(current.written + this.chunkBytes, memory.length);
    memory.set(frame.payload!.subarray(current.written, end), current.written);
    this.bytes += end - current.written;
    current.written = end;
    if (end === memory.length) {
      this.arriving[source] = undefined;
      this.end(source, frame);
    } else {
      this.makeReady(source);
    }
  }

  private begin(source: number, frame: Frame): Uint8Array | undefined {
    try {
      return this.sink.begin(source, frame.header!, frame.payload === undefined ? 0 : frame.payload.length);
    } catch (error) {
      frame.settled?.(error as Error);
      this.refused(source, error as Error);
      return undefined;
    }
  }

  private end(source: number, frame: Frame): void {
    this.sink.end(source);
    frame.settled?.(undefined);
  }
}

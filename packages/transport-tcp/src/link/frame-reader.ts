import { ParError } from '@par/comm-core';
import { type FrameSink, HEADER_BYTES } from '@par/comm-core/transport';
import type { ByteConsumer } from '../wire/wire.ts';
import { ABORT, BYE, BYE_ACK, LENGTH_OFFSET, NOBODY_LOST, REASON_BYTES } from './protocol.ts';

/** Bytes read at once while frames are small (400 frames of 8-byte messages). Measured by benchmarks/ping-pong. */
const POOL_BYTES = 32 * 1024;
/** A payload with at least this much missing is read straight into its destination. */
const DIRECT_BYTES = 8 * 1024;
/** Largest single read: libuv counts buffers in 32 bits. */
const MAX_READ_BYTES = 2 ** 30;

/** What a reader reports apart from frames. */
export interface ReaderEvents {
  /** Bytes have come in; called once per read, before what they contain is delivered. */
  arrived(): void;
  bye(): void;
  byeAcknowledged(): void;
  aborted(status: number, reason: string, lost: number | undefined): void;
  /** The peer sent what no par rank sends; nothing more may be read from it. */
  corrupt(error: Error): void;
}

/** Cuts the byte stream of one peer into frames, however it is chunked, and hands them to a sink. */
export class FrameReader implements ByteConsumer {
  sink: FrameSink;
  readonly #source: number;
  readonly #events: ReaderEvents;
  /** The current header, then the pool: one memory, so that a header moves without allocating. */
  readonly #memory = Buffer.allocUnsafeSlow(HEADER_BYTES + POOL_BYTES);
  // Not a Buffer, whose slice() is no copy.
  readonly #header = new Uint8Array(this.#memory.buffer, 0, HEADER_BYTES);
  readonly #view = new DataView(this.#memory.buffer, 0, HEADER_BYTES);
  readonly #pool = this.#memory.subarray(HEADER_BYTES);
  #start = HEADER_BYTES;
  #end = HEADER_BYTES;
  #payload: Uint8Array | undefined;
  #filled = 0;
  #abort: { readonly status: number; readonly lost: number | undefined } | undefined;
  #direct = false;
  #corrupt = false;

  constructor(source: number, sink: FrameSink, events: ReaderEvents) {
    this.#source = source;
    this.sink = sink;
    this.#events = events;
  }

  target(): Uint8Array {
    const payload = this.#payload;
    if (payload !== undefined && payload.length - this.#filled >= DIRECT_BYTES) {
      this.#direct = true;
      return payload.subarray(this.#filled, Math.min(payload.length, this.#filled + MAX_READ_BYTES));
    }
    this.#direct = false;
    if (this.#end === HEADER_BYTES) return this.#pool;
    return this.#memory.subarray(this.#end);
  }

  received(bytes: number): void {
    if (this.#corrupt) return;
    this.#events.arrived();
    if (this.#direct) {
      this.#filled += bytes;
      if (this.#filled === this.#payload!.length) this.#finish();
      return;
    }
    this.#end += bytes;
    this.#cut();
  }

  #cut(): void {
    let start = this.#start;
    const end = this.#end;
    const memory = this.#memory;
    for (;;) {
      const payload = this.#payload;
      if (payload !== undefined) {
        const bytes = Math.min(end - start, payload.length - this.#filled);
        copy(memory, start, payload, this.#filled, bytes);
        start += bytes;
        this.#filled += bytes;
        if (this.#filled < payload.length) break;
        this.#finish();
      } else {
        if (end - start < HEADER_BYTES) break;
        memory.copyWithin(0, start, start + HEADER_BYTES);
        start += HEADER_BYTES;
        this.#begin();
      }
      if (this.#corrupt) break;
    }
    if (start === end) {
      this.#start = this.#end = HEADER_BYTES;
    } else {
      memory.copyWithin(HEADER_BYTES, start, end);
      this.#start = HEADER_BYTES;
      this.#end = HEADER_BYTES + end - start;
    }
  }

  #begin(): void {
    const length = this.#view.getFloat64(LENGTH_OFFSET, true);
    this.#filled = 0;
    if (length >= 0 && length <= Number.MAX_SAFE_INTEGER && Number.isInteger(length)) {
      try {
        this.#payload = this.sink.begin(this.#source, this.#header, length);
        if (length === 0) this.#finish();
      } catch (error) {
        this.#fail(error as Error);
      }
    } else if (length === BYE) {
      this.#events.bye();
    } else if (length === BYE_ACK) {
      this.#events.byeAcknowledged();
    } else if (length === ABORT) {
      const bytes = this.#view.getUint32(4, true);
      if (bytes === 0 || bytes > REASON_BYTES) {
        this.#fail(new ParError('PAR_PROTOCOL', `rank ${this.#source} sent an abort with a reason of ${bytes} bytes`));
        return;
      }
      const lost = this.#view.getInt32(8, true);
      this.#abort = { status: this.#view.getInt32(0, true), lost: lost === NOBODY_LOST ? undefined : lost };
      this.#payload = new Uint8Array(bytes);
    } else {
      this.#fail(new ParError('PAR_PROTOCOL', `rank ${this.#source} sent a frame with the length ${length}`));
    }
  }

  #finish(): void {
    const payload = this.#payload!;
    this.#payload = undefined;
    if (this.#abort === undefined) {
      this.sink.end(this.#source);
      return;
    }
    const { status, lost } = this.#abort;
    this.#abort = undefined;
    this.#events.aborted(status, Buffer.from(payload).toString(), lost);
  }

  #fail(error: Error): void {
    this.#corrupt = true;
    this.#payload = undefined;
    this.#events.corrupt(error);
  }
}

/** Below this size a loop beats the call of `set` and the view it needs. Measured by benchmarks/ping-pong. */
const LOOP_BYTES = 64;

/** Copies bytes without allocating when they are few. */
export function copy(from: Uint8Array, start: number, to: Uint8Array, at: number, bytes: number): void {
  if (bytes > LOOP_BYTES) {
    to.set(from.subarray(start, start + bytes), at);
    return;
  }
  for (let i = 0; i < bytes; i++) to[at + i] = from[start + i]!;
}

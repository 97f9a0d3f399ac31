import type { Socket } from 'node:net';
import { HEADER_BYTES } from '@par/comm-core/transport';
import { copy } from './frame-reader.ts';

/** Payloads up to this size are copied next to their header; larger ones are written from where they lie. */
export const COPY_BYTES = 16 * 1024;
const SLAB_BYTES = 64 * 1024;
/** A tick's frames are written early once there is this much of them. */
const BATCH_BYTES = 32 * 1024;
/** With more than this waiting for the socket, even copied frames ask their sender to wait. */
const BACKLOG_BYTES = 2 ** 20;
/** Most that is handed to one system call. */
const MAX_WRITE_BYTES = 2 ** 30;
const SPARE_SLABS = 4;

/** What a writer asks of its link. */
export interface WriterHost {
  /** Calls `endTick` of this writer once what runs now has run. */
  atEndOfTick(writer: FrameWriter): void;
  /** The socket has not taken everything (`true`), or has at last (`false`). */
  blocked(active: boolean): void;
}

/**
 * Outgoing frames of one peer. The first frame of a tick leaves at once; the others of that tick leave together.
 * At most one write is under way; what comes meanwhile is collected.
 */
export class FrameWriter {
  readonly #host: WriterHost;
  readonly #onWritten = (): void => this.#written();
  #socket: Socket | undefined;
  #error: Error | undefined;
  /** Where frames are collected: bytes [sealed, fill) are not in the queue yet. */
  #slab: Buffer | undefined;
  #sealed = 0;
  #fill = 0;
  /** The last view of a slab's beginning: frames of one size need one view. */
  #view: Buffer | undefined;
  #queue: Uint8Array[] = [];
  /** Full slabs, until the stream is flushed up to their mark. */
  #full: { readonly slab: Buffer; readonly mark: number }[] = [];
  #spare: Buffer[] = [];
  #waiters: { readonly mark: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #ticking = false;
  #busy = false;
  /** Bytes since the start: accepted, handed to the socket, taken by the system. */
  #accepted = 0;
  #handed = 0;
  #flushed = 0;

  constructor(host: WriterHost) {
    this.#host = host;
  }

  /** Frames accepted before the connection existed leave now. */
  attach(socket: Socket): void {
    this.#socket = socket;
    this.#flush();
  }

  get idle(): boolean {
    return this.#flushed === this.#accepted;
  }

  /** Bytes the system has taken so far. */
  get progress(): number {
    return this.#flushed;
  }

  /** FrameTransport.send for this peer. */
  send(header: Uint8Array, payload: Uint8Array | undefined): Promise<void> | undefined {
    if (this.#error !== undefined) return rejected(this.#error);
    const bytes = payload === undefined ? 0 : payload.length;
    if (bytes > COPY_BYTES) return this.#sendLarge(header, payload!, bytes);
    const slab = this.#room(HEADER_BYTES + bytes);
    const at = this.#fill;
    copy(header, 0, slab, at, HEADER_BYTES);
    if (bytes > 0) copy(payload!, 0, slab, at + HEADER_BYTES, bytes);
    this.#fill = at + HEADER_BYTES + bytes;
    this.#accepted += HEADER_BYTES + bytes;
    if (!this.#busy) {
      if (!this.#ticking) {
        this.#ticking = true;
        this.#host.atEndOfTick(this);
        this.#flush();
      } else if (this.#fill - this.#sealed > BATCH_BYTES) {
        this.#flush();
      }
    }
    return this.#accepted - this.#flushed > BACKLOG_BYTES ? this.flushed() : undefined;
  }

  endTick(): void {
    this.#ticking = false;
    if (!this.#busy) this.#flush();
  }

  /** Settles once everything accepted so far was taken by the system. */
  flushed(): Promise<void> {
    if (this.#error !== undefined) return rejected(this.#error);
    if (this.idle) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiters.push({ mark: this.#accepted, resolve, reject }));
  }

  /** Nothing more can be written: everything waiting and later rejects. */
  fail(error: Error): void {
    if (this.#error !== undefined) return;
    this.#error = error;
    this.#queue = [];
    this.#full = [];
    this.#spare = [];
    this.#slab = undefined;
    this.#view = undefined;
    this.#flushed = this.#handed = this.#accepted;
    this.#block(false);
    for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
  }

  #sendLarge(header: Uint8Array, payload: Uint8Array, bytes: number): Promise<void> | undefined {
    copy(header, 0, this.#room(HEADER_BYTES), this.#fill, HEADER_BYTES);
    this.#fill += HEADER_BYTES;
    this.#seal();
    if (bytes <= MAX_WRITE_BYTES) this.#queue.push(payload);
    else
      for (let at = 0; at < bytes; at += MAX_WRITE_BYTES) this.#queue.push(payload.subarray(at, at + MAX_WRITE_BYTES));
    this.#accepted += HEADER_BYTES + bytes;
    if (!this.#busy) this.#flush();
    return this.#error === undefined && this.idle ? undefined : this.flushed();
  }

  /** The slab to write the next `bytes` into, at `#fill`. */
  #room(bytes: number): Buffer {
    if (this.#slab !== undefined && this.#fill + bytes <= SLAB_BYTES) return this.#slab;
    if (this.#slab !== undefined) {
      this.#seal();
      this.#full.push({ slab: this.#slab, mark: this.#accepted });
      this.#slab = undefined;
      if (!this.#busy) this.#flush();
    }
    this.#slab = this.#spare.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES);
    this.#view = undefined;
    this.#sealed = this.#fill = 0;
    return this.#slab;
  }

  #seal(): void {
    const slab = this.#slab;
    if (slab === undefined || this.#fill === this.#sealed) return;
    if (this.#sealed > 0) {
      this.#queue.push(slab.subarray(this.#sealed, this.#fill));
    } else {
      if (this.#view?.length !== this.#fill) this.#view = slab.subarray(0, this.#fill);
      this.#queue.push(this.#view);
    }
    this.#sealed = this.#fill;
  }

  #flush(): void {
    const socket = this.#socket;
    if (socket === undefined || this.#error !== undefined) return;
    this.#seal();
    while (this.#queue.length > 0 && !this.#busy) {
      this.#write(socket);
      if (socket.writableLength === 0) this.#taken();
      else this.#block(true);
    }
  }

  #write(socket: Socket): void {
    const queue = this.#queue;
    if (queue.length === 1) {
      const chunk = queue.pop()!;
      this.#handed += chunk.length;
      socket.write(chunk, this.#onWritten);
      return;
    }
    let count = 0;
    let bytes = 0;
    while (count < queue.length && bytes < MAX_WRITE_BYTES) bytes += queue[count++]!.length;
    this.#handed += bytes;
    this.#queue = queue.slice(count);
    socket.cork();
    for (let i = 0; i < count; i++) {
      if (i === count - 1) socket.write(queue[i]!, this.#onWritten);
      else socket.write(queue[i]!);
    }
    socket.uncork();
  }

  /** Also called for writes the system took at once, when a later one may be under way: only the socket knows. */
  #written(): void {
    if (!this.#busy || this.#socket!.writableLength > 0) return;
    this.#busy = false;
    this.#taken();
    this.#flush();
    // Last: whoever hears it may ask whether everything has left.
    this.#host.blocked(false);
  }

  #taken(): void {
    this.#flushed = this.#handed;
    if (this.idle) this.#sealed = this.#fill = 0;
    while (this.#full.length > 0 && this.#full[0]!.mark <= this.#flushed) {
      const { slab } = this.#full.shift()!;
      if (this.#spare.length < SPARE_SLABS) this.#spare.push(slab);
    }
    while (this.#waiters.length > 0 && this.#waiters[0]!.mark <= this.#flushed) this.#waiters.shift()!.resolve();
  }

  #block(active: boolean): void {
    if (this.#busy === active) return;
    this.#busy = active;
    this.#host.blocked(active);
  }
}

/** A rejection that nobody has to handle: comm-core's own frames have no caller. */
export function rejected(error: Error): Promise<never> {
  const promise = Promise.reject(error);
  promise.catch(() => {});
  return promise;
}

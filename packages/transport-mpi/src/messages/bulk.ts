import { DONE, FAILED, type Handle } from '../native.ts';
import type { Progress } from '../progress.ts';
import { BYTES_CODE } from './element-types.ts';
import { type FirstMessage, LAST_NUMBER } from './first-message.ts';
import { PendingReceive, PendingSend } from './operations.ts';

const NOTHING = new Uint8Array(0);

/** What follows the first message of a long value: one message per segment, on a plane all contexts share. */
export class Bulk {
  readonly plane: Handle;
  readonly #progress: Progress;
  /** Rank in the plane of each world rank. */
  readonly #ranks: (worldRank: number) => number;
  #last = 0;

  constructor(progress: Progress, plane: Handle, ranks: (worldRank: number) => number) {
    this.#progress = progress;
    this.plane = plane;
    this.#ranks = ranks;
  }

  /** A number no other value of this sender has that is still under way. */
  nextNumber(): number {
    this.#last = this.#last === LAST_NUMBER ? 1 : this.#last + 1;
    return this.#last;
  }

  /** Sends segments from `from` on (and their lengths first, when those follow too). */
  send(
    segments: readonly Uint8Array[],
    from: number,
    lengthsFollow: boolean,
    worldRank: number,
    tag: number,
    owner: object,
  ): Promise<void>[] {
    const dest = this.#ranks(worldRank);
    const sent: Promise<void>[] = [];
    if (lengthsFollow) {
      const lengths = Float64Array.from(segments, (segment) => segment.length);
      sent.push(this.#send(new Uint8Array(lengths.buffer), dest, tag, owner));
    }
    for (let i = from; i < segments.length; i++) {
      if (segments[i]!.length > 0) sent.push(this.#send(segments[i]!, dest, tag, owner));
    }
    return sent;
  }

  /** Receives what follows; gives all segments of the value. */
  async receive(first: FirstMessage, worldRank: number, owner: object): Promise<Uint8Array[]> {
    const { count, number, inline } = first;
    const source = this.#ranks(worldRank);
    let lengths = first.lengths;
    if (!lengths) {
      const table = new Float64Array(count);
      await this.#receive(new Uint8Array(table.buffer), source, number, owner);
      lengths = [...table];
    }
    const segments = [...inline];
    const arriving: Promise<void>[] = [];
    for (let i = inline.length; i < count; i++) {
      const segment = allocate(lengths[i]!);
      segments.push(segment);
      if (segment.length > 0) arriving.push(this.#receive(segment, source, number, owner));
    }
    await Promise.all(arriving);
    return segments;
  }

  /** Tells the sender of this number that its value is being received. */
  acknowledge(worldRank: number, number: number, owner: object): Promise<void> {
    return this.#send(NOTHING, this.#ranks(worldRank), LAST_NUMBER + number, owner);
  }

  /** Resolves once the receiver has acknowledged. MPI keeps waiting for that even if nobody here does any more. */
  acknowledged(worldRank: number, number: number, operation: PendingSend, signal?: AbortSignal): Promise<void> {
    const source = this.#ranks(worldRank);
    const slot = this.#progress.native.recvBuffer(this.plane, NOTHING, 0, BYTES_CODE, source, LAST_NUMBER + number);
    if (slot === DONE) return this.#progress.done();
    if (slot === FAILED) return Promise.reject(this.#progress.failure(operation.describe()));
    return new Promise((resolve, reject) => {
      operation.resolve = resolve;
      operation.reject = reject;
      this.#progress.wait(slot, operation);
      this.#progress.watch(slot, operation, signal);
    });
  }

  #send(bytes: Uint8Array, dest: number, tag: number, owner: object): Promise<void> {
    const slot = this.#progress.native.sendBuffer(this.plane, bytes, bytes.length, BYTES_CODE, dest, tag, false);
    if (slot === DONE) return this.#progress.done();
    const operation = new PendingSend(owner, bytes, 'send (rest of a value)', dest, tag);
    if (slot === FAILED) return Promise.reject(this.#progress.failure(operation.describe()));
    return new Promise((resolve, reject) => {
      operation.resolve = resolve;
      operation.reject = reject;
      this.#progress.wait(slot, operation);
    });
  }

  #receive(bytes: Uint8Array, source: number, tag: number, owner: object): Promise<void> {
    const slot = this.#progress.native.recvBuffer(this.plane, bytes, bytes.length, BYTES_CODE, source, tag);
    if (slot === DONE) return this.#progress.done();
    const operation = new PendingReceive(owner, bytes, 1, source, tag);
    if (slot === FAILED) return Promise.reject(this.#progress.failure(operation.describe()));
    return new Promise((resolve, reject) => {
      operation.resolve = () => resolve();
      operation.reject = reject;
      this.#progress.wait(slot, operation);
    });
  }
}

/** Memory that is about to be overwritten whole: large blocks are not cleared first. */
function allocate(bytes: number): Uint8Array {
  if (bytes < 65_536) return new Uint8Array(bytes);
  const { buffer, byteOffset } = Buffer.allocUnsafeSlow(bytes);
  return new Uint8Array(buffer, byteOffset, bytes);
}

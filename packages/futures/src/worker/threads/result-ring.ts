/**
 * Small results on their way from a task thread to its rank, in memory both see. What a thread finished is there even while
 * the thread is blocked by its next task, and the rank is woken once per batch, however many results there are.
 *
 * One writer, one reader. A record is the slot, the bytes' length, the duration in microseconds, then the bytes, in units of
 * 4 bytes. Positions only grow (modulo 2^32) and are taken modulo the capacity.
 */
const READ = 0;
const WRITTEN = 1;
const RUNG = 2;
const HEADER_WORDS = 3;

/** Room for records: some thousand results of a few bytes. A power of two. */
export const RING_BYTES = 1 << 18;

export interface RingMemory {
  readonly control: Int32Array<SharedArrayBuffer>;
  readonly words: Int32Array<SharedArrayBuffer>;
}

export function createRing(bytes = RING_BYTES): RingMemory {
  return {
    control: new Int32Array(new SharedArrayBuffer(12)),
    words: new Int32Array(new SharedArrayBuffer(bytes)),
  };
}

export class RingWriter {
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #mask: number;

  constructor(memory: RingMemory) {
    this.#control = memory.control;
    this.#words = memory.words;
    this.#bytes = new Uint8Array(memory.words.buffer);
    this.#mask = memory.words.length - 1;
  }

  /** Whether the record found room; if not, nothing was written. */
  write(slot: number, micros: number, result: Uint8Array): boolean {
    const needed = HEADER_WORDS + ((result.length + 3) >>> 2);
    const start = Atomics.load(this.#control, WRITTEN);
    const used = (start - Atomics.load(this.#control, READ)) | 0;
    if (needed > this.#words.length - used) return false;
    this.#words[start & this.#mask] = slot;
    this.#words[(start + 1) & this.#mask] = result.length;
    this.#words[(start + 2) & this.#mask] = micros;
    const first = ((start + HEADER_WORDS) & this.#mask) << 2;
    const untilEnd = Math.min(result.length, this.#bytes.length - first);
    if (untilEnd === result.length) this.#bytes.set(result, first);
    else {
      this.#bytes.set(result.subarray(0, untilEnd), first);
      this.#bytes.set(result.subarray(untilEnd), 0);
    }
    Atomics.store(this.#control, WRITTEN, (start + needed) | 0);
    return true;
  }

  /** Whether the reader has to be woken: it is not on its way since the last time. */
  ring(): boolean {
    return Atomics.exchange(this.#control, RUNG, 1) === 0;
  }
}

export class RingReader {
  readonly #control: Int32Array<SharedArrayBuffer>;
  readonly #words: Int32Array<SharedArrayBuffer>;
  readonly #bytes: Uint8Array<SharedArrayBuffer>;
  readonly #mask: number;

  constructor(memory: RingMemory) {
    this.#control = memory.control;
    this.#words = memory.words;
    this.#bytes = new Uint8Array(memory.words.buffer);
    this.#mask = memory.words.length - 1;
  }

  /** Everything written so far, in order; the bytes are a copy of their own. Records written from now on ring again. */
  drain(each: (slot: number, micros: number, result: Uint8Array) => void): void {
    Atomics.store(this.#control, RUNG, 0);
    let read = Atomics.load(this.#control, READ);
    while (read !== Atomics.load(this.#control, WRITTEN)) {
      const slot = this.#words[read & this.#mask]!;
      const length = this.#words[(read + 1) & this.#mask]!;
      const micros = this.#words[(read + 2) & this.#mask]!;
      const result = this.#copy(((read + HEADER_WORDS) & this.#mask) << 2, length);
      read = (read + HEADER_WORDS + ((length + 3) >>> 2)) | 0;
      Atomics.store(this.#control, READ, read);
      each(slot, micros, result);
    }
  }

  #copy(first: number, length: number): Uint8Array {
    const result = new Uint8Array(length);
    const untilEnd = Math.min(length, this.#bytes.length - first);
    result.set(this.#bytes.subarray(first, first + untilEnd));
    if (untilEnd < length) result.set(this.#bytes.subarray(0, length - untilEnd), untilEnd);
    return result;
  }
}

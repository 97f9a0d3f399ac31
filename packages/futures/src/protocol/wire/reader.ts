import { ParError } from '@par/comm-core';
import { WIDE } from './writer.ts';

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Reads what a ByteWriter wrote. Throws ParError PAR_PROTOCOL for anything that ends too early. */
export class ByteReader {
  readonly #memory: Uint8Array;
  readonly #text: Buffer;
  #at = 0;

  constructor(memory: Uint8Array) {
    this.#memory = memory;
    this.#text = Buffer.from(memory.buffer, memory.byteOffset, memory.length);
  }

  get done(): boolean {
    return this.#at >= this.#memory.length;
  }

  number(): number {
    const memory = this.#memory;
    const first = memory[this.#at++];
    if (first === undefined) throw cut();
    if (first < WIDE.U16) return first;
    let at = this.#at;
    this.#at += first === WIDE.U16 ? 2 : first === WIDE.U32 ? 4 : 8;
    if (this.#at > memory.length) throw cut();
    if (first === WIDE.F64) {
      for (let i = 0; i < 8; i++) floatBytes[i] = memory[at++]!;
      return float[0]!;
    }
    const low = memory[at]! | (memory[at + 1]! << 8);
    return first === WIDE.U16 ? low : (low | (memory[at + 2]! << 16) | (memory[at + 3]! << 24)) >>> 0;
  }

  /** How many of what follows, of which each takes a byte at least. */
  count(): number {
    const count = this.number();
    if (!(count <= this.#memory.length - this.#at)) throw cut();
    return count;
  }

  numbers(): number[] {
    const count = this.count();
    const values: number[] = [];
    for (let i = 0; i < count; i++) values.push(this.number());
    return values;
  }

  text(): string {
    const length = this.number();
    const wide = (length & 1) === 1;
    const start = this.#at;
    this.#at += wide ? length - 1 : length / 2;
    if (!(this.#at <= this.#memory.length)) throw cut();
    return this.#text.toString(wide ? 'utf16le' : 'latin1', start, this.#at);
  }

  texts(): string[] {
    const count = this.count();
    const values: string[] = [];
    for (let i = 0; i < count; i++) values.push(this.text());
    return values;
  }

  /** In memory of their own: whoever keeps them does not keep the message. */
  bytes(length: number): Uint8Array {
    const start = this.#at;
    this.#at += length;
    if (!(this.#at <= this.#memory.length)) throw cut();
    return this.#memory.slice(start, this.#at);
  }
}

function cut(): ParError {
  return new ParError('PAR_PROTOCOL', 'a batch of records ends too early');
}

import type { ByteConsumer } from './wire.ts';

/** Reads exactly `bytes` bytes, hands them over once, and leaves what follows to the consumer set meanwhile. */
export class FixedFrame implements ByteConsumer {
  readonly #memory: Buffer;
  readonly #onFull: (frame: Buffer) => void;
  #filled = 0;

  constructor(bytes: number, onFull: (frame: Buffer) => void) {
    this.#memory = Buffer.alloc(bytes);
    this.#onFull = onFull;
  }

  target(): Uint8Array {
    return this.#memory.subarray(this.#filled);
  }

  received(bytes: number): void {
    this.#filled += bytes;
    if (this.#filled === this.#memory.length) this.#onFull(this.#memory);
  }
}

/** Stands in where nothing may arrive: whatever does is thrown away. */
export class Discard implements ByteConsumer {
  readonly #memory = Buffer.alloc(64);
  target(): Uint8Array {
    return this.#memory;
  }
  received(): void {}
}

const LINES = 20;
const BYTES = 16_384;

/** The last lines of a stream. */
export class Tail {
  #bytes: Uint8Array = new Uint8Array(0);

  push(chunk: Uint8Array): void {
    this.#bytes =
      chunk.length >= BYTES
        ? chunk.subarray(-BYTES)
        : Buffer.concat([this.#bytes.subarray(chunk.length - BYTES), chunk]);
  }

  /** At most 20 lines, without their newlines. */
  get lines(): string[] {
    const text = Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length).toString();
    const lines = text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines.slice(-LINES);
  }
}

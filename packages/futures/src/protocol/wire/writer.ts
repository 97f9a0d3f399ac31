/** Up to here an encoded batch is copied out of memory that is used again. */
const KEPT_BYTES = 2 ** 16;

/** What one, two, four and eight bytes of a number start with: smaller first bytes are the number itself. */
export const WIDE = { U16: 0xfd, U32: 0xfe, F64: 0xff } as const;

const float = new Float64Array(1);
const floatBytes = new Uint8Array(float.buffer);

/** Writes numbers, texts and bytes one after the other. */
export class ByteWriter {
  #memory = Buffer.allocUnsafeSlow(KEPT_BYTES);
  #at = 0;

  reset(): void {
    this.#at = 0;
    if (this.#memory.length > KEPT_BYTES) this.#memory = Buffer.allocUnsafeSlow(KEPT_BYTES);
  }

  /** What was written since the last reset. */
  take(): Uint8Array {
    const { buffer } = this.#memory;
    if (this.#at <= KEPT_BYTES) return new Uint8Array(buffer).slice(0, this.#at);
    return new Uint8Array(buffer, 0, this.#at);
  }

  /** Any number, in 1 byte up to 252, in 3 and 5 bytes up to 2¹⁶ and 2³². */
  number(value: number): void {
    if (this.#at + 9 > this.#memory.length) this.#grow(9);
    const memory = this.#memory;
    if (value < WIDE.U16 && value >= 0 && (value | 0) === value && !Object.is(value, -0)) memory[this.#at++] = value;
    else if (value > 0 && value >>> 0 === value) this.#wide(value);
    else {
      memory[this.#at] = WIDE.F64;
      float[0] = value;
      memory.set(floatBytes, this.#at + 1);
      this.#at += 9;
    }
  }

  #wide(value: number): void {
    const memory = this.#memory;
    let at = this.#at;
    memory[at++] = value < 0x10000 ? WIDE.U16 : WIDE.U32;
    memory[at++] = value;
    memory[at++] = value >>> 8;
    if (value >= 0x10000) {
      memory[at++] = value >>> 16;
      memory[at++] = value >>> 24;
    }
    this.#at = at;
  }

  numbers(values: readonly number[]): void {
    this.number(values.length);
    for (let i = 0; i < values.length; i++) this.number(values[i]!);
  }

  /** Any text: one byte per character of ASCII, otherwise two per code unit. */
  text(value: string): void {
    const { length } = value;
    const head = this.#at;
    this.number(2 * length);
    if (this.#at + 3 * length > this.#memory.length) this.#grow(3 * length);
    const written = this.#memory.write(value, this.#at, 'utf8');
    if (written === length) this.#at += length;
    else {
      this.#at = head;
      this.number(2 * length + 1);
      this.#at += this.#memory.write(value, this.#at, 'utf16le');
    }
  }

  texts(values: readonly string[]): void {
    this.number(values.length);
    for (let i = 0; i < values.length; i++) this.text(values[i]!);
  }

  /** Without their length. */
  bytes(bytes: Uint8Array): void {
    if (this.#at + bytes.length > this.#memory.length) this.#grow(bytes.length);
    this.#memory.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  #grow(more: number): void {
    const memory = Buffer.allocUnsafeSlow(Math.max(2 * this.#memory.length, this.#at + more));
    memory.set(this.#memory.subarray(0, this.#at));
    this.#memory = memory;
  }
}

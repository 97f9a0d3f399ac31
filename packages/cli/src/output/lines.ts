const NEWLINE = 10;

/** A piece of one stream: whole lines, or (`whole` false) the beginning or continuation of one that has not ended. */
export type Piece = { readonly bytes: Uint8Array; readonly whole: boolean };

/** Bytes of an unfinished line kept before they are handed on as they are. */
const LONGEST_LINE = 1 << 20;

/** Cuts a byte stream at line ends. Pieces come out in order; `rest` is what waits for its newline. */
export class LineSplitter {
  #rest: Uint8Array[] = [];
  #restBytes = 0;

  get waiting(): boolean {
    return this.#restBytes > 0;
  }

  /** The whole lines that `chunk` completes, as one piece; or, when a line is too long to keep, what there is of it. */
  push(chunk: Uint8Array): Piece | undefined {
    const end = chunk.lastIndexOf(NEWLINE) + 1;
    if (end === 0) {
      this.#rest.push(chunk);
      this.#restBytes += chunk.length;
      return this.#restBytes > LONGEST_LINE ? this.takeRest() : undefined;
    }
    const bytes = end === chunk.length ? chunk : chunk.subarray(0, end);
    const piece = { bytes: this.#restBytes > 0 ? Buffer.concat([...this.#rest, bytes]) : bytes, whole: true };
    this.#rest = end < chunk.length ? [chunk.subarray(end)] : [];
    this.#restBytes = chunk.length - end;
    return piece;
  }

  /** The unfinished line so far; the splitter then continues behind it. */
  takeRest(): Piece | undefined {
    if (this.#restBytes === 0) return undefined;
    const bytes = Buffer.concat(this.#rest);
    this.#rest = [];
    this.#restBytes = 0;
    return { bytes, whole: false };
  }
}

/** Calls `each` with every line of whole lines, newline included. */
export function forEachLine(bytes: Uint8Array, each: (line: Uint8Array) => void): void {
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const to = newline < 0 ? bytes.length : newline + 1;
    each(bytes.subarray(from, to));
    from = to;
  }
}

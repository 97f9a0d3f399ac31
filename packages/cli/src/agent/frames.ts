import type { Readable, Writable } from 'node:stream';

/**
 * What an agent and its launcher say to each other over one pair of byte streams: frames of a 4-byte length of what follows, a
 * byte for the kind, a 4-byte number (of a rank or a relayed connection) and bytes. Little-endian.
 */
export const KINDS = ['message', 'stdout', 'stderr', 'stdin', 'relay'] as const;
export type FrameKind = (typeof KINDS)[number];

const HEAD = 9;
/** Plans of thousands of ranks fit. */
const MAX_BYTES = 1 << 28;

export function writeFrame(
  to: Writable,
  kind: FrameKind,
  number: number,
  bytes: Uint8Array,
  done?: () => void,
): boolean {
  const head = Buffer.allocUnsafe(HEAD);
  head.writeUInt32LE(HEAD - 4 + bytes.length, 0);
  head.writeUInt8(KINDS.indexOf(kind), 4);
  head.writeUInt32LE(number, 5);
  to.cork();
  to.write(head);
  const more = to.write(bytes, done);
  to.uncork();
  return more;
}

export type FrameHandler = (kind: FrameKind, number: number, bytes: Buffer) => void;

/** Cuts a stream into frames. Throws from `push` for bytes that no agent or launcher writes. */
export class FrameParser {
  readonly #onFrame: FrameHandler;
  #parts: Buffer[] = [];
  #size = 0;
  #needed = HEAD;

  constructor(onFrame: FrameHandler) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    while (this.#size >= this.#needed) {
      const all = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
      const length = all.readUInt32LE(0);
      const kind = KINDS[all.readUInt8(4)];
      if (kind === undefined || length < HEAD - 4 || length > MAX_BYTES) throw new Error('bytes that are no frame');
      this.#parts = [all];
      this.#needed = 4 + length;
      if (all.length < this.#needed) return;
      const frame = all.subarray(0, this.#needed);
      const rest = all.subarray(this.#needed);
      this.#parts = rest.length > 0 ? [rest] : [];
      this.#size = rest.length;
      this.#needed = HEAD;
      this.#onFrame(kind, frame.readUInt32LE(5), frame.subarray(HEAD));
    }
  }
}

/** The text in front of an agent's first frame: whatever start-up files of shells print comes before it. */
export const MARK = 'par-agent speaks\n';

/** Calls `found` with what follows the mark; everything before it is dropped. */
export function afterMark(stream: Readable, found: (rest: Buffer) => void): void {
  let seen = Buffer.alloc(0);
  const look = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const at = seen.indexOf(MARK);
    if (at < 0) {
      seen = seen.subarray(-MARK.length);
      return;
    }
    stream.off('data', look);
    found(seen.subarray(at + MARK.length));
  };
  stream.on('data', look);
}

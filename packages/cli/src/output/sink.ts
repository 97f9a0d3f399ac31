import { fstatSync } from 'node:fs';

/** Bytes queued in front of a slow reader before ranks are made to wait. */
const FULL = 1 << 18;

/**
 * One of our two outputs. Pipes are written asynchronously, so a reader that is slow or gone never stops the launcher from
 * handling signals and ends; `full` says that ranks have to wait. Once the reader is gone (EPIPE) everything is dropped.
 */
export class Sink {
  readonly stream: NodeJS.WriteStream;
  #queued = 0;
  #problem: NodeJS.ErrnoException | undefined;
  #closed = false;
  readonly #onChange: () => void;
  readonly #onError: (error: Error) => void;
  #idle: (() => void)[] = [];

  constructor(stream: NodeJS.WriteStream, onChange: () => void) {
    this.stream = stream;
    this.#onChange = onChange;
    this.#onError = (error) => {
      this.#problem ??= error;
      this.discard();
    };
    stream.on('error', this.#onError);
  }

  get full(): boolean {
    return this.#queued > FULL;
  }

  /** Why nothing can be written any more: EPIPE when the reader went away. */
  get problem(): NodeJS.ErrnoException | undefined {
    return this.#problem;
  }

  /** Drops what is queued and all that follows. */
  discard(): void {
    this.#closed = true;
    this.#queued = 0;
    this.#settle();
  }

  /** Lets go of the stream, for which another sink may be made. */
  release(): void {
    this.stream.off('error', this.#onError);
  }

  write(bytes: Uint8Array): void {
    if (this.#closed || bytes.length === 0) return;
    const wasFull = this.full;
    this.#queued += bytes.length;
    this.stream.write(bytes, () => {
      this.#queued = Math.max(0, this.#queued - bytes.length);
      this.#settle();
    });
    if (!wasFull && this.full) this.#onChange();
  }

  /** Settles when everything written has left the process, or the reader is gone. */
  flushed(): Promise<void> {
    if (this.#queued === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #settle(): void {
    this.#onChange();
    if (this.#queued > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

/** Whether two descriptors end in the same terminal, pipe or file, so that lines must not be mixed between them. */
export function sameTarget(a: number, b: number): boolean {
  try {
    const [x, y] = [fstatSync(a), fstatSync(b)];
    return x.dev === y.dev && x.ino === y.ino;
  } catch {
    return false;
  }
}

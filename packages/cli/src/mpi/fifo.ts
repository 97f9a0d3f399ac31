import { spawnSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { UsageError } from '../usage-error.ts';

export function makeFifos(paths: readonly string[]): void {
  const made = spawnSync('mkfifo', ['-m', '600', ...paths], { encoding: 'utf8' });
  if (made.status !== 0) throw new UsageError(`mkfifo: ${made.error?.message ?? made.stderr.trim()}`);
}

/** The reading end of a FIFO. It does not end before `release`, so that writers can come and go. */
export class Fifo {
  readonly stream: Socket;
  #writer: number | undefined;

  constructor(path: string) {
    // A FIFO without a writer is at its end, and opening one for writing waits for a reader: first this end, then a writer of our own.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    this.#writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
    this.stream = new Socket({ fd, readable: true, writable: false });
  }

  /** Puts a line behind all that others have written so far. */
  write(line: string): void {
    if (this.#writer !== undefined) writeSync(this.#writer, `${line}\n`);
  }

  /** From now on it ends once no other writer is left. */
  release(): void {
    if (this.#writer !== undefined) closeSync(this.#writer);
    this.#writer = undefined;
  }
}

/** The writing end of a FIFO. What is written waits for its reader, the end of the input included, until `release`. */
export class FifoInput {
  readonly stream: Socket;
  #held: number | undefined;

  constructor(path: string) {
    // Only a descriptor that could read as well opens without a reader, and gets no SIGPIPE when that is gone.
    const open = (): number => openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    this.stream = new Socket({ fd: open(), readable: false, writable: true });
    this.#held = open();
  }

  /** The reader has opened it. */
  release(): void {
    if (this.#held !== undefined) closeSync(this.#held);
    this.#held = undefined;
  }
}

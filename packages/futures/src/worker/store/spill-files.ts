import { readdirSync, rmSync } from 'node:fs';
import { mkdtemp, open, rm, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { EncodedValue } from '../../protocol/index.ts';

/** A value in a file: its path and the bytes of each segment. */
export interface SpilledValue {
  readonly path: string;
  readonly lengths: readonly number[];
}

/** Node refuses to read or write 2 GiB at once. */
const MOST_AT_ONCE = 2 ** 30;

/** With the host: other hosts may have the same directory, and processes of the same numbers. */
const PREFIX = `par-spill-${hostname()}-`;

/** Files of spilled values, in a directory that only this user can read (mkdtemp: 0700) and that goes with the worker. */
export class SpillFiles {
  readonly #parent: string;
  #directory: Promise<string> | undefined;
  #path: string | undefined;
  #count = 0;
  readonly #removing = new Set<Promise<void>>();
  readonly #onExit = (): void => {
    if (this.#path !== undefined) rmSync(this.#path, { recursive: true, force: true });
  };

  constructor(parent: string) {
    this.#parent = parent;
  }

  async write(value: EncodedValue): Promise<SpilledValue> {
    this.#directory ??= this.#create();
    const path = join(await this.#directory, String(this.#count++));
    try {
      const file = await open(path, 'wx', 0o600);
      try {
        for (const segment of value) await writeAll(file, segment);
      } finally {
        await file.close();
      }
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return { path, lengths: value.map((segment) => segment.length) };
  }

  async read({ path, lengths }: SpilledValue): Promise<EncodedValue> {
    const file = await open(path, 'r');
    try {
      const segments: Uint8Array[] = [];
      for (const [i, length] of lengths.entries()) {
        const segment = new Uint8Array(i === 0 ? new ArrayBuffer(length) : new SharedArrayBuffer(length));
        for (let at = 0; at < length; ) {
          const { bytesRead } = await file.read(segment, at, Math.min(length - at, MOST_AT_ONCE));
          if (bytesRead === 0) throw new Error(`${path} is shorter than what was spilled to it`);
          at += bytesRead;
        }
        segments.push(segment);
      }
      return segments;
    } finally {
      await file.close();
    }
  }

  remove({ path }: SpilledValue): void {
    const removing = unlink(path).catch((error) => {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
    this.#removing.add(removing);
    void removing.finally(() => this.#removing.delete(removing));
  }

  async close(): Promise<void> {
    process.off('exit', this.#onExit);
    await Promise.all(this.#removing);
    if (this.#directory !== undefined) await rm(await this.#directory, { recursive: true, force: true });
  }

  async #create(): Promise<string> {
    removeAbandoned(this.#parent);
    this.#path = await mkdtemp(join(this.#parent, `${PREFIX}${process.pid}-`));
    process.on('exit', this.#onExit);
    return this.#path;
  }
}

async function writeAll(file: Awaited<ReturnType<typeof open>>, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    at += (await file.write(bytes, at, Math.min(bytes.length - at, MOST_AT_ONCE))).bytesWritten;
  }
}

/** Removes what workers left that were killed: directories that name a process which is no more. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    if (!name.startsWith(PREFIX)) continue;
    const pid = Number(name.slice(PREFIX.length).split('-')[0]);
    if (!Number.isSafeInteger(pid) || pid <= 0 || isAlive(pid)) continue;
    try {
      rmSync(join(parent, name), { recursive: true, force: true });
    } catch (error) {
      // Another user's; only theirs to remove.
      if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

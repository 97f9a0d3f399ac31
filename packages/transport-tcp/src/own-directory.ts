import { lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ParError } from '@par/comm-core';

export interface OwnDirectory {
  readonly path: string;
  /** Removes it and what is in it. */
  release(): void;
}

const directories = new Set<string>();

/** What `mkdtemp` calls them: no other directory of par's has such a name. */
const NAME = /^par-[A-Za-z0-9]{6}$/;
/** A process listens sooner than this after it has made its directory, in milliseconds. */
const YOUNG_MS = 60_000;

function removeAll(): void {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
}

/**
 * A new directory that only this user can enter. It is removed at the latest when this process exits; when a signal kills it, by the next
 * process that makes one here. Throws ParError PAR_ENVIRONMENT.
 */
export function makeOwnDirectory(): OwnDirectory {
  const path = make();
  if (directories.size === 0) process.on('exit', removeAll);
  directories.add(path);
  sweep(tmpdir()).catch(() => {}); // nothing hangs on it, and others may do the same at this moment
  return {
    path,
    release() {
      if (!directories.delete(path)) return;
      rmSync(path, { recursive: true, force: true });
      if (directories.size === 0) process.off('exit', removeAll);
    },
  };
}

function make(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'par-'));
  } catch (cause) {
    throw new ParError(
      'PAR_ENVIRONMENT',
      `no directory for sockets: ${(cause as Error).message} (set TMPDIR to a directory that can be written; for a container, --tmpfs /tmp)`,
      { cause },
    );
  }
}

/** Removes directories of this user in whose sockets nobody listens any more. */
export async function sweep(folder: string): Promise<void> {
  for (const name of readdirSync(folder).filter((name) => NAME.test(name))) {
    const path = join(folder, name);
    if (directories.has(path) || !isOld(path)) continue;
    const sockets = socketsIn(path);
    if (sockets === undefined) continue;
    const dead = await Promise.all(sockets.map(isDead));
    if (dead.every(Boolean)) rmSync(path, { recursive: true, force: true });
  }
}

function isOld(path: string): boolean {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined || !status.isDirectory() || status.uid !== process.getuid?.()) return false;
  return Date.now() - status.mtimeMs > YOUNG_MS;
}

/** Undefined: it is gone, or something else is in it, too. */
function socketsIn(path: string): string[] | undefined {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.every((entry) => entry.isSocket()) ? entries.map(({ name }) => join(path, name)) : undefined;
  } catch {
    return undefined;
  }
}

function isDead(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path).unref();
    socket.on('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.on('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
  });
}

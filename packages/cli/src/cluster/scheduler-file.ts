import { accessSync, constants, existsSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname } from 'node:path';
import { type Access, publishAccess, readAccess, withdrawAccess } from '@par/transport-tcp/rendezvous';
import { UsageError } from '../usage-error.ts';

/** The file by which other processes join a cluster. */
export class SchedulerFile {
  readonly #path: string;

  /** Removes what a dead cluster has left there. Throws UsageError when it belongs to another one that runs, or is no such file. */
  constructor(path: string) {
    this.#path = path;
    let found: Access | undefined;
    try {
      found = readAccess(path);
    } catch (error) {
      throw new UsageError(`${(error as Error).message}; remove it, or name another with --scheduler-file`);
    }
    try {
      accessSync(dirname(path), constants.W_OK);
    } catch (error) {
      throw new UsageError(`--scheduler-file ${path}: ${(error as Error).message}`);
    }
    if (found === undefined) return;
    if (isAlive(found)) {
      throw new UsageError(
        `${path} belongs to a cluster that runs (pid ${found.launcher.pid} on ${found.launcher.hostname}); name another with --scheduler-file`,
      );
    }
    rmSync(path, { force: true });
  }

  /** Returns what takes it back. Throws what the system does. */
  publish(access: Access): () => void {
    publishAccess(this.#path, access);
    return () => withdrawAccess(this.#path, access);
  }
}

/** Of a launcher on another host nothing is known: it counts as alive. */
function isAlive({ launcher, doors }: Access): boolean {
  if (launcher.hostname !== hostname()) return true;
  const [own] = doors;
  const socket = own?.address.replace(/^unix:/, '');
  if (socket !== undefined && !existsSync(socket)) return false;
  try {
    process.kill(launcher.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

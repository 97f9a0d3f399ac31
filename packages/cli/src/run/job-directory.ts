import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../usage-error.ts';

/** Longest path of a Unix socket on Linux and macOS, with room for the sockets of ranks beside the rendezvous. */
const LONGEST_DIRECTORY = 80;

/**
 * Where the sockets of a job will be; its reaper, which removes the directory, is told before there is one. `host`: number of a host
 * of several, which may share their temporary directory.
 */
export function jobDirectory(jobId: string, host?: number): string {
  const name = `par-${jobId.slice(0, 16)}${host === undefined ? '' : `-${host}`}`;
  return join(tmpdir().length > LONGEST_DIRECTORY ? '/tmp' : tmpdir(), name);
}

/** Makes it, for this user only (mode 0700). Throws UsageError, also when there is something by that name. */
export function makeJobDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    throw new UsageError(
      `no directory for the job: ${(error as Error).message} (set TMPDIR to a directory that can be written; for a container, --tmpfs /tmp)`,
    );
  }
}

/** Removes it, and first the shared memory its ranks have listed in it. The reaper does the same when par cannot. */
export function removeJobDirectory(directory: string): void {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  for (const name of names.filter((file) => file.startsWith('segments.'))) {
    const listed = readFileSync(join(directory, name), 'utf8').split('\n');
    for (const path of listed) if (/^\/dev\/shm\/[^/]+$/.test(path)) rmSync(path, { force: true });
  }
  rmSync(directory, { recursive: true, force: true });
}

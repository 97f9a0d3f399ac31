import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsageError } from '../usage-error.ts';

/** Longest path of a Unix socket on Linux and macOS, with room for the sockets of ranks beside the rendezvous. */
const LONGEST_DIRECTORY = 80;

/** A new directory (mode 0700) for the sockets of one job. */
export function makeJobDirectory(): string {
  const parent = tmpdir().length > LONGEST_DIRECTORY ? '/tmp' : tmpdir();
  try {
    return mkdtempSync(join(parent, 'par-'));
  } catch (error) {
    throw new UsageError(`no directory for the job in ${parent}: ${(error as Error).message} (set TMPDIR)`);
  }
}

export function removeJobDirectory(directory: string): void {
  rmSync(directory, { recursive: true, force: true });
}

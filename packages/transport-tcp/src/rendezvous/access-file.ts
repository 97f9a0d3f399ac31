import { rmSync } from 'node:fs';
import { ParError } from '@par/comm-core';
import type { Door } from '../options.ts';
import { NotPrivateError, publishPrivately, readPrivately } from '../private-file.ts';

/** Of the file's form; another number is another release's. */
const PROTOCOL = 1;
const MAX_BYTES = 2 ** 20;

/** All that a process needs to join a job under way, and who can tell whether that still runs. */
export interface Access {
  readonly job: string;
  /** All ranks that can ever be. */
  readonly size: number;
  /** Those that started together. */
  readonly worldSize: number;
  /** 64 hex digits. */
  readonly secret: string;
  readonly secure: boolean;
  readonly doors: readonly Door[];
  readonly launcher: { readonly pid: number; readonly hostname: string };
}

/** Puts it into a file that only this user can read (mode 0600), whole, in the place of what was there. Throws what the system does. */
export function publishAccess(path: string, access: Access): void {
  publishPrivately(path, `${JSON.stringify({ par: PROTOCOL, ...access }, undefined, 2)}\n`);
}

/** Removes the file, unless it belongs to another job by now. */
export function withdrawAccess(path: string, { job }: Access): void {
  try {
    if (readAccess(path)?.job === job) rmSync(path, { force: true });
  } catch (error) {
    if (!(error instanceof ParError)) throw error;
    // Somebody has put something else there.
  }
}

/** What the file says; undefined: there is none. Throws ParError PAR_ENVIRONMENT for one that is malformed or not private. */
export function readAccess(path: string): Access | undefined {
  let text: string | undefined;
  try {
    text = readPrivately(path, MAX_BYTES);
  } catch (error) {
    if (!(error instanceof NotPrivateError)) throw error;
    throw refused(path, `${error.message}: it cannot be trusted with the secret of a cluster`, error);
  }
  if (text === undefined) return undefined;
  let found: Access & { readonly par: unknown };
  try {
    found = JSON.parse(text);
  } catch (error) {
    throw refused(path, 'is not a scheduler file: it is no JSON', error);
  }
  if (found?.par !== PROTOCOL) {
    const what = typeof found?.par === 'number' ? 'was written by another release of par' : 'is not a scheduler file';
    throw refused(path, what);
  }
  if (!isAccess(found)) throw refused(path, 'is a scheduler file with parts missing');
  return found;
}

function isAccess({ job, size, worldSize, secret, secure, doors, launcher }: Partial<Access>): boolean {
  return (
    typeof job === 'string' &&
    Number.isSafeInteger(size) &&
    Number.isSafeInteger(worldSize) &&
    typeof secret === 'string' &&
    /^[0-9a-f]{64}$/.test(secret) &&
    typeof secure === 'boolean' &&
    Array.isArray(doors) &&
    doors.every((door) => typeof door?.address === 'string') &&
    Number.isSafeInteger(launcher?.pid) &&
    typeof launcher?.hostname === 'string'
  );
}

function refused(path: string, why: string, cause?: unknown): ParError {
  return new ParError('PAR_ENVIRONMENT', `${path} ${why}`, { cause });
}

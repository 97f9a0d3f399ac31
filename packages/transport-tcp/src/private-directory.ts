import { chmodSync, lstatSync, mkdirSync } from 'node:fs';
import { ParError } from '@par/comm-core';

/**
 * Makes sure of a directory that only this user can enter, creating it (mode 0700) when it is missing. Throws ParError
 * PAR_ENVIRONMENT for one that belongs to another user, that others can enter, or that is a symbolic link: whoever made it could
 * replace what lies in it.
 */
export function makePrivate(path: string): void {
  if (mkdirSync(path, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(path, 0o700);
  const fault = faultOf(path);
  if (fault !== undefined) throw new ParError('PAR_ENVIRONMENT', `${path} ${fault}, so it is not used`);
}

/** Why a directory is not private, with what to do about it; undefined: it is. */
export function faultOf(path: string): string | undefined {
  const status = lstatSync(path);
  const me = process.getuid?.();
  if (!status.isDirectory()) return `is ${status.isSymbolicLink() ? 'a symbolic link' : 'no directory'} (remove it)`;
  if (me !== undefined && status.uid !== me) return `belongs to user ${status.uid}, not to you (user ${me})`;
  const mode = status.mode & 0o777;
  return (mode & 0o077) === 0
    ? undefined
    : `is open to other users (mode ${mode.toString(8)}; chmod 700 makes it private)`;
}

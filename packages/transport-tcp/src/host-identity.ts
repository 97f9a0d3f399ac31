import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, resolve } from 'node:path';

/**
 * A text that two processes share exactly when they run on one booted system, under one host name, and see the same file system where
 * `directory` is: only then can they meet in a Unix domain socket there. Linux adds the kernel's boot id, because cloned machines
 * repeat host names; the file system tells containers of one host apart, which may share its name with its network.
 */
export function hostIdentity(directory: string = tmpdir()): string {
  return `${hostname()} ${bootId()} ${fileSystem(directory)}`;
}

function bootId(): string {
  if (process.platform !== 'linux') return '';
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return ''; // /proc is not mounted in every container; the rest decides then
  }
}

/**
 * Device and inode of the topmost directory of the file system that holds `directory`, or would. The device alone is shared by directories of the
 * host that two containers have mounted in the same place.
 */
function fileSystem(directory: string): string {
  let existing = resolve(directory);
  while (!existsSync(existing)) existing = dirname(existing);
  let top = realpathSync(existing);
  const { dev } = statSync(top);
  for (let above = dirname(top); above !== top && statSync(above).dev === dev; above = dirname(above)) top = above;
  return `${dev}:${statSync(top).ino}`;
}

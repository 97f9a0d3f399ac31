import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';

/**
 * A text that two processes share exactly when they run on one booted system under one host name: only then can
 * they meet in a Unix domain socket. Linux adds the kernel's boot id, because cloned machines repeat host names.
 */
export function hostIdentity(): string {
  return `${hostname()} ${bootId()}`;
}

function bootId(): string {
  if (process.platform !== 'linux') return '';
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return ''; // /proc is not mounted in every container; the host name alone decides then
  }
}

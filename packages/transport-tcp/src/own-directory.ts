import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface OwnDirectory {
  readonly path: string;
  /** Removes it and what is in it. */
  release(): void;
}

const directories = new Set<string>();

function removeAll(): void {
  for (const path of directories) rmSync(path, { recursive: true, force: true });
}

/** A new directory that only this user can enter. It is removed at the latest when this process exits, unless a signal kills it. */
export function makeOwnDirectory(): OwnDirectory {
  const path = mkdtempSync(join(tmpdir(), 'par-'));
  if (directories.size === 0) process.on('exit', removeAll);
  directories.add(path);
  return {
    path,
    release() {
      if (!directories.delete(path)) return;
      rmSync(path, { recursive: true, force: true });
      if (directories.size === 0) process.off('exit', removeAll);
    },
  };
}

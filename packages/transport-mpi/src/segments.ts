import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Lists this rank's shared-memory files for `par run`, which removes what is left of them when the job is over: neither Open
 * MPI nor MPICH does after a SIGKILL. `directory`: PAR_RUN_DIRECTORY, undefined outside of `par run`.
 */
export function listSegments(directory: string | undefined, rank: number): void {
  if (!directory || process.platform !== 'linux') return;
  const maps = readFileSync('/proc/self/maps', 'latin1');
  const paths = new Set([...maps.matchAll(/ (\/dev\/shm\/[^/\s]+)$/gm)].map((match) => match[1]!));
  writeFileSync(join(directory, `segments.${rank}`), [...paths, ''].join('\n'));
}

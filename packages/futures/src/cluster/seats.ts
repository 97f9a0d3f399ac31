import { fileURLToPath } from 'node:url';
import type { Replacement, Universe } from '@par/comm-core';
import type { Rank } from '../protocol/index.ts';
import type { RoleOptions } from './run-role.ts';

/** What a rank that a launcher starts for the cluster, and not for a script, is told, in PAR_CLUSTER. */
export interface SeatSettings {
  readonly scheduler: Rank;
  /** Besides the scheduler's, ranks that started together are workers; with false, that one is too. */
  readonly exclusive: boolean;
  readonly role: RoleOptions;
}

/** What becomes a worker in place of a lost one. `program`: path of seat-process. */
export function replacementOf(program: string, settings: SeatSettings): Replacement {
  return { program, env: { PAR_CLUSTER: JSON.stringify(settings) } };
}

/** Next to this file: as it was built, or in the sources. */
export function seatProgram(): string {
  const path = import.meta.url.endsWith('.ts') ? './seat-process.ts' : './cluster/seat-process.js';
  return fileURLToPath(new URL(path, import.meta.url));
}

/** How many ranks there have been until then, those that are lost and, at first, `initial`. */
export function ranksSoFar({ onArrival }: Universe, initial: number): () => number {
  let size = initial;
  onArrival((rank) => {
    size = Math.max(size, rank + 1);
  });
  return () => size;
}

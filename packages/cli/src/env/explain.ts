import { hostname } from 'node:os';
import { type Consideration, detect, type Environment, ParError } from '@par/comm-core';
import { UsageError } from '../usage-error.ts';

/**
 * What `par env` prints: which rank a program started here would be, which transport it would use, and for each row of the
 * detection table why it was chosen or not. Throws UsageError when the environment contradicts itself, as `init` would.
 */
export function explainEnvironment(env: Environment): string {
  const { row, rank, size, localRank, localSize, transport, considered, hints } = detection(env);
  const place = size === undefined ? `rank ${rank} (only MPI knows of how many)` : `rank ${rank} of ${size}`;
  const local =
    localRank === undefined ? '' : `, local rank ${localRank}${localSize === undefined ? '' : ` of ${localSize}`}`;
  const width = Math.max(...considered.map((consideration) => consideration.row.length));
  return [
    `${place}${local} on ${hostname()}, transport ${transport}, detected by row "${row}"`,
    '',
    ...considered.map((consideration) => line(consideration, width)),
    ...(hints.length > 0 ? ['', ...hints.map((hint) => `hint: ${hint}`)] : []),
    '',
  ].join('\n');
}

function line({ row, present, chosen, reason }: Consideration, width: number): string {
  return `${chosen ? '=>' : '  '} ${row.padEnd(width)}  ${present ? 'present' : 'absent '}  ${reason}`;
}

function detection(env: Environment) {
  try {
    return detect(env);
  } catch (error) {
    if (error instanceof ParError) throw new UsageError(error.message);
    throw error;
  }
}

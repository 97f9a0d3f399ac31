import { ArgumentRangeError } from '../errors.ts';
import { matching } from '../matching/index.ts';
import type { Transport } from '../transport/index.ts';
import { Carrier, type MemoryOptions } from './carrier.ts';

export type { MemoryOptions } from './carrier.ts';

/** A job in one process. */
export interface MemoryJob {
  /** One per rank. */
  readonly transports: readonly Transport[];
  /** Cuts a rank off from all others, as if its host had died: what was on its way is gone, both sides see PeerLostError. */
  lose(rank: number): void;
}

/**
 * `size` ranks in this process, for unit tests of programs that communicate: wrap each transport in a communicator and run the
 * program once per rank, concurrently. Matching, order, errors and asynchrony are those of the socket transport.
 * Throws PAR_ARGUMENT for a size below 1 or a number of hosts other than `size`.
 */
export function memoryTransports(size: number, options: MemoryOptions = {}): Transport[] {
  return start(size, options).links.map(matching);
}

/** The same, with the means to lose ranks. */
export function memoryJob(size: number, options: MemoryOptions = {}): MemoryJob {
  const carrier = start(size, options);
  return {
    transports: carrier.links.map(matching),
    lose: (rank) => carrier.lose(rank, 'it was cut off'),
  };
}

function start(size: number, options: MemoryOptions): Carrier {
  if (!Number.isSafeInteger(size) || size < 1) {
    throw new ArgumentRangeError(
      'PAR_ARGUMENT',
      `memoryTransports: the number of ranks must be at least 1, not ${size}`,
    );
  }
  if (options.hosts !== undefined && options.hosts.length !== size) {
    throw new ArgumentRangeError(
      'PAR_ARGUMENT',
      `memoryTransports: ${options.hosts.length} hosts for ${size} ranks; give one per rank`,
    );
  }
  if (options.chunkBytes !== undefined && !(options.chunkBytes >= 1)) {
    throw new ArgumentRangeError(
      'PAR_ARGUMENT',
      `memoryTransports: chunkBytes must be at least 1, not ${options.chunkBytes}`,
    );
  }
  return new Carrier(size, options);
}

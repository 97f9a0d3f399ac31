import type { Universe } from '@par/comm-core';
import { FuturesError } from '../client/errors.ts';
import type { Rank } from '../protocol/index.ts';
import type { MoreWorkers } from '../scheduler/index.ts';

/** What ranks that come later say they are there for. */
export const WORKER_ROLE = 'worker';
export const CLIENT_ROLE = 'client';

/** How ranks can come later. */
export interface Growth {
  readonly universe?: Pick<Universe, 'onArrival' | 'evict'> | undefined;
  /** Which workers may be started besides. Default none. */
  readonly more?: MoreWorkers | undefined;
}

export interface LayoutOptions {
  /** Rank of the scheduler. Default 0. */
  readonly scheduler?: Rank | undefined;
  /** Rank that goes on with the script. Default 1, on two ranks and on one 0. May be the scheduler's (the layout of an executor). */
  readonly client?: Rank | undefined;
  /** Ranks of scheduler and client do nothing else. Default true; false: they are workers too, so that one rank is enough. */
  readonly exclusiveWorkers?: boolean | undefined;
}

/** Who does what. */
export interface Roles {
  readonly scheduler: Rank;
  /** The one whose end ends the cluster; undefined: there is none. */
  readonly client: Rank | undefined;
  readonly workers: readonly Rank[];
}

/** Who does what: the same on all ranks. */
export interface Layout extends Roles {
  readonly size: number;
  readonly client: Rank;
}

/**
 * Roles of `size` ranks. With two ranks, and no word about the client, scheduler and client share rank 0 and rank 1 is the
 * worker. Throws PAR_LAYOUT when a role has no rank, or there would be no worker.
 */
export function layoutOf(
  size: number,
  { scheduler = 0, client = size < 3 ? scheduler : 1, exclusiveWorkers = true }: LayoutOptions,
): Layout {
  for (const [role, rank] of [
    ['scheduler', scheduler],
    ['client', client],
  ] as const) {
    if (Number.isInteger(rank) && rank >= 0 && rank < size) continue;
    throw new FuturesError(
      'PAR_LAYOUT',
      `initialize: the ${role} is to be rank ${rank}, but there ${size === 1 ? 'is 1 rank' : `are ${size} ranks`}, from 0; start more, or choose another`,
    );
  }
  const workers = Array.from({ length: size }, (_, rank) => rank).filter(
    (rank) => !exclusiveWorkers || (rank !== scheduler && rank !== client),
  );
  if (workers.length > 0) return { size, scheduler, client, workers };
  throw new FuturesError(
    'PAR_LAYOUT',
    `initialize: ${size} ${size === 1 ? 'rank' : 'ranks'} for scheduler (rank ${scheduler}) and client (rank ${client}) leave none for workers; start at least ${scheduler === client ? 2 : 3} ranks, say exclusiveWorkers: false, or start a plain node process, which starts its own workers`,
  );
}

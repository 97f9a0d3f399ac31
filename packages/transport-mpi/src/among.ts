import { ParError } from '@par/comm-core';
import type { Planes } from './messages/space.ts';

/**
 * The world ranks that run par, when a job also has ranks that do not (C, Fortran, mpi4py): PAR_MPI_RANKS, such as
 * `1-3,5`. Undefined when it is not set: all do. Throws PAR_ENVIRONMENT.
 */
export function parRanks(list: string | undefined, rank: number, size: number): readonly number[] | undefined {
  if (list === undefined || list === '' || list === 'all') return undefined;
  const ranks = new Set<number>();
  for (const term of list.split(',')) {
    const range = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(term);
    const from = Number(range?.[1]);
    const to = Number(range?.[2] ?? from);
    if (!range || to < from || to >= size) {
      throw new ParError(
        'PAR_ENVIRONMENT',
        `PAR_MPI_RANKS is '${list}': '${term}' is not a rank or range of ranks below ${size}; write for example 1-3,5`,
      );
    }
    for (let member = from; member <= to; member++) ranks.add(member);
  }
  if (!ranks.has(rank)) {
    throw new ParError('PAR_ENVIRONMENT', `PAR_MPI_RANKS is '${list}', but rank ${rank} runs par too; add it`);
  }
  return ranks.size === size ? undefined : [...ranks].sort((a, b) => a - b);
}

/** Ranks of the value planes, which only join the ranks that run par. Throws PAR_TRANSPORT for the others. */
export function translate(ranks: readonly number[]): NonNullable<Planes['among']> {
  const places = new Map(ranks.map((member, place) => [member, place]));
  return {
    rankOf(member) {
      const place = places.get(member);
      if (place !== undefined) return place;
      throw new ParError(
        'PAR_TRANSPORT',
        `rank ${member} does not run par (PAR_MPI_RANKS), so only buffers can be exchanged with it: use sendBuffer and recvInto`,
      );
    },
    memberOf: (place) => ranks[place]!,
  };
}

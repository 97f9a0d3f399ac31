import type { Call } from '../call.ts';
import type { Reduction } from '../reduction.ts';
import { highestBit } from './tree.ts';

/**
 * A power of two of a group's ranks, in rank order, numbered by `index`. When the size is none, neighbouring ranks at the
 * beginning form pairs and one of each pair takes part for both, so that ranges stay contiguous (Thakur et al. 2005 §4.5).
 */
export interface Members {
  readonly count: number;
  /** Number of this rank among the members; meaningless on a rank that is represented by its mate. */
  readonly index: number;
  /** The other rank of this rank's pair, if it is in one. */
  readonly mate: number | undefined;
  /** Whether this rank takes part. */
  readonly active: boolean;
  rankOf(index: number): number;
  indexOf(rank: number): number;
}

/** The members as every rank of the group computes them; `root` is one of them. */
export function membersOf({ rank, size }: Call, root = 0): Members {
  const count = highestBit(size);
  const pairs = size - count;
  const rankOf = (index: number) => {
    if (index >= pairs) return index + pairs;
    return root === 2 * index + 1 ? root : 2 * index;
  };
  const indexOf = (rank: number) => (rank < 2 * pairs ? rank >> 1 : rank - pairs);
  const index = indexOf(rank);
  const mate = rank < 2 * pairs ? rank ^ 1 : undefined;
  return { count, index, mate, active: rankOf(index) === rank, rankOf, indexOf };
}

/** Gives the input of the ranks that do not take part to their mates. The members' operands, theirs to change; else undefined. */
export async function foldPairs<A>(call: Call, r: Reduction<A>, input: A, members: Members): Promise<A | undefined> {
  const { mate, active } = members;
  if (!active) {
    await r.send(input, mate!);
    return undefined;
  }
  const own = r.own(input);
  if (mate === undefined) return own;
  const theirs = await r.recv(mate);
  return mate < call.rank ? r.combine(theirs, own) : r.combine(own, theirs);
}

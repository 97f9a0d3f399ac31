import type { Blocks } from '../blocks.ts';
import { observed } from '../call.ts';

/** Who gives to a rank and to whom it gives, in the order it sends. */
export interface Tree {
  readonly parent: number | undefined;
  readonly children: readonly number[];
}

/** The root gives to everybody. */
export function star(rank: number, size: number, root: number): Tree {
  if (rank !== root) return { parent: root, children: [] };
  return { parent: undefined, children: Array.from({ length: size - 1 }, (_, i) => (root + 1 + i) % size) };
}

/** Each rank gives to the next, beginning at the root. */
export function chain(rank: number, size: number, root: number): Tree {
  const next = (rank + 1) % size;
  return { parent: rank === root ? undefined : (rank - 1 + size) % size, children: next === root ? [] : [next] };
}

/** Binomial tree over ranks relative to the root; the largest subtree is served first. */
export function binomial(rank: number, size: number, root: number): Tree {
  const relative = (rank - root + size) % size;
  const children: number[] = [];
  const span = subtree(relative, size);
  for (let mask = highestBit(span - 1); mask >= 1; mask /= 2) {
    if (relative + mask < size) children.push((rank + mask) % size);
  }
  const parent = relative === 0 ? undefined : ((relative & (relative - 1)) + root) % size;
  return { parent, children };
}

/** Ranks in the binomial subtree of a relative rank, if the tree were full: the lowest set bit, for the root all. */
export function subtree(relative: number, size: number): number {
  return relative === 0 ? 2 * highestBit(size - 1) || 1 : relative & -relative;
}

/** Largest power of two not above n; 0 for 0. */
export function highestBit(n: number): number {
  return n === 0 ? 0 : 2 ** (31 - Math.clz32(n));
}

/** Passes blocks down a tree, each as a message of its own: several blocks make a pipeline. */
export async function passDown(blocks: Blocks, count: number, tree: Tree): Promise<void> {
  const { parent, children } = tree;
  const arrivals: Promise<void>[] = [];
  if (parent !== undefined) {
    for (let block = 0; block < count; block++) arrivals.push(observed(blocks.recv([block], parent)));
  }
  const sent: Promise<void>[] = [];
  for (let block = 0; block < count; block++) {
    await arrivals[block];
    for (const child of children) sent.push(observed(blocks.send([block], child)));
  }
  await Promise.all(sent);
}

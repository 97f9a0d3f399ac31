import type { ElementArray } from '../../ops/index.ts';
import type { Call } from '../call.ts';
import type { BufferReduction, Reduction } from '../reduction.ts';
import { foldPairs, membersOf } from './fold.ts';
import { equalParts, halve } from './halving.ts';

/**
 * Neighbouring ranges of ranks merge, ⌈log2 p⌉ times. The result of a range is held by the root if it is in it, otherwise
 * by its lowest rank, so the bracketing is the same for every root and in rank order. Undefined except at the root.
 */
export async function reduceBinomial<A>(call: Call, r: Reduction<A>, input: A, root: number): Promise<A | undefined> {
  const { rank, size } = call;
  const holder = (first: number, width: number) => (root >= first && root < first + width ? root : first);
  let held = input;
  let owned = false;
  for (let width = 1; width < size; width *= 2) {
    const first = rank - (rank % (2 * width));
    const middle = first + width;
    if (middle >= size) continue;
    const lower = holder(first, width);
    const upper = holder(middle, width);
    const keeper = holder(first, 2 * width);
    if (rank !== keeper) {
      await r.send(held, keeper);
      return undefined;
    }
    if (!owned) held = r.own(held);
    owned = true;
    held = rank === lower ? r.combine(held, await r.recv(upper)) : r.combine(await r.recv(lower), held);
  }
  return held;
}

/**
 * Recursive halving, then the pieces go to the root (Rabenseifner; Thakur et al. 2005): about 2n bytes per rank instead of
 * n log2 p. Keeps rank order. Undefined except at the root.
 */
export async function reduceRabenseifner(
  call: Call,
  r: BufferReduction,
  root: number,
): Promise<ElementArray | undefined> {
  const members = membersOf(call, root);
  const acc = await foldPairs(call, r, r.input, members);
  if (acc === undefined) return undefined;
  const steps = await halve(r, acc, members, equalParts(acc.length, members.count, r.unit));
  const rootIndex = members.indexOf(root);
  for (const { partner, mask, kept, given } of steps.toReversed()) {
    if ((members.index & mask) !== (rootIndex & mask)) {
      await r.send(kept, partner);
      return undefined;
    }
    await r.recvInto(given, partner);
  }
  return acc;
}

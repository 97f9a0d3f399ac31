import type { ElementArray } from '../../ops/index.ts';
import type { BufferReduction } from '../reduction.ts';
import type { Members } from './fold.ts';

/** One step of recursive halving: the elements this rank goes on with, and those its partner does. */
export interface HalvingStep {
  readonly partner: number;
  /** The bit in which the indexes of the two differ. */
  readonly mask: number;
  readonly kept: ElementArray;
  readonly given: ElementArray;
}

/** `parts + 1` positions that cut `length` elements into equal parts, at multiples of `unit`. */
export function equalParts(length: number, parts: number, unit: number): number[] {
  return Array.from({ length: parts + 1 }, (_, i) => Math.floor((length / unit / parts) * i) * unit);
}

/**
 * Reduces `acc` so that each member ends with one part of the result, of the parts cut at `edges` (one more than there are
 * members): the part whose number is the member's index with its bits reversed. Neighbours exchange first, so operands
 * always are contiguous ranges and meet in rank order.
 */
export async function halve(
  r: BufferReduction,
  acc: ElementArray,
  members: Members,
  edges: readonly number[],
): Promise<HalvingStep[]> {
  const steps: HalvingStep[] = [];
  let first = 0;
  let parts = members.count;
  const elements = (from: number, count: number) => acc.subarray(edges[from]!, edges[from + count]!);
  const received = r.allocate(acc.length);
  for (let mask = 1; mask < members.count; mask *= 2) {
    const partner = members.rankOf(members.index ^ mask);
    parts /= 2;
    const low = elements(first, parts);
    const high = elements(first + parts, parts);
    const isHigh = (members.index & mask) !== 0;
    if (isHigh) first += parts;
    const [kept, given] = isHigh ? [high, low] : [low, high];
    const theirs = received.subarray(0, kept.length);
    await Promise.all([r.recvInto(theirs, partner), r.send(given, partner)]);
    r.accumulate(kept, theirs, isHigh);
    steps.push({ partner, mask, kept, given });
  }
  return steps;
}

import type { ElementArray } from '../../ops/index.ts';
import { type Blocks, BufferBlocks } from '../blocks.ts';
import { type Call, observed } from '../call.ts';
import { type BufferReduction, bytesOf, type Reduction } from '../reduction.ts';
import { allgatherRing } from './allgather.ts';
import { foldPairs, membersOf } from './fold.ts';
import { equalParts, halve } from './halving.ts';

/** All operands to all ranks by `allgather`, then each rank reduces them from rank 0 up: fewest rounds, most bytes. */
export async function allreduceByAllgather<A>(
  call: Call,
  r: Reduction<A>,
  blocks: Blocks,
  operand: (rank: number) => A,
  allgather: (call: Call, blocks: Blocks) => Promise<void>,
): Promise<A> {
  await allgather(call, blocks);
  return reduceInOrder(call, r, operand);
}

/** The operands of all ranks, from rank 0 up. */
export function reduceInOrder<A>(call: Call, r: Reduction<A>, operand: (rank: number) => A): A {
  let result = operand(0);
  for (let rank = 1; rank < call.size; rank++) result = r.combine(result, operand(rank));
  return result;
}

/**
 * log2 p exchanges of the whole operand. Both partners combine lower ranks with upper ones, so all ranks compute the same
 * brackets in rank order and end with the same bits.
 */
export async function allreduceRecursiveDoubling<A>(call: Call, r: Reduction<A>, input: A): Promise<A> {
  const members = membersOf(call);
  const folded = members.mate === undefined ? r.lent(input) : await foldPairs(call, r, input, members);
  if (!members.active) return r.recv(members.mate!);
  let held = folded as A;
  for (let mask = 1; mask < members.count; mask *= 2) {
    const partner = members.rankOf(members.index ^ mask);
    const [theirs] = await Promise.all([r.recv(partner), r.send(held, partner)]);
    held = partner < call.rank ? r.combine(theirs, held) : r.combine(held, theirs);
  }
  if (members.mate !== undefined) await r.send(held, members.mate);
  return held;
}

/** Recursive halving, then doubling back (Rabenseifner; Thakur et al. 2005): about 2n bytes per rank. Keeps rank order. */
export async function allreduceRabenseifner(call: Call, r: BufferReduction): Promise<ElementArray> {
  const members = membersOf(call);
  const acc = await foldPairs(call, r, r.input, members);
  if (acc === undefined) return r.recv(members.mate!);
  const steps = await halve(r, acc, members, equalParts(acc.length, members.count, r.unit));
  for (const { partner, kept, given } of steps.toReversed()) {
    await Promise.all([r.recvInto(given, partner), r.send(kept, partner)]);
  }
  if (members.mate !== undefined) await r.send(acc, members.mate);
  return acc;
}

/**
 * Each of p pieces goes once round the ring being reduced and once more complete (Patarasuk & Yuan 2009); in the first
 * round in segments, so that combining one overlaps receiving the next. Starts a piece at any rank: commutative ops only.
 */
export async function allreduceRing(call: Call, r: BufferReduction, segmentBytes: number): Promise<ElementArray> {
  const { rank, size } = call;
  const left = (rank - 1 + size) % size;
  const right = (rank + 1) % size;
  const acc = r.own(r.input);
  if (size === 1) return acc;
  const edges = equalParts(acc.length, size, r.unit);
  const pieces = Array.from({ length: size }, (_, i) => acc.subarray(edges[i], edges[i + 1]));
  const segmentLength = Math.max(1, Math.floor(segmentBytes / acc.BYTES_PER_ELEMENT / r.unit)) * r.unit;
  const segmentsOf = (piece: ElementArray) => {
    const segments: ElementArray[] = [];
    for (let at = 0; at < piece.length; at += segmentLength) segments.push(piece.subarray(at, at + segmentLength));
    return segments;
  };
  const arriving = Array.from({ length: size - 1 }, (_, step) => segmentsOf(pieces[(rank - 1 - step + size) % size]!));
  const passedOn = arriving.slice(0, -1).flat().length;
  const order = arriving.flat();
  const landing = [r.allocate(segmentLength), r.allocate(segmentLength)];
  const post = (i: number) => observed(r.recvInto(landing[i % 2]!.subarray(0, order[i]!.length), left));
  const posted = order.slice(0, 2).map((_, i) => post(i));
  const sent = segmentsOf(pieces[rank]!).map((segment) => observed(r.send(segment, right)));
  for (let i = 0; i < order.length; i++) {
    const segment = order[i]!;
    r.accumulate(segment, await posted[i]!, true);
    if (i + 2 < order.length) posted.push(post(i + 2));
    if (i < passedOn) sent.push(observed(r.send(segment, right)));
  }
  await Promise.all(sent);
  await allgatherRing(call, new BufferBlocks(call, r.type, pieces.map(bytesOf)), right);
  return acc;
}

import type { Blocks } from '../blocks.ts';
import { type Call, observed, windowed } from '../call.ts';

/** Everybody sends its block to everybody: one hop, p − 1 messages each. */
export function allgatherLinear(call: Call, blocks: Blocks): Promise<void> {
  const { rank, size } = call;
  return windowed(size - 1, (i) => {
    const source = (rank - 1 - i + size) % size;
    return Promise.all([blocks.recv([source], source), blocks.send([rank], (rank + 1 + i) % size)]);
  });
}

/** log2 p rounds in which the blocks held double, between ranks that differ in one bit. Sizes that are powers of two. */
export async function allgatherRecursiveDoubling(call: Call, blocks: Blocks): Promise<void> {
  const { rank, size } = call;
  const aligned = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  for (let distance = 1; distance < size; distance *= 2) {
    const partner = rank ^ distance;
    await Promise.all([
      blocks.recv(aligned(partner & -distance, distance), partner),
      blocks.send(aligned(rank & -distance, distance), partner),
    ]);
  }
}

/** ⌈log2 p⌉ rounds for any p: the blocks of the 2^k next ranks come from the rank 2^k ahead (Bruck et al. 1997). */
export async function allgatherBruck(call: Call, blocks: Blocks): Promise<void> {
  const { rank, size } = call;
  const following = (first: number, count: number) => Array.from({ length: count }, (_, i) => (first + i) % size);
  for (let distance = 1; distance < size; distance *= 2) {
    const count = Math.min(distance, size - distance);
    const source = (rank + distance) % size;
    await Promise.all([
      blocks.recv(following(source, count), source),
      blocks.send(following(rank, count), (rank - distance + size) % size),
    ]);
  }
}

/**
 * p/2 rounds between direct neighbours, alternately left and right, two blocks at a time (Chen et al. 2005). Even sizes.
 */
export async function allgatherNeighborExchange(call: Call, blocks: Blocks): Promise<void> {
  const { rank, size } = call;
  const even = rank % 2 === 0;
  const neighbors = even ? [rank + 1, (rank - 1 + size) % size] : [rank - 1, (rank + 1) % size];
  const pairOf = (first: number) => [first, first + 1];
  await Promise.all([blocks.recv([neighbors[0]!], neighbors[0]!), blocks.send([rank], neighbors[0]!)]);
  // The pair of blocks that goes out next; it starts at an even rank and moves away on the side it came from.
  let outgoing = even ? rank : rank - 1;
  for (let round = 1; round < size / 2; round++) {
    const neighbor = neighbors[round % 2]!;
    // A neighbour at the right sends pairs from ever further right, one at the left from ever further left.
    const rightwards = neighbor === (rank + 1) % size;
    const own = even ? rank : rank - 1;
    const offset = rightwards ? round + (round % 2) : -(round + (round % 2));
    const incoming = (own + offset + size * 2) % size;
    await Promise.all([blocks.recv(pairOf(incoming), neighbor), blocks.send(pairOf(outgoing), neighbor)]);
    outgoing = incoming;
  }
}

/**
 * p − 1 steps in which each rank passes its neighbour the block it received last. `own`: number of this rank's block, the
 * next rank's is the next one; default the rank.
 */
export async function allgatherRing(call: Call, blocks: Blocks, own = call.rank): Promise<void> {
  const { rank, size } = call;
  const left = (rank - 1 + size) % size;
  const right = (rank + 1) % size;
  const block = (step: number) => (own - step + size) % size;
  const arrivals: Promise<void>[] = [];
  for (let step = 1; step < size; step++) arrivals.push(observed(blocks.recv([block(step)], left)));
  const sent: Promise<void>[] = [];
  for (let step = 0; step < size - 1; step++) {
    if (step > 0) await arrivals[step - 1];
    sent.push(observed(blocks.send([block(step)], right)));
  }
  await Promise.all(arrivals);
  await Promise.all(sent);
}

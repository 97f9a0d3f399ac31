import type { BufferView } from '../../transport/index.ts';
import { type Blocks, BufferBlocks } from '../blocks.ts';
import type { Call } from '../call.ts';
import { allgatherRing } from './allgather.ts';
import { binomial, chain, highestBit, passDown, star, subtree } from './tree.ts';

/** The root sends the block to everybody. */
export function bcastLinear(call: Call, blocks: Blocks, root: number): Promise<void> {
  return passDown(blocks, 1, star(call.rank, call.size, root));
}

/** ⌈log2 p⌉ hops; every rank that has the block passes it on. */
export function bcastBinomial(call: Call, blocks: Blocks, root: number): Promise<void> {
  return passDown(blocks, 1, binomial(call.rank, call.size, root));
}

/** The buffer in segments down a binomial tree, so that a rank passes on one while it receives the next. */
export function bcastPipelined(call: Call, view: BufferView, root: number, segmentBytes: number): Promise<void> {
  const segments = segmentsOf(call, view, segmentBytes);
  return passDown(segments, segments.memory.length, binomial(call.rank, call.size, root));
}

/** The buffer in segments from rank to rank. */
export function bcastChain(call: Call, view: BufferView, root: number, segmentBytes: number): Promise<void> {
  const segments = segmentsOf(call, view, segmentBytes);
  return passDown(segments, segments.memory.length, chain(call.rank, call.size, root));
}

/**
 * Scatter of p pieces down a binomial tree, then allgather round the ring: 2n(p − 1)/p bytes per rank whatever p is
 * (Barnett et al. 1994, known as van de Geijn's).
 */
export async function bcastScatterAllgather(call: Call, view: BufferView, root: number): Promise<void> {
  const { rank, size } = call;
  const length = view.bytes.length;
  // Piece i belongs to the rank i places after the root.
  const edge = (piece: number) => Math.floor((length * piece) / size);
  const pieces = Array.from({ length: size }, (_, piece) => view.bytes.subarray(edge(piece), edge(piece + 1)));
  const blocks = new BufferBlocks(call, view.type, pieces);
  const relative = (rank - root + size) % size;
  const range = (first: number, span: number) =>
    Array.from({ length: Math.min(span, size - first) }, (_, i) => first + i);
  const { parent } = binomial(rank, size, root);
  const span = subtree(relative, size);
  if (parent !== undefined) await blocks.recv(range(relative, span), parent);
  const sent: Promise<void>[] = [];
  for (let mask = highestBit(span - 1); mask >= 1; mask /= 2) {
    if (relative + mask < size) sent.push(blocks.send(range(relative + mask, mask), (rank + mask) % size));
  }
  // The ring brings these pieces once more, into the memory they are being sent from.
  await Promise.all(sent);
  await allgatherRing(call, blocks, relative);
}

function segmentsOf(call: Call, view: BufferView, segmentBytes: number): BufferBlocks {
  const { bytes } = view;
  const count = Math.max(1, Math.ceil(bytes.length / segmentBytes));
  const memory = Array.from({ length: count }, (_, i) => bytes.subarray(i * segmentBytes, (i + 1) * segmentBytes));
  return new BufferBlocks(call, view.type, memory);
}

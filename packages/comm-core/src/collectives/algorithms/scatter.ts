import type { Blocks } from '../blocks.ts';
import { type Call, observed, windowed } from '../call.ts';
import { DIRECT, recvPacket, type Slot, sendPacket, slotOf } from '../packet.ts';
import { binomial, subtree } from './tree.ts';

/** The root sends every rank its block. */
export function scatterLinear(call: Call, blocks: Blocks, root: number): Promise<void> {
  const { rank, size } = call;
  if (rank !== root) return blocks.recv([rank], root);
  return windowed(size - 1, (i) => {
    const dest = (root + 1 + i) % size;
    return blocks.send([dest], dest);
  });
}

/** Blocks of up to `limitBytes` go down a binomial tree, a packet for each subtree; larger ones straight from the root. */
export async function scatterBinomial(call: Call, blocks: Blocks, root: number, limitBytes: number): Promise<void> {
  const { rank, size } = call;
  const relative = (rank - root + size) % size;
  const { parent, children } = binomial(rank, size, root);
  const length = Math.min(subtree(relative, size), size - relative);
  const absolute = (first: number) => (first + root) % size;
  const slots: Slot[] =
    parent === undefined
      ? Array.from({ length }, (_, i) => (i === 0 ? DIRECT : slotOf(blocks, absolute(i), limitBytes)))
      : await recvPacket(call, blocks.kind, length, parent);
  const sent = children.map((child) => {
    const first = ((child - root + size) % size) - relative;
    const end = first + subtree(first + relative, size);
    return observed(sendPacket(call, blocks.kind, slots.slice(first, end), child));
  });
  if (parent === undefined) {
    const direct = slots.flatMap((slot, i) => (i > 0 && slot === DIRECT ? [absolute(i)] : []));
    await windowed(direct.length, (i) => blocks.send([direct[i]!], direct[i]!));
  } else if (slots[0] === DIRECT) {
    await blocks.recv([rank], root);
  } else {
    blocks.accept(rank, slots[0]!);
  }
  await Promise.all(sent);
}

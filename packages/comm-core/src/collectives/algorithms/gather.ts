import type { Blocks } from '../blocks.ts';
import { type Call, windowed } from '../call.ts';
import { DIRECT, recvPacket, type Slot, sendPacket, slotOf } from '../packet.ts';
import { binomial, subtree } from './tree.ts';

/** Every rank sends its block to the root. */
export function gatherLinear(call: Call, blocks: Blocks, root: number): Promise<void> {
  const { rank, size } = call;
  if (rank !== root) return blocks.send([rank], root);
  return windowed(size - 1, (i) => {
    const source = (root + 1 + i) % size;
    return blocks.recv([source], source);
  });
}

/**
 * Blocks of up to `limitBytes` go up a binomial tree, joined into one packet at every rank; larger ones straight to the
 * root, which learns of them from the packets.
 */
export async function gatherBinomial(call: Call, blocks: Blocks, root: number, limitBytes: number): Promise<void> {
  const { rank, size } = call;
  const relative = (rank - root + size) % size;
  const { parent, children } = binomial(rank, size, root);
  const incoming = children.toReversed().map((child) => {
    const first = (child - root + size) % size;
    return recvPacket(call, blocks.kind, Math.min(subtree(first, size), size - first), child);
  });
  const own: Slot = parent === undefined ? DIRECT : slotOf(blocks, rank, limitBytes);
  // Relative ranks of a subtree follow each other, and so do the subtrees of the children.
  const slots: Slot[] = [own, ...(await Promise.all(incoming)).flat()];
  if (parent !== undefined) {
    await sendPacket(call, blocks.kind, slots, parent);
    if (own === DIRECT) await blocks.send([rank], root);
    return;
  }
  const direct: number[] = [];
  for (let i = 1; i < slots.length; i++) {
    const source = (relative + i + root) % size;
    const slot = slots[i]!;
    if (slot === DIRECT) direct.push(source);
    else blocks.accept(source, slot);
  }
  await windowed(direct.length, (i) => blocks.recv([direct[i]!], direct[i]!));
}

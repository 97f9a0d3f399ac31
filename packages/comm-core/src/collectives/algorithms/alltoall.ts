import type { Blocks } from '../blocks.ts';
import { type Call, windowed } from '../call.ts';
import { DIRECT, recvPacket, type Slot, sendPacket, slotOf } from '../packet.ts';

/** Every pair exchanges directly, each rank beginning with the next one so that nobody is everybody's first. */
export function alltoallScattered(call: Call, outgoing: Blocks, incoming: Blocks): Promise<void> {
  const { rank, size } = call;
  return windowed(size - 1, (i) => {
    const source = (rank - 1 - i + size) % size;
    const dest = (rank + 1 + i) % size;
    return Promise.all([incoming.recv([source], source), outgoing.send([dest], dest)]);
  });
}

/** One exchange at a time: with rank XOR i in powers of two, otherwise to the rank i ahead and from the one i behind. */
export async function alltoallPairwise(call: Call, outgoing: Blocks, incoming: Blocks): Promise<void> {
  const { rank, size } = call;
  const powerOfTwo = (size & (size - 1)) === 0;
  for (let step = 1; step < size; step++) {
    const source = powerOfTwo ? rank ^ step : (rank - step + size) % size;
    const dest = powerOfTwo ? rank ^ step : (rank + step) % size;
    await Promise.all([incoming.recv([source], source), outgoing.send([dest], dest)]);
  }
}

/**
 * ⌈log2 p⌉ rounds (Bruck et al. 1997): a block with distance d to its destination moves 2^k ranks ahead in round k if bit k
 * of d is set. Blocks larger than `limitBytes` go straight to their destination afterwards.
 */
export async function alltoallBruck(call: Call, outgoing: Blocks, incoming: Blocks, limitBytes: number): Promise<void> {
  const { rank, size } = call;
  const { kind } = outgoing;
  /** At first what is for the rank d ahead, in the end what came from the rank d behind. */
  const slots: Slot[] = Array.from({ length: size }, (_, d) =>
    d === 0 ? DIRECT : slotOf(outgoing, (rank + d) % size, limitBytes),
  );
  const direct = slots.flatMap((slot, d) => (d > 0 && slot === DIRECT ? [(rank + d) % size] : []));
  for (let hop = 1; hop < size; hop *= 2) {
    const moving: number[] = [];
    for (let d = hop; d < size; d++) if (d & hop) moving.push(d);
    const [arrived] = await Promise.all([
      recvPacket(call, kind, moving.length, (rank - hop + size) % size),
      sendPacket(
        call,
        kind,
        moving.map((d) => slots[d]!),
        (rank + hop) % size,
      ),
    ]);
    moving.forEach((d, i) => {
      slots[d] = arrived[i]!;
    });
  }
  const expected: number[] = [];
  for (let d = 1; d < size; d++) {
    const source = (rank - d + size) % size;
    const slot = slots[d]!;
    if (slot === DIRECT) expected.push(source);
    else incoming.accept(source, slot);
  }
  await Promise.all([
    windowed(expected.length, (i) => incoming.recv([expected[i]!], expected[i]!)),
    windowed(direct.length, (i) => outgoing.send([direct[i]!], direct[i]!)),
  ]);
}

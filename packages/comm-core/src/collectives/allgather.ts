import { encode } from '../codec/index.ts';
import type { BlockOptions, BufferLike, InPlace, Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { countOf } from '../datatype/index.ts';
import { agree, CHECKING } from './agreement.ts';
import {
  allgatherBruck,
  allgatherLinear,
  allgatherNeighborExchange,
  allgatherRecursiveDoubling,
  allgatherRing,
} from './algorithms/allgather.ts';
import { blocksOf, checkSendBytes, checkTypes, isInPlace, layoutOf, recvOf, sendOf } from './arguments.ts';
import { type Blocks, BufferBlocks, ValueBlocks } from './blocks.ts';
import { begin, type Call } from './call.ts';
import { type AllgatherAlgorithm, chooseAllgather } from './chooser.ts';
import { valuesOf } from './gather.ts';
import { allgatherBetween, allgatherIntoBetween } from './inter/allgather.ts';
import { allgatherShort, native } from './native.ts';

/** See `Collectives.allgather`. The caller's own value is in the list as it is, not copied. */
export async function allgather<T>(host: CollectiveHost, value: T, options?: Waitable): Promise<T[]> {
  const call = begin(host, 'allgather', options);
  if (CHECKING) await agree(call, {});
  if (call.remoteSize !== undefined) return allgatherBetween(call, value);
  if (call.size === 1) return [value];
  const blocks = new ValueBlocks(call, call.size);
  const segments = encode(value);
  const short = host.context.native?.short;
  const together = short && (await allgatherShort(call, short, segments));
  if (together) {
    blocks.parcels = together.map((block) => [block]);
  } else {
    blocks.parcels[call.rank] = segments;
    await allgatherBlocks(call, blocks, chooseAllgather(call.size, undefined));
  }
  return valuesOf(blocks, call.rank, value);
}

/** Brings every block to every rank by the algorithm of this name. */
export function allgatherBlocks(call: Call, blocks: Blocks, algorithm: AllgatherAlgorithm): Promise<void> {
  switch (algorithm) {
    case 'linear':
      return allgatherLinear(call, blocks);
    case 'recursive-doubling':
      return allgatherRecursiveDoubling(call, blocks);
    case 'bruck':
      return allgatherBruck(call, blocks);
    case 'neighbor-exchange':
      return allgatherNeighborExchange(call, blocks);
    case 'ring':
      return allgatherRing(call, blocks);
  }
}

/** See `Collectives.allgatherInto`. All ranks pass the same counts. */
export async function allgatherInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike,
  options?: BlockOptions & Waitable,
): Promise<void> {
  const call = begin(host, 'allgatherInto', options);
  if (call.remoteSize !== undefined) return allgatherIntoBetween(host, call, send, recv, options);
  const own = isInPlace(send, recv) ? undefined : sendOf(call, send);
  const { view, deliver } = recvOf(call, recv);
  const layout = layoutOf(call, countOf(view), call.size, options?.counts, options?.displs);
  const memory = blocksOf(view, layout);
  if (own !== undefined) {
    checkTypes(call, own, view);
    checkSendBytes(call, own, memory[call.rank]!.length);
  }
  if (CHECKING) await agree(call, { type: view.type, counts: layout.counts });
  const library = host.context.native;
  if (library !== undefined) {
    await native(call, library.allgather(own, view, layout.counts, layout.displs));
  } else {
    if (own !== undefined) memory[call.rank]!.set(own.bytes);
    const bytes = memory.reduce((sum, block) => sum + block.length, 0);
    if (call.size > 1) {
      await allgatherBlocks(call, new BufferBlocks(call, view.type, memory), chooseAllgather(call.size, bytes));
    }
  }
  deliver();
}

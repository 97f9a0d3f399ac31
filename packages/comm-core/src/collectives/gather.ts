import { decode, encode } from '../codec/index.ts';
import type { BlockOptions, BufferLike, InPlace, RootOptions } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { countOf } from '../datatype/index.ts';
import { agree, CHECKING } from './agreement.ts';
import { gatherBinomial, gatherLinear } from './algorithms/gather.ts';
import { blocksOf, checkSendBytes, checkTypes, isInPlace, layoutOf, recvOf, rootOf, sendOf } from './arguments.ts';
import { type Blocks, BufferBlocks, ValueBlocks } from './blocks.ts';
import { begin, type Call } from './call.ts';
import { chooseGather, type GatherAlgorithm, THRESHOLDS } from './chooser.ts';
import { gatherBetween, gatherIntoBetween } from './inter/gather.ts';
import { native } from './native.ts';

/** See `Collectives.gather`. The root's own value is in its list as it is, not copied. */
export async function gather<T>(host: CollectiveHost, value: T, options?: RootOptions): Promise<T[] | undefined> {
  const call = begin(host, 'gather', options);
  if (call.remoteSize !== undefined) return gatherBetween(call, value, options);
  const root = rootOf(call, options);
  if (CHECKING) await agree(call, { root });
  if (call.size === 1) return [value];
  const blocks = new ValueBlocks(call, call.size);
  if (call.rank !== root) blocks.parcels[call.rank] = encode(value);
  await gatherBlocks(call, blocks, root, chooseGather(call.size));
  if (call.rank !== root) return undefined;
  return valuesOf(blocks, call.rank, value);
}

/** The decoded values, with this rank's own in its place. */
export function valuesOf<T>(blocks: ValueBlocks, rank: number, own: T): T[] {
  return Array.from(blocks.parcels, (parcel, index) => (index === rank ? own : (decode(parcel) as T)));
}

/** Brings every rank's block to the root by the algorithm of this name. */
export function gatherBlocks(call: Call, blocks: Blocks, root: number, algorithm: GatherAlgorithm): Promise<void> {
  return algorithm === 'linear'
    ? gatherLinear(call, blocks, root)
    : gatherBinomial(call, blocks, root, THRESHOLDS.packetBlock);
}

/** See `Collectives.gatherInto`. */
export async function gatherInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike | undefined,
  options?: RootOptions & BlockOptions,
): Promise<void> {
  const call = begin(host, 'gatherInto', options);
  if (call.remoteSize !== undefined) return gatherIntoBetween(host, call, send, recv, options);
  const root = rootOf(call, options);
  const library = host.context.native;
  if (call.rank !== root) {
    const own = sendOf(call, send);
    if (CHECKING) await agree(call, { root, type: own.type });
    if (library !== undefined) return native(call, library.gather(own, undefined, [], [], root));
    const memory: Uint8Array[] = [];
    memory[call.rank] = own.bytes;
    return gatherBlocks(call, new BufferBlocks(call, own.type, memory), root, chooseGather(call.size));
  }
  const own = isInPlace(send, recv) ? undefined : sendOf(call, send);
  const { view, deliver } = recvOf(call, recv);
  const layout = layoutOf(call, countOf(view), call.size, options?.counts, options?.displs);
  const memory = blocksOf(view, layout);
  if (own !== undefined) {
    checkTypes(call, own, view);
    checkSendBytes(call, own, memory[root]!.length);
  }
  if (CHECKING) await agree(call, { root, type: view.type });
  if (library !== undefined) {
    await native(call, library.gather(own, view, layout.counts, layout.displs, root));
  } else {
    if (own !== undefined) memory[root]!.set(own.bytes);
    if (call.size > 1) {
      await gatherBlocks(call, new BufferBlocks(call, view.type, memory), root, chooseGather(call.size));
    }
  }
  deliver();
}

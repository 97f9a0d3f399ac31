import { decode, encode } from '../codec/index.ts';
import type { BlockOptions, BufferLike, InPlace, RootOptions } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { countOf, ELEMENT_BYTES } from '../datatype/index.ts';
import { agree, CHECKING } from './agreement.ts';
import { scatterBinomial, scatterLinear } from './algorithms/scatter.ts';
import {
  blocksOf,
  checkRoom,
  checkTypes,
  checkValues,
  isInPlace,
  layoutOf,
  recvOf,
  rootOf,
  sendOf,
} from './arguments.ts';
import { type Blocks, BufferBlocks, ValueBlocks } from './blocks.ts';
import { begin, type Call } from './call.ts';
import { chooseScatter, type GatherAlgorithm, THRESHOLDS } from './chooser.ts';
import { scatterBetween, scatterIntoBetween } from './inter/scatter.ts';
import { native } from './native.ts';

/** See `Collectives.scatter`. The root's own value comes back as it is, not copied. */
export async function scatter<T>(
  host: CollectiveHost,
  values: readonly T[] | undefined,
  options?: RootOptions,
): Promise<T> {
  const call = begin(host, 'scatter', options);
  if (call.remoteSize !== undefined) return scatterBetween(call, values, options);
  const root = rootOf(call, options);
  const blocks = new ValueBlocks(call, call.size);
  if (call.rank === root) {
    checkValues(call, values, call.size).forEach((value, rank) => {
      if (rank !== root) blocks.parcels[rank] = encode(value);
    });
  }
  if (CHECKING) await agree(call, { root });
  if (call.size > 1) await scatterBlocks(call, blocks, root, chooseScatter(call.size));
  return call.rank === root ? values![root]! : (decode(blocks.parcels[call.rank]!) as T);
}

/** Brings every rank its block from the root by the algorithm of this name. */
export function scatterBlocks(call: Call, blocks: Blocks, root: number, algorithm: GatherAlgorithm): Promise<void> {
  return algorithm === 'linear'
    ? scatterLinear(call, blocks, root)
    : scatterBinomial(call, blocks, root, THRESHOLDS.packetBlock);
}

/** See `Collectives.scatterInto`. A receive buffer may be longer than the block; the rest of it is left alone. */
export async function scatterInto(
  host: CollectiveHost,
  send: BufferLike | undefined,
  recv: BufferLike | InPlace,
  options?: RootOptions & BlockOptions,
): Promise<void> {
  const call = begin(host, 'scatterInto', options);
  if (call.remoteSize !== undefined) return scatterIntoBetween(host, call, send, recv, options);
  const root = rootOf(call, options);
  const library = host.context.native;
  if (call.rank !== root) {
    const { view, deliver } = recvOf(call, recv);
    if (CHECKING) await agree(call, { root, type: view.type });
    if (library !== undefined) {
      await native(call, library.scatter(undefined, view, [], [], root));
      return deliver();
    }
    const memory: Uint8Array[] = [];
    memory[call.rank] = view.bytes;
    const blocks = new BufferBlocks(call, view.type, memory, false);
    await scatterBlocks(call, blocks, root, chooseScatter(call.size));
    return deliver(blocks.received / ELEMENT_BYTES[view.type]);
  }
  const source = sendOf(call, send);
  const layout = layoutOf(call, countOf(source), call.size, options?.counts, options?.displs);
  const memory = blocksOf(source, layout);
  const own = isInPlace(send, recv) ? undefined : recvOf(call, recv);
  if (own !== undefined) {
    checkTypes(call, source, own.view);
    checkRoom(call, own.view, memory[root]!.length);
  }
  if (CHECKING) await agree(call, { root, type: source.type });
  if (library !== undefined) {
    const into = own && { bytes: own.view.bytes.subarray(0, memory[root]!.length), type: own.view.type };
    await native(call, library.scatter(source, into, layout.counts, layout.displs, root));
  } else {
    own?.view.bytes.set(memory[root]!);
    if (call.size > 1) {
      await scatterBlocks(call, new BufferBlocks(call, source.type, memory), root, chooseScatter(call.size));
    }
  }
  own?.deliver(layout.counts[root]);
}

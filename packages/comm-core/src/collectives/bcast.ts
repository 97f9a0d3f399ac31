import { decode, encode } from '../codec/index.ts';
import type { BufferLike, RootOptions } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { countOf } from '../datatype/index.ts';
import type { BufferView } from '../transport/index.ts';
import { agree, CHECKING } from './agreement.ts';
import { bcastBinomial, bcastChain, bcastLinear, bcastPipelined, bcastScatterAllgather } from './algorithms/bcast.ts';
import { recvOf, rootOf } from './arguments.ts';
import { BufferBlocks, ValueBlocks } from './blocks.ts';
import { begin, type Call } from './call.ts';
import { type BcastAlgorithm, chooseBcast, THRESHOLDS } from './chooser.ts';
import { bcastBetween, bcastIntoBetween } from './inter/bcast.ts';
import { delivered, native } from './native.ts';

/** See `Collectives.bcast`. The root gets its own value back. */
export async function bcast<T>(host: CollectiveHost, value: T, options?: RootOptions): Promise<T> {
  const call = begin(host, 'bcast', options);
  if (call.remoteSize !== undefined) return bcastBetween(host, call, value, options);
  const root = rootOf(call, options);
  if (CHECKING) await agree(call, { root });
  if (call.size === 1) return value;
  const blocks = new ValueBlocks(call, 1);
  if (call.rank === root) blocks.parcels[0] = encode(value);
  await bcastValue(call, blocks, root, chooseBcast(call.size, undefined));
  return call.rank === root ? value : (decode(blocks.parcels[0]!) as T);
}

/** Broadcasts an encoded value by any algorithm that does not need to know its size. */
export function bcastValue(call: Call, blocks: ValueBlocks, root: number, algorithm: BcastAlgorithm): Promise<void> {
  return algorithm === 'linear' ? bcastLinear(call, blocks, root) : bcastBinomial(call, blocks, root);
}

/** See `Collectives.bcastInto`. */
export function bcastInto(host: CollectiveHost, buffer: BufferLike, options?: RootOptions): Promise<void> {
  try {
    const call = begin(host, 'bcastInto', options);
    if (call.remoteSize !== undefined) return bcastIntoBetween(host, call, buffer, options);
    const root = rootOf(call, options);
    const into = recvOf(call, buffer);
    const { view } = into;
    const library = host.context.native;
    const start = () => {
      if (library !== undefined) return native(call, library.bcast(view, root));
      if (call.size === 1) return Promise.resolve();
      return bcastBuffer(call, view, root, chooseBcast(call.size, view.bytes.length));
    };
    const done = CHECKING ? agree(call, { root, type: view.type, count: countOf(view) }).then(start) : start();
    return delivered(done, call.rank === root ? undefined : into);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Broadcasts memory by the algorithm of this name. */
export function bcastBuffer(call: Call, view: BufferView, root: number, algorithm: BcastAlgorithm): Promise<void> {
  switch (algorithm) {
    case 'linear':
      return bcastLinear(call, new BufferBlocks(call, view.type, [view.bytes]), root);
    case 'binomial':
      return bcastBinomial(call, new BufferBlocks(call, view.type, [view.bytes]), root);
    case 'pipelined':
      return bcastPipelined(call, view, root, THRESHOLDS.bcastSegment);
    case 'chain':
      return bcastChain(call, view, root, THRESHOLDS.bcastSegment);
    case 'scatter-allgather':
      return bcastScatterAllgather(call, view, root);
  }
}

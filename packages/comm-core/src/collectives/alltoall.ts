import { encode } from '../codec/index.ts';
import type { AlltoallOptions, BufferLike, InPlace, Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { countOf } from '../datatype/index.ts';
import { MismatchError } from '../errors.ts';
import { agree, CHECKING } from './agreement.ts';
import { alltoallBruck, alltoallPairwise, alltoallScattered } from './algorithms/alltoall.ts';
import { blocksOf, checkTypes, checkValues, isInPlace, layoutOf, recvOf, sendOf } from './arguments.ts';
import { type Blocks, BufferBlocks, ValueBlocks } from './blocks.ts';
import { begin, type Call, describe } from './call.ts';
import { type AlltoallAlgorithm, chooseAlltoall, THRESHOLDS } from './chooser.ts';
import { valuesOf } from './gather.ts';
import { alltoallBetween, alltoallIntoBetween } from './inter/alltoall.ts';
import { native } from './native.ts';

/** See `Collectives.alltoall`. The value for the caller itself comes back as it is, not copied. */
export async function alltoall<T>(host: CollectiveHost, values: readonly T[], options?: Waitable): Promise<T[]> {
  const call = begin(host, 'alltoall', options);
  if (call.remoteSize !== undefined) return alltoallBetween(call, values);
  const { rank, size } = call;
  checkValues(call, values, size);
  const outgoing = new ValueBlocks(call, size);
  values.forEach((value, dest) => {
    if (dest !== rank) outgoing.parcels[dest] = encode(value);
  });
  if (CHECKING) await agree(call, {});
  const incoming = new ValueBlocks(call, size);
  if (size > 1) await alltoallBlocks(call, outgoing, incoming, chooseAlltoall(size, undefined));
  return valuesOf(incoming, rank, values[rank]!);
}

/** Exchanges the blocks of all pairs by the algorithm of this name. */
export function alltoallBlocks(
  call: Call,
  outgoing: Blocks,
  incoming: Blocks,
  algorithm: AlltoallAlgorithm,
): Promise<void> {
  switch (algorithm) {
    case 'scattered':
      return alltoallScattered(call, outgoing, incoming);
    case 'pairwise':
      return alltoallPairwise(call, outgoing, incoming);
    case 'bruck':
      return alltoallBruck(call, outgoing, incoming, THRESHOLDS.alltoallPacketBlock);
  }
}

/** See `Collectives.alltoallInto`. Counts are given on all ranks or on none, as MPI has two functions for the two. */
export async function alltoallInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike,
  options?: AlltoallOptions,
): Promise<void> {
  const call = begin(host, 'alltoallInto', options);
  if (call.remoteSize !== undefined) return alltoallIntoBetween(host, call, send, recv, options);
  const { rank, size } = call;
  const { view, deliver } = recvOf(call, recv);
  const recvLayout = layoutOf(call, countOf(view), size, options?.recvCounts, options?.recvDispls, 'recvCounts');
  const inPlace = isInPlace(send, recv);
  // In place the blocks leave from a copy, so that what arrives cannot overtake what is still to be sent.
  const library = host.context.native;
  const source = inPlace ? (library ? view : { bytes: view.bytes.slice(), type: view.type }) : sendOf(call, send);
  const sendLayout = inPlace
    ? recvLayout
    : layoutOf(call, countOf(source), size, options?.sendCounts, options?.sendDispls, 'sendCounts');
  checkTypes(call, source, view);
  const outgoing = blocksOf(source, sendLayout);
  const incoming = blocksOf(view, recvLayout);
  if (outgoing[rank]!.length !== incoming[rank]!.length) {
    throw new MismatchError(
      `${describe(call)}: sends itself ${outgoing[rank]!.length} bytes, but expects ${incoming[rank]!.length} from itself`,
    );
  }
  if (CHECKING) await agree(call, { type: view.type });
  const unequal = options?.sendCounts !== undefined || options?.recvCounts !== undefined;
  if (library !== undefined) {
    const blocks = {
      equal: !unequal,
      sendCounts: sendLayout.counts,
      sendDispls: sendLayout.displs,
      recvCounts: recvLayout.counts,
      recvDispls: recvLayout.displs,
    };
    await native(call, library.alltoall(inPlace ? undefined : source, view, blocks));
  } else {
    incoming[rank]!.set(outgoing[rank]!);
    const algorithm = chooseAlltoall(size, unequal ? 'unequal' : incoming[0]!.length);
    if (size > 1) {
      await alltoallBlocks(
        call,
        new BufferBlocks(call, source.type, outgoing),
        new BufferBlocks(call, view.type, incoming),
        algorithm,
      );
    }
  }
  deliver();
}

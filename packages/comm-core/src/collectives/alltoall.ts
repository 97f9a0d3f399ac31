import { encode } from '../codec/index.ts';
import type { AlltoallOptions, BufferLike, InPlace, Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { byteLengthOf, countOf, type ReceiveBuffer } from '../datatype/index.ts';
import { MismatchError } from '../errors.ts';
import type { BufferView } from '../transport/index.ts';
import { agree, CHECKING } from './agreement.ts';
import { alltoallBruck, alltoallPairwise, alltoallScattered } from './algorithms/alltoall.ts';
import { blocksOf, checkTypes, checkValues, equalCounts, isInPlace, layoutOf, recvOf, sendOf } from './arguments.ts';
import { type Blocks, BufferBlocks, ValueBlocks } from './blocks.ts';
import { begin, type Call, describe } from './call.ts';
import { type AlltoallAlgorithm, chooseAlltoall, THRESHOLDS } from './chooser.ts';
import { valuesOf } from './gather.ts';
import { alltoallBetween, alltoallIntoBetween } from './inter/alltoall.ts';
import { delivered, native } from './native.ts';

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
export function alltoallInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike,
  options?: AlltoallOptions,
): Promise<void> {
  try {
    const call = begin(host, 'alltoallInto', options);
    if (call.remoteSize !== undefined) return alltoallIntoBetween(host, call, send, recv, options);
    const into = recvOf(call, recv);
    const own = isInPlace(send, recv) ? undefined : sendOf(call, send);
    if (own !== undefined) checkTypes(call, own, into.view);
    const library = host.context.native;
    if (library === undefined || !isPlain(options)) return alltoallLaidOut(host, call, own, into, options);
    checkEqual(call, own, into.view);
    const start = () => native(call, library.alltoall(own, into.view));
    const done = CHECKING ? agree(call, { type: into.view.type }).then(start) : start();
    return delivered(done, into);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** Whether all blocks are equal and lie one after the other. */
function isPlain(options: AlltoallOptions | undefined): boolean {
  return (
    options === undefined ||
    (options.sendCounts === undefined &&
      options.recvCounts === undefined &&
      options.sendDispls === undefined &&
      options.recvDispls === undefined)
  );
}

function checkEqual(call: Call, own: BufferView | undefined, into: BufferView): void {
  const { size } = call;
  const received = countOf(into);
  if (received % size !== 0) equalCounts(call, received, size, 'recvCounts');
  if (own === undefined) return;
  const sent = countOf(own);
  if (sent % size !== 0) equalCounts(call, sent, size, 'sendCounts');
  checkOwn(call, byteLengthOf(own) / size, byteLengthOf(into) / size);
}

function checkOwn(call: Call, sent: number, due: number): void {
  if (sent === due) return;
  throw new MismatchError(`${describe(call)}: sends itself ${sent} bytes, but expects ${due} from itself`);
}

async function alltoallLaidOut(
  host: CollectiveHost,
  call: Call,
  own: BufferView | undefined,
  { view, deliver }: ReceiveBuffer,
  options: AlltoallOptions | undefined,
): Promise<void> {
  const { rank, size } = call;
  const recvLayout = layoutOf(call, countOf(view), size, options?.recvCounts, options?.recvDispls, 'recvCounts');
  // In place the blocks leave from a copy, so that what arrives cannot overtake what is still to be sent.
  const library = host.context.native;
  const source = own ?? (library ? view : { bytes: view.bytes.slice(), type: view.type });
  const sendLayout = own
    ? layoutOf(call, countOf(source), size, options?.sendCounts, options?.sendDispls, 'sendCounts')
    : recvLayout;
  const outgoing = blocksOf(source, sendLayout);
  const incoming = blocksOf(view, recvLayout);
  checkOwn(call, outgoing[rank]!.length, incoming[rank]!.length);
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
    await native(call, library.alltoall(own, view, blocks));
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

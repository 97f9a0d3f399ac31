import { decode, encode } from '../../codec/index.ts';
import type { AlltoallOptions, BufferLike, InPlace } from '../../comm/communicator.ts';
import type { CollectiveHost } from '../../comm/host.ts';
import { countOf } from '../../datatype/index.ts';
import { agree, CHECKING } from '../agreement.ts';
import { blocksOf, checkTypes, checkValues, layoutOf, recvOf, sendOf } from '../arguments.ts';
import { BufferBlocks, ValueBlocks } from '../blocks.ts';
import type { Call } from '../call.ts';
import { native } from '../native.ts';
import { exchangeBetween } from './allgather.ts';

/** `values[i]` goes to rank i of the other group. */
export async function alltoallBetween<T>(call: Call, values: readonly T[]): Promise<T[]> {
  const peers = call.remoteSize!;
  const outgoing = new ValueBlocks(call, peers);
  checkValues(call, values, peers).forEach((value, peer) => {
    outgoing.parcels[peer] = encode(value);
  });
  if (CHECKING) await agree(call, {});
  const incoming = new ValueBlocks(call, peers);
  await exchangeBetween(call, outgoing, incoming, (peer) => peer);
  return incoming.parcels.map((parcel) => decode(parcel) as T);
}

/** Block i of the send buffer goes to rank i of the other group. */
export async function alltoallIntoBetween(
  host: CollectiveHost,
  call: Call,
  send: BufferLike | InPlace,
  recv: BufferLike,
  options: AlltoallOptions | undefined,
): Promise<void> {
  const peers = call.remoteSize!;
  const source = sendOf(call, send);
  const { view, deliver } = recvOf(call, recv);
  checkTypes(call, source, view);
  const out = layoutOf(call, countOf(source), peers, options?.sendCounts, options?.sendDispls, 'sendCounts');
  const into = layoutOf(call, countOf(view), peers, options?.recvCounts, options?.recvDispls, 'recvCounts');
  if (CHECKING) await agree(call, { type: view.type });
  const library = host.context.native;
  if (library !== undefined) {
    const blocks = {
      equal: options?.sendCounts === undefined && options?.recvCounts === undefined,
      sendCounts: out.counts,
      sendDispls: out.displs,
      recvCounts: into.counts,
      recvDispls: into.displs,
    };
    await native(call, library.alltoall(source, view, blocks));
  } else {
    const outgoing = new BufferBlocks(call, source.type, blocksOf(source, out));
    const incoming = new BufferBlocks(call, view.type, blocksOf(view, into));
    await exchangeBetween(call, outgoing, incoming, (peer) => peer);
  }
  deliver();
}

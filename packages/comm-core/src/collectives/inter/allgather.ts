import { decode, encode } from '../../codec/index.ts';
import type { BlockOptions, BufferLike, InPlace, Waitable } from '../../comm/communicator.ts';
import type { CollectiveHost } from '../../comm/host.ts';
import { countOf } from '../../datatype/index.ts';
import { agree, CHECKING } from '../agreement.ts';
import { blocksOf, layoutOf, recvOf, sendOf } from '../arguments.ts';
import { type Blocks, BufferBlocks, ValueBlocks } from '../blocks.ts';
import { type Call, windowed } from '../call.ts';
import { native } from '../native.ts';

/** Everybody gets the values of the other group. */
export async function allgatherBetween<T>(call: Call, value: T): Promise<T[]> {
  const outgoing = new ValueBlocks(call, 1);
  outgoing.parcels[0] = encode(value);
  const incoming = new ValueBlocks(call, call.remoteSize!);
  await exchangeBetween(call, outgoing, incoming, () => 0);
  return incoming.parcels.map((parcel) => decode(parcel) as T);
}

/** Sends every rank of the other group a block, `outgoing` number `blockFor(rank)`, and receives one from each. */
export function exchangeBetween(
  call: Call,
  outgoing: Blocks,
  incoming: Blocks,
  blockFor: (peer: number) => number,
): Promise<void> {
  const peers = call.remoteSize!;
  return windowed(peers, (i) => {
    const peer = (call.rank + i) % peers;
    return Promise.all([incoming.recv([peer], peer), outgoing.send([blockFor(peer)], peer)]);
  });
}

/** Everybody gets the buffers of the other group; the counts are that group's. */
export async function allgatherIntoBetween(
  host: CollectiveHost,
  call: Call,
  send: BufferLike | InPlace,
  recv: BufferLike,
  options: (BlockOptions & Waitable) | undefined,
): Promise<void> {
  const own = sendOf(call, send);
  const { view, deliver } = recvOf(call, recv);
  const layout = layoutOf(call, countOf(view), call.remoteSize!, options?.counts, options?.displs);
  if (CHECKING) await agree(call, { type: view.type });
  const library = host.context.native;
  if (library !== undefined) {
    await native(call, library.allgather(own, view, layout.counts, layout.displs));
  } else {
    const incoming = new BufferBlocks(call, view.type, blocksOf(view, layout));
    await exchangeBetween(call, new BufferBlocks(call, own.type, [own.bytes]), incoming, () => 0);
  }
  deliver();
}

import { decode, encode } from '../../codec/index.ts';
import type { BlockOptions, BufferLike, InPlace, RootOptions } from '../../comm/communicator.ts';
import type { CollectiveHost } from '../../comm/host.ts';
import { countOf } from '../../datatype/index.ts';
import { agree, CHECKING } from '../agreement.ts';
import { blocksOf, layoutOf, recvOf, sendOf } from '../arguments.ts';
import { BufferBlocks, ValueBlocks } from '../blocks.ts';
import { type Call, windowed } from '../call.ts';
import { native } from '../native.ts';
import { roleOf } from './role.ts';

/** Every rank of the other group sends to the root. Undefined except at the root. */
export async function gatherBetween<T>(
  call: Call,
  value: T,
  options: RootOptions | undefined,
): Promise<T[] | undefined> {
  const role = roleOf(call, options);
  const peers = call.remoteSize!;
  const blocks = new ValueBlocks(call, Math.max(peers, 1));
  if (role.is === 'peer') blocks.parcels[0] = encode(value);
  if (CHECKING) await agree(call, {});
  if (role.is === 'peer') await blocks.send([0], role.root);
  if (role.is !== 'root') return undefined;
  await windowed(peers, (peer) => blocks.recv([peer], peer));
  return blocks.parcels.map((parcel) => decode(parcel) as T);
}

/** Every rank of the other group sends its buffer to the root. */
export async function gatherIntoBetween(
  host: CollectiveHost,
  call: Call,
  send: BufferLike | InPlace,
  recv: BufferLike | undefined,
  options: (RootOptions & BlockOptions) | undefined,
): Promise<void> {
  const role = roleOf(call, options);
  const library = host.context.native;
  if (role.is === 'root') {
    const { view, deliver } = recvOf(call, recv);
    const layout = layoutOf(call, countOf(view), call.remoteSize!, options?.counts, options?.displs);
    if (CHECKING) await agree(call, {});
    if (library !== undefined) {
      await native(call, library.gather(undefined, view, layout.counts, layout.displs, options!.root!));
    } else {
      const blocks = new BufferBlocks(call, view.type, blocksOf(view, layout));
      await windowed(call.remoteSize!, (peer) => blocks.recv([peer], peer));
    }
    return deliver();
  }
  const own = role.is === 'peer' ? sendOf(call, send) : undefined;
  if (CHECKING) await agree(call, {});
  if (library !== undefined) {
    return native(call, library.gather(own, undefined, [], [], role.is === 'peer' ? role.root : options!.root!));
  }
  if (role.is === 'peer') await new BufferBlocks(call, own!.type, [own!.bytes]).send([0], role.root);
}

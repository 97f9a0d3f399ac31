import { decode, encode } from '../../codec/index.ts';
import type { BlockOptions, BufferLike, InPlace, RootOptions } from '../../comm/communicator.ts';
import type { CollectiveHost } from '../../comm/host.ts';
import { countOf, ELEMENT_BYTES } from '../../datatype/index.ts';
import { agree, CHECKING } from '../agreement.ts';
import { blocksOf, checkValues, layoutOf, recvOf, sendOf } from '../arguments.ts';
import { BufferBlocks, ValueBlocks } from '../blocks.ts';
import { type Call, windowed } from '../call.ts';
import { native } from '../native.ts';
import { roleOf } from './role.ts';

/** The root sends to every rank of the other group. Undefined in the root's group. */
export async function scatterBetween<T>(
  call: Call,
  values: readonly T[] | undefined,
  options: RootOptions | undefined,
): Promise<T> {
  const role = roleOf(call, options);
  const peers = call.remoteSize!;
  const blocks = new ValueBlocks(call, Math.max(peers, 1));
  if (role.is === 'root') blocks.parcels.splice(0, peers, ...checkValues(call, values, peers).map(encode));
  if (CHECKING) await agree(call, {});
  if (role.is === 'root') await windowed(peers, (peer) => blocks.send([peer], peer));
  if (role.is !== 'peer') return undefined as T;
  await blocks.recv([0], role.root);
  return decode(blocks.parcels[0]!) as T;
}

/** The root sends every rank of the other group its block. */
export async function scatterIntoBetween(
  host: CollectiveHost,
  call: Call,
  send: BufferLike | undefined,
  recv: BufferLike | InPlace,
  options: (RootOptions & BlockOptions) | undefined,
): Promise<void> {
  const role = roleOf(call, options);
  const library = host.context.native;
  if (role.is === 'peer') {
    const { view, deliver } = recvOf(call, recv);
    if (CHECKING) await agree(call, {});
    if (library !== undefined) {
      await native(call, library.scatter(undefined, view, [], [], role.root));
      return deliver();
    }
    const block = new BufferBlocks(call, view.type, [view.bytes], false);
    await block.recv([0], role.root);
    return deliver(block.received / ELEMENT_BYTES[view.type]);
  }
  const source = role.is === 'root' ? sendOf(call, send) : undefined;
  const layout = layoutOf(
    call,
    source ? countOf(source) : 0,
    source ? call.remoteSize! : 0,
    source && options?.counts,
    source && options?.displs,
  );
  if (CHECKING) await agree(call, {});
  if (library !== undefined) {
    return native(call, library.scatter(source, undefined, layout.counts, layout.displs, options!.root!));
  }
  if (source === undefined) return;
  const blocks = new BufferBlocks(call, source.type, blocksOf(source, layout));
  await windowed(call.remoteSize!, (peer) => blocks.send([peer], peer));
}

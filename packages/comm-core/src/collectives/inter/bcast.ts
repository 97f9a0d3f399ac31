import { decode, encode } from '../../codec/index.ts';
import type { BufferLike, RootOptions } from '../../comm/communicator.ts';
import type { CollectiveHost } from '../../comm/host.ts';
import type { BufferView } from '../../transport/index.ts';
import { agree, CHECKING } from '../agreement.ts';
import { recvOf, sendOf } from '../arguments.ts';
import { bcastBuffer, bcastValue } from '../bcast.ts';
import { BufferBlocks, ValueBlocks } from '../blocks.ts';
import { type Call, localCall } from '../call.ts';
import { chooseBcast } from '../chooser.ts';
import { native } from '../native.ts';
import { roleOf } from './role.ts';

/** The root sends to the first rank of the other group, which broadcasts there. Undefined in the root's group. */
export async function bcastBetween<T>(
  host: CollectiveHost,
  call: Call,
  value: T,
  options: RootOptions | undefined,
): Promise<T> {
  const role = roleOf(call, options);
  if (CHECKING) await agree(call, {});
  const blocks = new ValueBlocks(call, 1);
  if (role.is === 'root') {
    blocks.parcels[0] = encode(value);
    await blocks.send([0], 0);
  }
  if (role.is !== 'peer') return undefined as T;
  const local = localCall(host, call);
  const received = new ValueBlocks(local, 1);
  if (call.rank === 0) {
    await blocks.recv([0], role.root);
    received.parcels[0] = blocks.parcels[0]!;
  }
  if (call.size > 1) await bcastValue(local, received, 0, chooseBcast(call.size, undefined));
  return decode(received.parcels[0]!) as T;
}

/** As `bcastBetween`, from the root's buffer into the buffers of the other group. */
export async function bcastIntoBetween(
  host: CollectiveHost,
  call: Call,
  buffer: BufferLike,
  options: RootOptions | undefined,
): Promise<void> {
  const role = roleOf(call, options);
  if (role.is !== 'peer') {
    const view: BufferView = role.is === 'root' ? sendOf(call, buffer) : { bytes: new Uint8Array(0), type: 'bytes' };
    if (CHECKING) await agree(call, {});
    if (host.context.native !== undefined) return native(call, host.context.native.bcast(view, options!.root!));
    if (role.is === 'root') await new BufferBlocks(call, view.type, [view.bytes]).send([0], 0);
    return;
  }
  const { view, deliver } = recvOf(call, buffer);
  if (CHECKING) await agree(call, {});
  if (host.context.native !== undefined) {
    await native(call, host.context.native.bcast(view, role.root));
  } else {
    if (call.rank === 0) await new BufferBlocks(call, view.type, [view.bytes]).recv([0], role.root);
    if (call.size > 1) await bcastBuffer(localCall(host, call), view, 0, chooseBcast(call.size, view.bytes.length));
  }
  deliver();
}

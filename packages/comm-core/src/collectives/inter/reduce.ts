import type { BufferLike, InPlace, RootOptions } from '../../comm/communicator.ts';
import type { CollectiveHost } from '../../comm/host.ts';
import type { BufferOp, PredefinedOp, UserOp } from '../../ops/index.ts';
import type { BufferView } from '../../transport/index.ts';
import { agree, CHECKING } from '../agreement.ts';
import { reduceBinomial } from '../algorithms/reduce.ts';
import { recvOf, sendOf } from '../arguments.ts';
import { type Call, localCall } from '../call.ts';
import { chooseReduce } from '../chooser.ts';
import { isNativeReduction, native } from '../native.ts';
import { reduceElements } from '../reduce.ts';
import { BufferReduction, ValueReduction } from '../reduction.ts';
import { roleOf } from './role.ts';

/** The other group reduces to its first rank, which sends the result to the root. Undefined except at the root. */
export async function reduceBetween<T>(
  host: CollectiveHost,
  call: Call,
  value: T,
  op: PredefinedOp | UserOp<T>,
  options: RootOptions | undefined,
): Promise<T | undefined> {
  const role = roleOf(call, options);
  if (CHECKING) await agree(call, { op: op.name });
  const between = new ValueReduction(call, op);
  if (role.is === 'root') return between.recv(0);
  if (role.is === 'bystander') return undefined;
  const local = localCall(host, call);
  const result = await reduceBinomial(local, new ValueReduction(local, op), value, 0);
  if (call.rank === 0) await between.send(result as T, role.root);
  return undefined;
}

/** As `reduceBetween`, from the other group's buffers into the root's. */
export async function reduceIntoBetween(
  host: CollectiveHost,
  call: Call,
  send: BufferLike | InPlace,
  recv: BufferLike | undefined,
  op: BufferOp,
  options: RootOptions | undefined,
): Promise<void> {
  const role = roleOf(call, options);
  const into = role.is === 'root' ? recvOf(call, recv) : undefined;
  const none: BufferView = { bytes: new Uint8Array(0), type: 'float64' };
  const input = role.is === 'peer' ? sendOf(call, send) : (into?.view ?? none);
  const r = new BufferReduction(call, op, input);
  if (CHECKING) await agree(call, { op: r.op.name });
  const library = host.context.native;
  if (library !== undefined && (role.is === 'bystander' || isNativeReduction(r.op, r.type))) {
    const source = role.is === 'peer' ? input : undefined;
    await native(call, library.reduce(source, into?.view, r.op.name, role.is === 'peer' ? role.root : options!.root!));
  } else if (role.is === 'root') {
    await r.recvInto(r.input, 0);
  } else if (role.is === 'peer') {
    const local = localCall(host, call);
    const partial = new BufferReduction(local, op, input);
    const result = await reduceElements(local, partial, 0, chooseReduce(input.bytes.length));
    if (result !== undefined) await r.send(result, role.root);
  }
  into?.deliver();
}

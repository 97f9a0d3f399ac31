import type { BufferLike, InPlace, RootOptions } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { countOf } from '../datatype/index.ts';
import { type BufferOp, type ElementArray, type OpLike, resolveOp } from '../ops/index.ts';
import { agree, CHECKING } from './agreement.ts';
import { reduceBinomial, reduceRabenseifner } from './algorithms/reduce.ts';
import { operandsOf, recvOf, rootOf, sendOf } from './arguments.ts';
import { begin, type Call, describe } from './call.ts';
import { chooseReduce, type ReduceAlgorithm } from './chooser.ts';
import { reduceBetween, reduceIntoBetween } from './inter/reduce.ts';
import { isNativeReduction, native } from './native.ts';
import { BufferReduction, ValueReduction } from './reduction.ts';

/** See `Collectives.reduce`. */
export async function reduce<T>(
  host: CollectiveHost,
  value: T,
  op: OpLike<T>,
  options?: RootOptions,
): Promise<T | undefined> {
  const call = begin(host, 'reduce', options);
  const resolved = resolveOp(op, () => describe(call));
  if (call.remoteSize !== undefined) return reduceBetween(host, call, value, resolved, options);
  const root = rootOf(call, options);
  if (CHECKING) await agree(call, { root, op: resolved.name });
  if (call.size === 1) return value;
  return reduceBinomial(call, new ValueReduction(call, resolved), value, root);
}

/** See `Collectives.reduceInto`. */
export async function reduceInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike | undefined,
  op: BufferOp,
  options?: RootOptions,
): Promise<void> {
  const call = begin(host, 'reduceInto', options);
  if (call.remoteSize !== undefined) return reduceIntoBetween(host, call, send, recv, op, options);
  const root = rootOf(call, options);
  const into = call.rank === root ? recvOf(call, recv) : undefined;
  const { input, home, inPlace } = into
    ? operandsOf(call, send, recv, into.view)
    : { input: sendOf(call, send), home: undefined, inPlace: false };
  const library = host.context.native;
  if (library !== undefined && isNativeReduction(op, input.type)) {
    const count = countOf(input);
    if (CHECKING) await agree(call, { root, op: op.name, type: input.type, count });
    await native(call, library.reduce(inPlace ? undefined : input, home, op.name, root));
    into?.deliver(count);
    return;
  }
  const r = new BufferReduction(call, op, input, home);
  if (CHECKING) await agree(call, { root, op: r.op.name, type: r.type, count: r.input.length });
  const result = await reduceElements(call, r, root, chooseReduce(input.bytes.length));
  if (result !== undefined) r.deliver(result);
  into?.deliver(r.input.length);
}

/** Reduces buffers to the root by the algorithm of this name; undefined elsewhere. */
export function reduceElements(
  call: Call,
  r: BufferReduction,
  root: number,
  algorithm: ReduceAlgorithm,
): Promise<ElementArray | undefined> {
  return algorithm === 'binomial' ? reduceBinomial(call, r, r.input, root) : reduceRabenseifner(call, r, root);
}

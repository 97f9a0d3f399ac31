import { encode } from '../codec/index.ts';
import type { BufferLike, InPlace, Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { countOf, ELEMENT_BYTES, elementsOf } from '../datatype/index.ts';
import { type BufferOp, type ElementArray, type OpLike, resolveOp } from '../ops/index.ts';
import { agree, CHECKING } from './agreement.ts';
import {
  type Parts,
  reduceScatterOrdered,
  reduceScatterPairwise,
  reduceScatterRecursiveHalving,
} from './algorithms/reduce-scatter.ts';
import { alltoallBlocks } from './alltoall.ts';
import { checkCounts, checkRoom, checkTypes, checkValues, isInPlace, layoutOf, recvOf, sendOf } from './arguments.ts';
import { ValueBlocks } from './blocks.ts';
import { begin, type Call, describe } from './call.ts';
import { chooseAlltoall, chooseReduceScatter, type ReduceScatterAlgorithm } from './chooser.ts';
import { valuesOf } from './gather.ts';
import { reduceScatterBetween, reduceScatterIntoBetween } from './inter/reduce-scatter.ts';
import { isNativeReduction, native } from './native.ts';
import { BufferReduction, bytesOf, ValueReduction } from './reduction.ts';

/** See `Collectives.reduceScatter`: an exchange of the values, each rank then reduces its own in rank order. */
export async function reduceScatter<T>(
  host: CollectiveHost,
  values: readonly T[],
  op: OpLike<T>,
  options?: Waitable,
): Promise<T> {
  const call = begin(host, 'reduceScatter', options);
  const resolved = resolveOp(op, () => describe(call));
  const r = new ValueReduction(call, resolved);
  if (call.remoteSize !== undefined) return reduceScatterBetween(call, r, values);
  const { rank, size } = call;
  checkValues(call, values, size);
  if (size === 1) return values[0]!;
  const outgoing = new ValueBlocks(call, size);
  values.forEach((value, dest) => {
    if (dest !== rank) outgoing.parcels[dest] = encode(value);
  });
  if (CHECKING) await agree(call, { op: resolved.name });
  const incoming = new ValueBlocks(call, size);
  await alltoallBlocks(call, outgoing, incoming, chooseAlltoall(size, undefined));
  return valuesOf(incoming, rank, r.own(values[rank]!)).reduce(r.combine);
}

/** See `Collectives.reduceScatterInto`. In place the result lies at the beginning of `recv`. */
export async function reduceScatterInto(
  host: CollectiveHost,
  send: BufferLike | InPlace,
  recv: BufferLike,
  op: BufferOp,
  options?: { counts?: readonly number[] } & Waitable,
): Promise<void> {
  const call = begin(host, 'reduceScatterInto', options);
  const into = recvOf(call, recv);
  const inPlace = isInPlace(send, recv);
  const input = inPlace ? into.view : sendOf(call, send);
  checkTypes(call, input, into.view);
  if (call.remoteSize !== undefined) return reduceScatterIntoBetween(host, call, input, into, op, options?.counts);
  const { rank, size } = call;
  const layout = layoutOf(call, countOf(input), size, options?.counts, undefined);
  const { counts, displs } = layout;
  checkCounts(call, input, layout);
  checkRoom(call, into.view, counts[rank]! * ELEMENT_BYTES[input.type]);
  const elements = elementsOf(input);
  const blocks = counts.map((count, i) => elements.subarray(displs[i]!, displs[i]! + count));
  const checked = new BufferReduction(call, op, input);
  for (const block of blocks) checked.checkUnits(block.length);
  if (CHECKING) await agree(call, { op: checked.op.name, type: input.type, counts });
  const library = host.context.native;
  if (library !== undefined && isNativeReduction(checked.op, input.type)) {
    await native(call, library.reduceScatter(inPlace ? undefined : input, into.view, counts, checked.op.name));
  } else {
    const algorithm = chooseReduceScatter(size, input.bytes.length, checked.commutative);
    const parts = { input, op, blocks };
    const result = size === 1 ? elements : await reduceScatterElements(call, parts, algorithm);
    into.view.bytes.set(bytesOf(result));
  }
  into.deliver(inPlace ? undefined : counts[rank]);
}

/** This rank's part of the reduction, by the algorithm of this name. */
export function reduceScatterElements(
  call: Call,
  parts: Parts,
  algorithm: ReduceScatterAlgorithm,
): Promise<ElementArray> {
  switch (algorithm) {
    case 'recursive-halving':
      return reduceScatterRecursiveHalving(call, parts);
    case 'pairwise':
      return reduceScatterPairwise(call, parts);
    case 'ordered':
      return reduceScatterOrdered(call, parts);
  }
}

import { decode, encode } from '../../codec/index.ts';
import type { CollectiveHost } from '../../comm/host.ts';
import { countOf, ELEMENT_BYTES, type ReceiveBuffer } from '../../datatype/index.ts';
import type { BufferOp } from '../../ops/index.ts';
import type { BufferView } from '../../transport/index.ts';
import { agree, CHECKING } from '../agreement.ts';
import { blocksOf, checkCounts, checkRoom, checkValues, layoutOf } from '../arguments.ts';
import { BufferBlocks, ValueBlocks } from '../blocks.ts';
import { type Call, localCall } from '../call.ts';
import { chooseReduce, chooseScatter } from '../chooser.ts';
import { isNativeReduction, native } from '../native.ts';
import { reduceElements } from '../reduce.ts';
import { BufferReduction, bytesOf, type ValueReduction } from '../reduction.ts';
import { scatterBlocks } from '../scatter.ts';
import { exchangeBetween } from './allgather.ts';

/** Reduces `values[i]` over the own group and gives the result to rank i of the other group. */
export async function reduceScatterBetween<T>(call: Call, r: ValueReduction<T>, values: readonly T[]): Promise<T> {
  const peers = call.remoteSize!;
  const outgoing = new ValueBlocks(call, peers);
  checkValues(call, values, peers).forEach((value, peer) => {
    outgoing.parcels[peer] = encode(value);
  });
  if (CHECKING) await agree(call, { op: r.name });
  const incoming = new ValueBlocks(call, peers);
  await exchangeBetween(call, outgoing, incoming, (peer) => peer);
  return incoming.parcels.map((parcel) => decode(parcel) as T).reduce(r.combine);
}

/**
 * Each group reduces its buffers to its first rank; the two exchange results and scatter them by the counts of their own
 * group. The counts of both groups add up to the same length.
 */
export async function reduceScatterIntoBetween(
  host: CollectiveHost,
  call: Call,
  input: BufferView,
  into: ReceiveBuffer,
  op: BufferOp,
  counts: readonly number[] | undefined,
): Promise<void> {
  const layout = layoutOf(call, countOf(input), call.size, counts, undefined);
  checkCounts(call, input, layout);
  checkRoom(call, into.view, layout.counts[call.rank]! * ELEMENT_BYTES[input.type]);
  const between = new BufferReduction(call, op, input);
  if (CHECKING) await agree(call, { op: between.op.name, type: input.type, count: countOf(input) });
  const library = host.context.native;
  if (library !== undefined && isNativeReduction(between.op, input.type)) {
    await native(call, library.reduceScatter(input, into.view, layout.counts, between.op.name));
  } else {
    const local = localCall(host, call);
    const own = await reduceElements(local, between.on(local), 0, chooseReduce(input.bytes.length));
    const theirs = { bytes: new Uint8Array(own === undefined ? 0 : input.bytes.length), type: input.type };
    const memory = own === undefined ? [] : blocksOf(theirs, layout);
    const part = into.view.bytes.subarray(0, layout.counts[call.rank]! * ELEMENT_BYTES[input.type]);
    if (own !== undefined) {
      const whole = new BufferBlocks(call, input.type, [theirs.bytes, bytesOf(own)]);
      await Promise.all([whole.recv([0], 0), whole.send([1], 0)]);
      part.set(memory[0]!);
    } else {
      memory[call.rank] = part;
    }
    if (call.size > 1) {
      await scatterBlocks(local, new BufferBlocks(local, input.type, memory), 0, chooseScatter(call.size));
    }
  }
  into.deliver(layout.counts[call.rank]);
}

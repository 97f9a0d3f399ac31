import { decode, encode } from '../../codec/index.ts';
import type { CollectiveHost } from '../../comm/host.ts';
import type { ElementArray } from '../../ops/index.ts';
import { reduceBinomial } from '../algorithms/reduce.ts';
import { bcastBuffer, bcastValue } from '../bcast.ts';
import { ValueBlocks } from '../blocks.ts';
import { type Call, localCall } from '../call.ts';
import { chooseBcast, chooseReduce } from '../chooser.ts';
import { reduceElements } from '../reduce.ts';
import { type BufferReduction, bytesOf, type ValueReduction } from '../reduction.ts';

/** Each group reduces to its first rank; the two exchange results and broadcast them: everybody gets the other group's. */
export async function allreduceBetween<T>(
  host: CollectiveHost,
  call: Call,
  between: ValueReduction<T>,
  value: T,
): Promise<T> {
  const local = localCall(host, call);
  const own = await reduceBinomial(local, between.on(local), value, 0);
  const blocks = new ValueBlocks(local, 1);
  if (call.rank === 0) {
    const crossing = new ValueBlocks(call, 2);
    crossing.parcels[0] = encode(own);
    await Promise.all([crossing.recv([1], 0), crossing.send([0], 0)]);
    blocks.parcels[0] = crossing.parcels[1]!;
  }
  if (call.size > 1) await bcastValue(local, blocks, 0, chooseBcast(call.size, undefined));
  return decode(blocks.parcels[0]!) as T;
}

/** As `allreduceBetween`, of buffers equally long in both groups. */
export async function allreduceIntoBetween(
  host: CollectiveHost,
  call: Call,
  between: BufferReduction,
): Promise<ElementArray> {
  const local = localCall(host, call);
  const bytes = between.input.byteLength;
  const own = await reduceElements(local, between.on(local), 0, chooseReduce(bytes));
  const result = between.allocate(between.input.length);
  if (own !== undefined) await Promise.all([between.recvInto(result, 0), between.send(own, 0)]);
  if (call.size > 1) {
    await bcastBuffer(local, { bytes: bytesOf(result), type: between.type }, 0, chooseBcast(call.size, bytes));
  }
  return result;
}

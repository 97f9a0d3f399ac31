import type { ElementArray } from '../../ops/index.ts';
import { type Call, observed } from '../call.ts';
import type { BufferReduction, Reduction } from '../reduction.ts';

/** ⌈log2 p⌉ exchanges of the reduction over growing ranges. Undefined on rank 0 of an exclusive scan. */
export async function scanRecursiveDoubling<A>(
  call: Call,
  r: Reduction<A>,
  input: A,
  exclusive: boolean,
): Promise<A | undefined> {
  const { rank, size } = call;
  let prefix: { value: A } | undefined = exclusive ? undefined : { value: r.own(input) };
  let range = r.copy(input);
  for (let mask = 1; mask < size; mask *= 2) {
    const partner = rank ^ mask;
    if (partner >= size) continue;
    const [theirs] = await Promise.all([r.recv(partner), r.send(range, partner)]);
    if (partner > rank) {
      range = r.combine(range, theirs);
    } else {
      const before = r.copy(theirs);
      prefix = { value: prefix === undefined ? before : r.combine(before, prefix.value) };
      range = r.combine(theirs, range);
    }
  }
  return prefix?.value;
}

/** From rank to rank, p − 1 hops. Undefined on rank 0 of an exclusive scan. */
export async function scanLinear<A>(call: Call, r: Reduction<A>, input: A, exclusive: boolean): Promise<A | undefined> {
  const { rank, size } = call;
  const last = rank === size - 1;
  if (rank === 0) {
    if (!last) await r.send(input, 1);
    return exclusive ? undefined : input;
  }
  const before = await r.recv(rank - 1);
  if (exclusive) {
    if (!last) await r.send(r.combine(r.copy(before), r.own(input)), rank + 1);
    return before;
  }
  const result = r.combine(before, r.own(input));
  if (!last) await r.send(result, rank + 1);
  return result;
}

/** Linear, in segments that move down the ranks one behind the other. Undefined on rank 0 of an exclusive scan. */
export async function scanPipelined(
  call: Call,
  r: BufferReduction,
  exclusive: boolean,
  segmentBytes: number,
): Promise<ElementArray | undefined> {
  const { rank, size } = call;
  const acc = r.own(r.input);
  const before = r.allocate(rank === 0 ? 0 : acc.length);
  const length = Math.max(1, Math.floor(segmentBytes / acc.BYTES_PER_ELEMENT / r.unit)) * r.unit;
  const arrivals: Promise<ElementArray>[] = [];
  for (let at = 0; at < before.length; at += length) {
    arrivals.push(observed(r.recvInto(before.subarray(at, at + length), rank - 1)));
  }
  const sent: Promise<void>[] = [];
  for (let at = 0, i = 0; at < acc.length; at += length, i++) {
    const segment = acc.subarray(at, at + length);
    if (rank > 0) r.accumulate(segment, await arrivals[i]!, true);
    if (rank < size - 1) sent.push(observed(r.send(segment, rank + 1)));
  }
  await Promise.all(sent);
  if (exclusive) return rank === 0 ? undefined : before;
  return acc;
}

import { elementsOf } from '../../datatype/index.ts';
import type { BufferOp, ElementArray } from '../../ops/index.ts';
import type { BufferView } from '../../transport/index.ts';
import { type Call, windowed } from '../call.ts';
import { BufferReduction, copyElements } from '../reduction.ts';
import { foldPairs, membersOf } from './fold.ts';
import { halve } from './halving.ts';

/** The input of a reduce-scatter: its elements, cut into one block for each rank. */
export interface Parts {
  readonly input: BufferView;
  readonly op: BufferOp;
  /** Elements of each rank's block, one after the other. */
  readonly blocks: readonly ElementArray[];
}

/**
 * Recursive halving (Thakur et al. 2005) over blocks laid out so that neighbours can exchange first: keeps rank order, for
 * any size. n bytes per rank.
 */
export async function reduceScatterRecursiveHalving(call: Call, parts: Parts): Promise<ElementArray> {
  const members = membersOf(call);
  const layout = Array.from({ length: members.count }, (_, part) => ranksOf(reversed(part, members.count)));
  const work = { bytes: new Uint8Array(parts.input.bytes.length), type: parts.input.type };
  const elements = elementsOf(work);
  const edges = [0];
  let end = 0;
  for (const ranks of layout) {
    for (const rank of ranks) {
      copyElements(parts.blocks[rank]!, elements.subarray(end, end + parts.blocks[rank]!.length));
      end += parts.blocks[rank]!.length;
    }
    edges.push(end);
  }
  const r = new BufferReduction(call, parts.op, work, work);
  const own = parts.blocks[call.rank]!.length;
  const acc = await foldPairs(call, r, r.input, members);
  if (acc === undefined) return r.recvInto(r.allocate(own), members.mate!);
  await halve(r, acc, members, edges);
  const part = reversed(members.index, members.count);
  const result = acc.subarray(edges[part]!, edges[part + 1]!);
  if (members.mate === undefined) return result;
  const [mine, theirs] =
    call.rank < members.mate
      ? [result.subarray(0, own), result.subarray(own)]
      : [result.subarray(-own || result.length), result.subarray(0, result.length - own)];
  await r.send(theirs, members.mate);
  return mine;

  function ranksOf(index: number): number[] {
    const first = members.rankOf(index);
    const paired = first < 2 * (call.size - members.count);
    return paired ? [first & ~1, first | 1] : [first];
  }
}

/** p − 1 exchanges of one block each, reduced as they come: least memory. Commutative ops only. */
export async function reduceScatterPairwise(call: Call, parts: Parts): Promise<ElementArray> {
  const { rank, size } = call;
  const r = new BufferReduction(call, parts.op, parts.input);
  const own = parts.blocks[rank]!;
  const acc = r.allocate(own.length);
  copyElements(own, acc);
  const received = r.allocate(own.length);
  for (let step = 1; step < size; step++) {
    await Promise.all([
      r.recvInto(received, (rank - step + size) % size),
      r.send(parts.blocks[(rank + step) % size]!, (rank + step) % size),
    ]);
    r.accumulate(acc, received, true);
  }
  return acc;
}

/** Every rank collects its block from all others and reduces them from rank 0 up: one round, n bytes of memory. */
export async function reduceScatterOrdered(call: Call, parts: Parts): Promise<ElementArray> {
  const { rank, size } = call;
  const r = new BufferReduction(call, parts.op, parts.input);
  const own = parts.blocks[rank]!;
  const all = r.allocate(own.length * size);
  const from = (source: number) => all.subarray(source * own.length, (source + 1) * own.length);
  copyElements(own, from(rank));
  await windowed(size - 1, (i) => {
    const source = (rank - 1 - i + size) % size;
    const dest = (rank + 1 + i) % size;
    return Promise.all([r.recvInto(from(source), source), r.send(parts.blocks[dest]!, dest)]);
  });
  let result = from(0);
  for (let source = 1; source < size; source++) result = r.combine(result, from(source));
  return result;
}

/** The bits of an index below `count`, a power of two, in reverse order. */
function reversed(index: number, count: number): number {
  let result = 0;
  for (let bit = 1; bit < count; bit *= 2) result = result * 2 + (index & bit ? 1 : 0);
  return result;
}

// Vector collectives whose numbers are more than an int can hold. Two ranks. `far`: small blocks at large displacements, in every call;
// `long <call> <type> <in place>`: one call with a block of more than 2^31 - 1 elements or bytes. Prints how many elements were wrong.
import { IN_PLACE, init, SUM } from '@par/comm-core';

type Elements = Int8Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
const world = await init();
const { rank } = world;
const [what, call = '', type = 'int8', where] = process.argv.slice(2);
const inPlace = where === 'in place';
const make = (length: number): Elements => (type === 'int8' ? new Int8Array(length) : new Float64Array(length));
/** Elements of a block that rank 1 sends: more than an int can hold, or as many bytes. */
const LONG = type === 'int8' ? 2 ** 31 + 9 : 2 ** 28 + 9;
let wrong = 0;

/** Marks the ends of a block, and every 2^28 elements. */
function* places(length: number): Generator<number> {
  for (let i = 0; i < length; i += 2 ** 28) yield i;
  if (length > 0) yield length - 1;
}
function fill(block: Elements, seed: number): Elements {
  for (const i of places(block.length)) block[i] = seed + (i % 7);
  return block;
}
function check(block: Elements, seed: number): void {
  for (const i of places(block.length)) if (block[i] !== seed + (i % 7)) wrong += 1;
}
const filled = (length: number, seed: number): Elements => fill(make(length), seed);

if (what === 'far') {
  const FAR = 2 ** 31 + 5;
  const counts = [2, 3];
  const displs = [FAR, 1];
  const all = make(FAR + 10);
  const block = (i: number): Elements => all.subarray(displs[i], displs[i]! + counts[i]!);
  const forget = (): void => {
    for (const i of [0, 1]) block(i).fill(0);
  };
  const mine = filled(counts[rank]!, 10 * rank);
  await world.gatherInto(mine, rank === 0 ? all : undefined, { root: 0, counts, displs });
  if (rank === 0) for (const i of [0, 1]) check(block(i), 10 * i);
  const part = make(counts[rank]!);
  for (const i of [0, 1]) fill(block(i), 20 * i);
  await world.scatterInto(rank === 0 ? all : undefined, part, { root: 0, counts, displs });
  check(part, 20 * rank);
  // Far on one rank only, which the other does not know; unequal blocks, then equal ones.
  for (const each of [counts, [2, 2]]) {
    forget();
    const own = filled(each[rank]!, 10 * rank);
    const places = rank === 0 ? displs : [0, each[0]!];
    const into = rank === 0 ? all : make(each[0]! + each[1]!);
    await world.allgatherInto(own, into, { counts: each, displs: places });
    for (const i of [0, 1]) check(into.subarray(places[i], places[i]! + each[i]!), 10 * i);
  }
  forget();
  const out = make(4);
  for (const i of [0, 1]) fill(out.subarray(2 * i, 2 * i + 2), 30 + 10 * i + rank);
  await world.alltoallInto(out, all, { sendCounts: [2, 2], recvCounts: [2, 2], recvDispls: displs });
  for (const i of [0, 1]) check(block(i).subarray(0, 2), (rank === 0 ? 30 : 40) + i);
  await world.alltoallInto(IN_PLACE, all, { recvCounts: [2, 2], recvDispls: displs });
  check(block(rank).subarray(0, 2), (rank === 0 ? 30 : 40) + rank);
  check(block(1 - rank).subarray(0, 2), rank === 0 ? 40 : 31);
} else if (call === 'gather') {
  const counts = [3, LONG];
  const all = rank === 0 ? make(3 + LONG) : undefined;
  if (all) fill(all.subarray(0, 3), 1);
  await world.gatherInto(rank === 0 ? (inPlace ? IN_PLACE : filled(3, 1)) : filled(LONG, 2), all, { root: 0, counts });
  if (all) for (const i of [0, 1]) check(all.subarray(i * 3, i * 3 + counts[i]!), i + 1);
} else if (call === 'scatter') {
  const counts = [3, LONG];
  const all = rank === 0 ? make(3 + LONG) : undefined;
  if (all) for (const i of [0, 1]) fill(all.subarray(i * 3, i * 3 + counts[i]!), i + 1);
  const own = inPlace && rank === 0 ? IN_PLACE : make(counts[rank]!);
  await world.scatterInto(all, own, { root: 0, counts });
  if (own !== IN_PLACE) check(own as Elements, rank + 1);
} else if (call === 'allgather' || call === 'allgatherEqual') {
  const counts = call === 'allgather' ? [3, LONG] : [LONG / 2, LONG / 2].map(Math.ceil);
  const all = make(counts[0]! + counts[1]!);
  const block = (i: number): Elements => all.subarray(i * counts[0]!, i * counts[0]! + counts[i]!);
  if (inPlace) fill(block(rank), rank + 1);
  await world.allgatherInto(inPlace ? IN_PLACE : filled(counts[rank]!, rank + 1), all, { counts });
  for (const i of [0, 1]) check(block(i), i + 1);
} else if (call === 'alltoall') {
  // Rank 1 sends the long block to rank 0.
  const sendCounts = rank === 0 ? [3, 4] : [LONG, 5];
  const recvCounts = rank === 0 ? [3, LONG] : [4, 5];
  const out = make(sendCounts[0]! + sendCounts[1]!);
  for (const i of [0, 1]) fill(out.subarray(i * sendCounts[0]!, i * sendCounts[0]! + sendCounts[i]!), 1 + rank + 2 * i);
  const into = make(recvCounts[0]! + recvCounts[1]!);
  await world.alltoallInto(out, into, { sendCounts, recvCounts });
  for (const i of [0, 1])
    check(into.subarray(i * recvCounts[0]!, i * recvCounts[0]! + recvCounts[i]!), 1 + i + 2 * rank);
} else if (call === 'reduceScatter') {
  const counts = [3, LONG];
  const input = make(3 + LONG);
  for (const i of [0, 1]) fill(input.subarray(i * 3, i * 3 + counts[i]!), i + 1);
  const into = inPlace ? input : make(counts[rank]!);
  await world.reduceScatterInto(inPlace ? IN_PLACE : input, into, SUM, { counts });
  const result = into.subarray(0, counts[rank]!);
  for (const i of places(result.length)) if (result[i] !== 2 * (rank + 1 + (i % 7))) wrong += 1;
} else if (call === 'neighborAlltoall') {
  // A ring of two, not closed: each has one neighbour.
  const line = (await world.cartesian([2]))!;
  const into = make(rank === 0 ? LONG : 3);
  const out = filled(rank === 0 ? 3 : LONG, rank + 1);
  const [mine, theirs] = [out.length, into.length];
  const [sendCounts, recvCounts] =
    rank === 0
      ? [
          [0, mine],
          [0, theirs],
        ]
      : [
          [mine, 0],
          [theirs, 0],
        ];
  await line.neighborAlltoallInto(out, into, { sendCounts, recvCounts });
  check(into, 2 - rank);
} else {
  throw new Error(`no load is called ${what} ${call}`);
}
console.log(JSON.stringify({ wrong }));

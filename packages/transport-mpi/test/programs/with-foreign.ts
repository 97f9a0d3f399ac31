// Rank 1 of a job whose rank 0 is C or mpi4py: every element type both ways, then each collective they share.
import { deepStrictEqual } from 'node:assert/strict';
import { init, MAX, SUM } from '@par/comm-core';

const world = await init();
const kinds = [
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  Float32Array,
  Float64Array,
] as const;
for (const [index, Kind] of kinds.entries()) {
  const tag = index + 1;
  const numbers = [0, 1, 2, 3, 4].map((i) => i + tag);
  const big = Kind === BigInt64Array || Kind === BigUint64Array;
  const make = Kind as unknown as { from(values: Iterable<number | bigint>): Float64Array };
  const sent = make.from(big ? numbers.map(BigInt) : numbers);
  await world.sendBuffer(sent, { dest: 0, tag });
  const back = make.from(big ? [0n, 0n, 0n, 0n, 0n] : [0, 0, 0, 0, 0]);
  const status = await world.recvInto(back, { source: 0, tag });
  deepStrictEqual([status.source, status.tag, status.count], [0, tag, 5], Kind.name);
  deepStrictEqual(back, make.from(big ? numbers.map((n) => BigInt(2 * n)) : numbers.map((n) => 2 * n)), Kind.name);
}

await world.barrier();
const sum = new Float64Array(2);
await world.allreduceInto(new Float64Array([2.5, 20]), sum, SUM);
deepStrictEqual([...sum], [4, 30]);
const told = new Int32Array(3);
await world.bcastInto(told, { root: 0 });
deepStrictEqual([...told], [7, 8, 9]);
await world.bcastInto(
  told.fill(0).map((_, i) => -7 - i),
  { root: 1 },
);
const all = new BigInt64Array(2);
await world.allgatherInto(new BigInt64Array([200n]), all);
deepStrictEqual([...all], [100n, 200n]);
await world.gatherInto(new Int16Array([4, 5]), undefined, { root: 0 });
const own = new Float32Array(1);
await world.scatterInto(new Float32Array([0.5, 0.25]), own, { root: 1 });
deepStrictEqual(own[0], 0.25);
const received = new Uint8Array(2);
await world.alltoallInto(new Uint8Array([20, 21]), received);
deepStrictEqual([...received], [11, 21]);
await world.reduceInto(new Uint32Array([6]), undefined, MAX, { root: 0 });

const refused = await world.send('a value', { dest: 0 }).then(
  () => undefined,
  (error: { code: string }) => error.code,
);
console.log(`par rank: values to the foreign rank are refused with ${refused}`);

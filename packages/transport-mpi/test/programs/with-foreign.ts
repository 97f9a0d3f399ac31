// Rank 1 of a job whose rank 0 is C, Fortran or mpi4py: every element type both ways and in a reduction, then each collective.
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
  Uint8ClampedArray,
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
  await world.allreduceInto(sent, back, SUM);
  deepStrictEqual(back, make.from(big ? numbers.map((n) => BigInt(3 * n)) : numbers.map((n) => 3 * n)), Kind.name);
}
// Node 22 has no half floats: there the same bits travel as integers.
const bits = new Uint16Array([0x3c00, 0x4000, 0xc000]);
const has16 = 'Float16Array' in globalThis;
const half = has16 ? new Float16Array(bits.buffer) : bits;
await world.sendBuffer(half, { dest: 0, tag: 12 });
const same = half.slice().fill(0);
await world.recvInto(same, { source: 0, tag: 12 });
deepStrictEqual([...same], has16 ? [1, 2, -2] : [...bits]);

await world.barrier();
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
const parts = new Int32Array(2);
await world.reduceScatterInto(new Int32Array([10, 20, 30]), parts, SUM, { counts: [1, 2] });
deepStrictEqual([...parts], [22, 33]);
const running = new Float64Array(1);
await world.scanInto(new Float64Array([2]), running, SUM);
deepStrictEqual(running[0], 3.5);
await world.exscanInto(new Float64Array([2]), running, SUM);
deepStrictEqual(running[0], 1.5);

const refused = await world.send('a value', { dest: 0 }).then(
  () => undefined,
  (error: { code: string }) => error.code,
);
console.log(`par rank: values to the foreign rank are refused with ${refused}`);

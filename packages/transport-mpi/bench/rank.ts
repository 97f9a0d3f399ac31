// What one rank of par does in the benchmark: one JSON line per measurement from rank 0, microseconds per operation.
import { init, SUM } from '@par/comm-core';

const REPETITIONS = 21;
const WINDOW = 64;
const world = await init();
const { rank, size } = world;
const a = new Uint8Array(2 ** 24).fill(1);
const b = new Uint8Array(2 ** 24);

async function measure(name: string, iterations: number, divisor: number, run: () => Promise<unknown>): Promise<void> {
  for (let i = 0; i < iterations / 4 + 1; i++) await run();
  const times: number[] = [];
  for (let k = 0; k < REPETITIONS; k++) {
    await world.barrier();
    const start = performance.now();
    for (let i = 0; i < iterations; i++) await run();
    times.push(((performance.now() - start) / iterations / divisor) * 1000);
  }
  times.sort((x, y) => x - y);
  const [best, median, worst] = [times[0], times[REPETITIONS >> 1], times.at(-1)];
  if (rank === 0) console.log(JSON.stringify({ name, median, best, worst }));
}

const pingpong = (n: number) => {
  const [out, into] = [a.subarray(0, n), b.subarray(0, n)];
  const peer = { dest: 1 - rank, source: 1 - rank };
  return async () => {
    if (rank === 0) await world.sendBuffer(out, peer);
    if (rank < 2) await world.recvInto(into, peer);
    if (rank === 1) await world.sendBuffer(out, peer);
  };
};
const rate = (n: number) => {
  const out = a.subarray(0, n);
  const into = Array.from({ length: WINDOW }, (_, i) => b.subarray(i * n, (i + 1) * n));
  return async () => {
    if (rank === 0) await Promise.all(into.map(() => world.sendBuffer(out, { dest: 1 })));
    if (rank === 0) await world.recvInto(b.subarray(0, 1), { source: 1, tag: 1 });
    if (rank === 1) await Promise.all(into.map((buffer) => world.recvInto(buffer, { source: 0, tag: 0 })));
    if (rank === 1) await world.sendBuffer(a.subarray(0, 1), { dest: 0, tag: 1 });
  };
};
const value = { a: 1, b: 'two', c: [1, 2, 3] };
const doubles = (bytes: Uint8Array, n: number) => new Float64Array(bytes.buffer, 0, n / 8);
const allreduce = (n: number) => () => world.allreduceInto(doubles(a, n), doubles(b, n), SUM);

if (size >= 2) {
  await measure('buffer 8 B one way', 5000, 2, pingpong(8));
  await measure('buffer 64 KiB one way', 500, 2, pingpong(65_536));
  await measure('buffer 1 MiB one way', 50, 2, pingpong(2 ** 20));
  await measure('buffer 16 MiB one way', 4, 2, pingpong(2 ** 24));
  await measure('buffers 8 B, 64 in flight, each', 200, WINDOW, rate(8));
  await measure('value one way', 2000, 2, async () => {
    if (rank === 0) await world.send(value, { dest: 1 });
    if (rank < 2) await world.recv({ source: 1 - rank });
    if (rank === 1) await world.send(value, { dest: 0 });
  });
}
await measure('barrier', 2000, 1, () => world.barrier());
await measure('allreduce 8 B', 2000, 1, allreduce(8));
await measure('allreduce 1 MiB', 50, 1, allreduce(2 ** 20));
await measure('bcast 8 B', 2000, 1, () => world.bcastInto(a.subarray(0, 8)));
await measure('bcast 1 MiB', 50, 1, () => world.bcastInto(a.subarray(0, 2 ** 20)));
await measure('alltoall 64 KiB', 200, 1, () => world.alltoallInto(a.subarray(0, 65_536), b.subarray(0, 65_536)));
await measure('allreduce value', 1000, 1, () => world.allreduce(1, SUM));

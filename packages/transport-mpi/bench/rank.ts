// What one rank of par does in the benchmark: one JSON line per measurement from rank 0, microseconds per operation.
//   rank.ts [idle | part of the names of the measurements to make]
import { availableParallelism } from 'node:os';
import { init, SUM } from '@par/comm-core';

const REPETITIONS = 21;
const WINDOW = 64;
/** Repetitions before V8 has compiled everything, which it does on another rank's core. */
const WARM_UP = 20;
const IDLE_MS = 4000;
const only = process.argv[2] ?? '';
const world = await init();
const { rank, size } = world;
// More ranks than cores take turns on them: a tenth of the operations is enough.
const share = size > availableParallelism() ? 10 : 1;
const a = new Uint8Array(2 ** 24).fill(1);
const b = new Uint8Array(2 ** 24);

function print(name: string, numbers: Readonly<Record<string, number | undefined>>): void {
  if (rank === 0) console.log(JSON.stringify({ name, ...numbers }));
}

/** `run` does an operation so many times in a row. */
async function measure(
  name: string,
  iterations: number,
  divisor: number,
  run: (times: number) => Promise<unknown>,
): Promise<void> {
  if (!name.includes(only)) return;
  const times = Math.ceil(iterations / share);
  await run(WARM_UP * times);
  const samples: number[] = [];
  for (let k = 0; k < REPETITIONS; k++) {
    await world.barrier();
    const start = performance.now();
    await run(times);
    samples.push(((performance.now() - start) / times / divisor) * 1000);
  }
  samples.sort((x, y) => x - y);
  print(name, { median: samples[REPETITIONS >> 1], best: samples[0], worst: samples.at(-1) });
}

const pingpong = (n: number) => {
  const [out, into] = [a.subarray(0, n), b.subarray(0, n)];
  const peer = { dest: 1 - rank, source: 1 - rank };
  return async (times: number) => {
    for (let i = 0; i < times && rank < 2; i++) {
      if (rank === 0) await world.sendBuffer(out, peer);
      await world.recvInto(into, peer);
      if (rank === 1) await world.sendBuffer(out, peer);
    }
  };
};
const rate = (n: number) => {
  const out = a.subarray(0, n);
  const into = Array.from({ length: WINDOW }, (_, i) => b.subarray(i * n, (i + 1) * n));
  return async (times: number) => {
    for (let i = 0; i < times; i++) {
      if (rank === 0) await Promise.all(into.map(() => world.sendBuffer(out, { dest: 1 })));
      if (rank === 0) await world.recvInto(b.subarray(0, 1), { source: 1, tag: 1 });
      if (rank === 1) await Promise.all(into.map((buffer) => world.recvInto(buffer, { source: 0, tag: 0 })));
      if (rank === 1) await world.sendBuffer(a.subarray(0, 1), { dest: 0, tag: 1 });
    }
  };
};
const value = { a: 1, b: 'two', c: [1, 2, 3] };
const peer = { dest: 1 - rank, source: 1 - rank };
const values = async (times: number) => {
  for (let i = 0; i < times && rank < 2; i++) {
    if (rank === 0) await world.send(value, peer);
    await world.recv(peer);
    if (rank === 1) await world.send(value, peer);
  }
};
const doubles = (bytes: Uint8Array, n: number) => new Float64Array(bytes.buffer, 0, n / 8);
const repeated = (call: () => Promise<unknown>) => async (times: number) => {
  for (let i = 0; i < times; i++) await call();
};
const allreduce = (n: number) => {
  const [from, into] = [doubles(a, n), doubles(b, n)];
  return repeated(() => world.allreduceInto(from, into, SUM));
};
const bcast = (n: number) => {
  const buffer = a.subarray(0, n);
  return repeated(() => world.bcastInto(buffer));
};
const alltoall = (n: number) => {
  const [from, into] = [a.subarray(0, n), b.subarray(0, n)];
  return repeated(() => world.alltoallInto(from, into));
};

/** Percent of a core that rank 0 takes while it awaits a message. */
async function idle(): Promise<void> {
  if (rank === 1) {
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    await world.sendBuffer(a.subarray(0, 1), { dest: 0 });
  }
  if (rank === 0) {
    const [since, used] = [performance.now(), process.cpuUsage()];
    await world.recvInto(b.subarray(0, 1), { source: 1 });
    const { user, system } = process.cpuUsage(used);
    print('idle rank, % of a core', { median: (user + system) / 10 / (performance.now() - since) });
  }
}

if (only === 'idle') {
  await idle();
} else {
  if (size <= 4) {
    await measure('buffer 8 B one way', 5000, 2, pingpong(8));
    await measure('buffer 64 KiB one way', 500, 2, pingpong(65_536));
    await measure('buffer 1 MiB one way', 50, 2, pingpong(2 ** 20));
    await measure('buffer 16 MiB one way', 4, 2, pingpong(2 ** 24));
    await measure('buffers 8 B, 64 in flight, each', 200, WINDOW, rate(8));
    await measure('value one way', 2000, 2, values);
    await measure(
      'barrier',
      2000,
      1,
      repeated(() => world.barrier()),
    );
    await measure('allreduce 1 MiB', 50, 1, allreduce(2 ** 20));
    await measure('bcast 8 B', 2000, 1, bcast(8));
    await measure('bcast 1 MiB', 50, 1, bcast(2 ** 20));
    await measure('alltoall 64 B', 2000, 1, alltoall(64));
    await measure('alltoall 64 KiB', 200, 1, alltoall(65_536));
    await measure(
      'allreduce value',
      1000,
      1,
      repeated(() => world.allreduce(1, SUM)),
    );
  }
  await measure('allreduce 8 B', 2000, 1, allreduce(8));
}

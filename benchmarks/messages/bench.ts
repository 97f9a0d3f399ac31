// The measurements of bench.c over par. Prints: name bytes microseconds (medians, one way for ping-pong).
import { init, MAX, wtime } from '@par/comm-core';

const largest = Number(process.argv[2] ?? 64 * 2 ** 20);
const world = await init();
const { rank, size } = world;

/** Half as many again go first, unmeasured: V8 compiles what is hot only after some hundreds. */
function repetitions(bytes: number): number {
  if (bytes <= 1024) return 2000;
  if (bytes <= 65_536) return 1000;
  if (bytes <= 2 ** 20) return 400;
  return bytes <= 2 ** 24 ? 50 : 6;
}

function report(name: string, bytes: number, samples: number[], divisor: number): void {
  if (rank !== 0) return;
  samples.sort((a, b) => a - b);
  console.log(name, bytes, ((samples[samples.length >> 1]! * 1e6) / divisor).toFixed(3));
}

async function pingPong(name: string, bytes: number, there: () => Promise<unknown>, back: () => Promise<unknown>) {
  const n = repetitions(bytes);
  const warm = (n >> 1) + 2;
  const samples: number[] = [];
  await world.barrier();
  for (let i = -warm; i < n && rank < 2; i++) {
    const start = wtime();
    if (rank === 0) {
      await there();
      await back();
    } else {
      await back();
      await there();
    }
    if (i >= 0) samples.push(wtime() - start);
  }
  report(name, bytes, samples, 2);
}

const peer = 1 - rank;
for (let bytes = 8; bytes <= largest; bytes *= 8) {
  const out = new Uint8Array(bytes).fill(1);
  const into = new Uint8Array(bytes);
  const to = { dest: peer };
  const from = { source: peer, tag: 0 };
  await pingPong(
    'pingpong',
    bytes,
    () => world.sendBuffer(out, to),
    () => world.recvInto(into, from),
  );
}
const small = { step: 1, name: 'x', values: [1, 2, 3] };
await pingPong(
  'value',
  0,
  () => world.send(small, { dest: peer }),
  () => world.recv({ source: peer, tag: 0 }),
);
for (let bytes = 4096; bytes <= largest; bytes *= 16) {
  const out = new Float64Array(bytes / 8);
  await pingPong(
    'value',
    bytes,
    () => world.send(out, { dest: peer }),
    () => world.recv({ source: peer, tag: 0 }),
  );
}

const burst = 1000;
const rates: number[] = [];
const payload = new Uint8Array(8 * burst);
for (let round = -2; round < 20; round++) {
  await world.barrier();
  const start = wtime();
  if (rank === 0) {
    await Promise.all(
      Array.from({ length: burst }, (_, i) =>
        world.sendBuffer(payload.subarray(8 * i, 8 * i + 8), { dest: 1, tag: 1 }),
      ),
    );
    await world.recvInto(new Uint8Array(8), { source: 1, tag: 2 });
  } else if (rank === 1) {
    await Promise.all(
      Array.from({ length: burst }, (_, i) =>
        world.recvInto(payload.subarray(8 * i, 8 * i + 8), { source: 0, tag: 1 }),
      ),
    );
    await world.sendBuffer(payload.subarray(0, 8), { dest: 0, tag: 2 });
  }
  if (round >= 0) rates.push(wtime() - start);
}
report('rate', 8, rates, burst);

for (const name of ['allreduce', 'bcast', 'alltoall'] as const) {
  for (let bytes = 8; bytes <= largest / 4; bytes *= 8) {
    const n = (repetitions(bytes) >> 1) + 1;
    const warm = n + 2;
    const send = new Float64Array((bytes / 8) * (name === 'alltoall' ? size : 1)).fill(1);
    const recv = new Float64Array(send.length);
    const samples: number[] = [];
    for (let i = -warm; i < n; i++) {
      await world.barrier();
      const start = wtime();
      if (name === 'allreduce') await world.allreduceInto(send, recv, MAX);
      else if (name === 'bcast') await world.bcastInto(send);
      else await world.alltoallInto(send, recv);
      const slowest = await world.reduce(wtime() - start, MAX);
      if (i >= 0) samples.push(slowest ?? 0);
    }
    report(name, bytes, samples, 1);
  }
}

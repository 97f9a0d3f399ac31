// One kind of load, named by the first argument; each prints what the test checks.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { type Communicator, init } from '@par/comm-core';

const world = await init();
const [load] = process.argv.slice(2);
const { rank, size } = world;

/** Messages to itself, each of which completes in its calls, until the signal. */
async function flood(comm: Communicator, signal: AbortSignal): Promise<void> {
  const buffer = new Int32Array(1);
  while (!signal.aborted) {
    await comm.sendBuffer(buffer, { dest: rank });
    await comm.recvInto(buffer, { source: rank });
  }
}

if (load === 'timers') {
  const done = new AbortController();
  const late: number[] = [];
  let echoed = 0;
  const ticking = (async () => {
    for (let i = 0; i < 200 || echoed < 20; i++) {
      const due = performance.now() + 1;
      await wait(1);
      late.push(performance.now() - due);
    }
    done.abort();
  })();
  const echo = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const socket = connect((echo.address() as AddressInfo).port, '127.0.0.1');
  socket.on('data', () => {
    echoed += 1;
    if (done.signal.aborted) socket.end();
    else socket.write('again');
  });
  socket.write('first');
  await flood(world, done.signal);
  await ticking;
  echo.close();
  late.sort((a, b) => a - b);
  console.log(JSON.stringify({ median: late[late.length >> 1] }));
} else if (load === 'pending') {
  // 10,000 receives are pending, of values and of buffers with distinct tags, then sent to in reverse.
  const count = 5_000;
  const peer = (rank + 1) % size;
  const from = (rank + size - 1) % size;
  const values = Array.from({ length: count }, (_, tag) => world.recv<number>({ source: from, tag }));
  const buffers = Array.from({ length: count }, () => new Int32Array(1));
  const received = buffers.map((buffer, tag) => world.recvInto(buffer, { source: from, tag }));
  for (let tag = count - 1; tag >= 0; tag--) {
    await world.send(tag * 2, { dest: peer, tag });
    await world.sendBuffer(Int32Array.of(tag * 3), { dest: peer, tag });
  }
  const wrong = (await Promise.all(values)).filter((value, tag) => value !== tag * 2).length;
  await Promise.all(received);
  console.log(JSON.stringify({ wrong: wrong + buffers.filter((buffer, tag) => buffer[0] !== tag * 3).length }));
} else if (load === 'self') {
  // Every call completes at once, so nothing but the calls themselves gives MPI's requests back, of which MPICH has 2^18.
  const count = 300_000;
  const into = new Int32Array(1);
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    await world.sendBuffer(Int32Array.of(i), { dest: rank });
    await world.recvInto(into, { source: rank });
    if (into[0] !== i) wrong += 1;
  }
  console.log(JSON.stringify({ wrong }));
} else if (load === 'idle') {
  // Everyone but rank 0 awaits a message for two seconds.
  await world.barrier();
  const before = process.cpuUsage();
  const started = performance.now();
  const woken = rank === 0 ? undefined : world.recv({ source: 0 });
  await wait(500);
  // What the rank is going to do for as long as it waits, it does by now.
  const turns = performance.nodeTiming.uvMetricsInfo.loopCount;
  const settled = performance.now();
  if (rank === 0) {
    await wait(1500);
    for (let dest = 1; dest < size; dest++) await world.send('wake up', { dest });
  }
  await woken;
  const ended = performance.now();
  const { user, system } = process.cpuUsage(before);
  console.log(
    JSON.stringify({
      rank,
      share: Math.round((user + system) / (ended - started)) / 1000,
      turns: performance.nodeTiming.uvMetricsInfo.loopCount - turns,
      milliseconds: ended - settled,
    }),
  );
} else if (load === 'memory') {
  // By default 20,000 operations and 200 duplicates, after as many for the libraries to fill their pools; a soak gives more.
  const [rounds = 5_000, duplicates = 200] = process.argv.slice(3).map(Number);
  const peer = 1 - rank;
  const buffer = new Float64Array(4);
  const into = new Float64Array(4);
  const round = async (): Promise<void> => {
    const receiving = world.recvInto(into, { source: peer });
    await world.sendBuffer(buffer, { dest: peer });
    await receiving;
    await world.sendrecv({ a: 1 }, { dest: peer, source: peer });
  };
  const makeAndFree = async (): Promise<void> => {
    const twin = await world.dup();
    await twin.free();
  };
  const resident = (): number => {
    globalThis.gc?.();
    return process.memoryUsage().rss / 2 ** 20;
  };
  for (let i = 0; i < 5_000; i++) await round();
  for (let i = 0; i < 200; i++) await makeAndFree();
  const before = resident();
  for (let i = 0; i < rounds; i++) await round();
  const afterRounds = resident();
  for (let i = 0; i < duplicates; i++) await makeAndFree();
  console.log(JSON.stringify({ rounds: afterRounds - before, duplicates: resident() - afterRounds }));
} else if (load === 'garbage') {
  // The promise and the buffer of a receive are dropped at once; MPI must still have somewhere to write.
  const peer = 1 - rank;
  let arrived = 0;
  const drop = (tag: number): void => {
    const buffer = new Float64Array(50_000);
    void world.recvInto(buffer, { source: peer, tag }).then(() => {
      if (buffer.every((value) => value === tag)) arrived += 1;
    });
  };
  for (let tag = 0; tag < 20; tag++) drop(tag);
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.();
    await wait(1);
  }
  const sends = Array.from({ length: 20 }, (_, tag) =>
    world.sendBuffer(new Float64Array(50_000).fill(tag), { dest: peer, tag }),
  );
  globalThis.gc?.();
  await Promise.all(sends);
  await world.barrier();
  while (arrived < 20) await wait(1);
  console.log(JSON.stringify({ arrived }));
}

// Ranks whose worker threads talk over MPI, which their main threads never touch. Each prints what it found.
import { deepStrictEqual } from 'node:assert/strict';
import { once } from 'node:events';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { init, SUM, type TransportFactory } from '@par/comm-core';

if (isMainThread) {
  for (const task of ['refused', 'talk']) {
    const [status] = await once(new Worker(new URL(import.meta.url), { workerData: task }), 'exit');
    deepStrictEqual(status, 0);
  }
} else if (workerData === 'refused') {
  await init().catch((error: { code: string; message: string }) => console.log(error.code, error.message));
} else {
  const { createTransport } = (await import(process.env.PAR_TRANSPORT_MODULE!)) as {
    createTransport: TransportFactory;
  };
  const world = await init({ transport: createTransport });
  const { rank, size } = world;
  const neighbours = { dest: (rank + 1) % size, source: (rank + size - 1) % size };
  deepStrictEqual(await world.sendrecv({ from: rank }, neighbours), { from: neighbours.source });
  const sending = world.sendBuffer(new Float64Array(300_000).fill(rank), { dest: neighbours.dest });
  const into = new Float64Array(300_000);
  await world.recvInto(into, { source: neighbours.source });
  await sending;
  deepStrictEqual(
    into.every((value) => value === neighbours.source),
    true,
  );
  console.log(
    `the ranks of ${size} worker threads add up to ${await world.allreduce(rank, SUM)} over ${world.transport}`,
  );
}

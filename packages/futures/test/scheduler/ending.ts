import { expect } from 'vitest';
import { FIRST_WORKER, type World } from './world.ts';

/** Three healthy workers do everything that is left to do. */
export function finishEverything(world: World): void {
  const { cluster } = world;
  for (const worker of cluster.workers.values()) worker.send({ kind: 'status', paused: false });
  for (const rank of [FIRST_WORKER, FIRST_WORKER + 2, 99]) {
    world.forgetClients(rank);
    if (cluster.workers.has(rank)) cluster.kill(rank);
    cluster.join(rank, { threads: 2, resources: { gpu: 2 } });
  }
  for (let round = 0; round < 200; round++) {
    const before = cluster.scheduler.state.nextRequest;
    for (const task of [...cluster.scheduler.state.scattering]) {
      for (const { rank } of task.rare?.scatter?.expected ?? []) world.bring(rank, task.id, 2000);
    }
    for (const worker of [...cluster.workers.values()]) {
      for (const record of worker.records.splice(0)) {
        if (record.kind !== 'replicate') continue;
        for (let i = 0; i < record.tasks.length; i++) world.bring(worker.rank, record.tasks[i]!, record.nbytes[i]!);
      }
    }
    cluster.drain();
    world.close();
    cluster.tick(100);
    const counts = [...cluster.scheduler.state.tasks.values()].map((task) => task.state as number);
    if (!counts.some((state) => state >= 1 && state <= 3) && before === cluster.scheduler.state.nextRequest) return;
  }
  throw new Error('tasks are left that nobody finishes');
}

/** Every future is settled, and once all is released nothing is left. */
export function checkNothingLeft(world: World): void {
  const { cluster } = world;
  for (const client of world.clients) {
    for (const [number, future] of client.futures) {
      expect(future.status, `future ${number} of client ${client.local}`).not.toBe('pending');
      if (future.status !== 'stored') continue;
      const held = future.holders.some((rank) => cluster.workers.get(rank)?.data.has(future.task));
      const current = cluster.scheduler.state.tasks.get(future.task)!.holders;
      expect(held || current.some((holder) => cluster.workers.get(holder.rank)?.data.has(future.task))).toBe(true);
    }
  }
  for (const client of world.clients) client.send({ kind: 'close-client', client: client.local });
  const { state } = cluster.scheduler;
  const { coordination } = state;
  expect([coordination.leases.size, coordination.semaphores.size, coordination.asks.size]).toEqual([0, 0, 0]);
  expect(state.tasks.size).toBe(0);
  expect(state.keys.size).toBe(0);
  expect(state.classes.size).toBe(0);
  expect(state.functions.size).toBe(0);
  expect(state.scattering.size).toBe(0);
  for (const worker of state.workers.values()) {
    expect([worker.tasks.length, worker.groups.size, worker.data.size, worker.bytes, worker.blocked]).toEqual([
      0, 0, 0, 0, 0,
    ]);
    expect(worker.free).toEqual(worker.resources);
  }
  for (const worker of cluster.workers.values()) {
    expect(worker.runs.size).toBe(0);
    expect([...worker.data.keys()]).toEqual([]);
  }
}

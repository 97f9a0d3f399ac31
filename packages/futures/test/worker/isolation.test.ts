import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { eventually, TestCluster } from '../client/cluster.ts';

const inProcess = { isolation: 'process', cancelGraceMs: 100 } as const;
/** A native crash: the process is gone, and whatever is in it. */
const crash = (): Promise<never> => {
  process.kill(process.pid, 'SIGSEGV');
  return new Promise(() => {});
};

function childrenOf(pid: number): number[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'latin1'))?.[1]) === pid
        ? [Number(name)]
        : [];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

test('tasks run in a child of the rank, with large data in and out, clients in tasks and actors', async () => {
  await using cluster = await TestCluster.start({ ...inProcess });
  const { client } = cluster;
  await client.waitForWorkers(2);
  const pids = await client.run(() => process.pid);
  expect(new Set([...pids.values(), process.pid]).size).toBe(3);
  const [mine] = pids.keys();
  const make = (n: number): Float64Array => new Float64Array(n).fill(n);
  const sum = (array: Float64Array): number => array.reduce((a, b) => a + b, 0);
  const large = client.with({ workers: [mine!] }).submit(make, 200_000);
  const other = [...pids.keys()].find((rank) => rank !== mine)!;
  expect(await client.with({ workers: [other] }).submit(sum, large)).toBe(4e10);
  expect((await large).length).toBe(200_000);
  expect(await client.submit(sum, client.scatter(new Float64Array(5000).fill(2)))).toBe(10_000);
});

test('a cluster that is closed while a process is started in place of another ends', async () => {
  const cluster = await TestCluster.start({ ...inProcess, workers: 1, schedulerOptions: { allowedFailures: 0 } });
  await expect(cluster.client.submit(crash).result()).rejects.toMatchObject({ code: 'PAR_KILLED_WORKER' });
  await cluster[Symbol.asyncDispose]();
});

test('a crash of native code costs the process, not the rank: its tasks and data are computed again', async () => {
  await using cluster = await TestCluster.start({
    ...inProcess,
    workers: 1,
    schedulerOptions: { allowedFailures: 1, validate: true },
  });
  const { client } = cluster;
  await client.waitForWorkers(1);
  const before = [...(await client.run(() => process.pid)).values()][0]!;
  const kept = client.submit((n: number) => new Float64Array(n).fill(7), 5000);
  await client.wait([kept]);
  await expect(client.submit(crash).result()).rejects.toMatchObject({ code: 'PAR_KILLED_WORKER' });
  expect((await kept)[4999]).toBe(7);
  await client.waitForWorkers(1);
  const after = [...(await client.run(() => process.pid)).values()][0]!;
  expect(after).not.toBe(before);
  const status = execFileSync('sh', ['-c', `kill -0 ${before} 2>/dev/null || echo gone`]).toString();
  expect(status).toBe('gone\n');
});

test('process.exit, a full heap and an endless loop that is cancelled end as they do in threads of the rank', async () => {
  await using cluster = await TestCluster.start({
    ...inProcess,
    workers: 1,
    threadHeapBytes: 64 * 2 ** 20,
    schedulerOptions: { allowedFailures: 0 },
  });
  const { client } = cluster;
  const hog = (): never => {
    const held: number[] = [];
    for (;;) held.push(held.length + 0.5);
  };
  await expect(client.submit(() => process.exit(3)).result()).rejects.toThrow('process.exit(3)');
  await expect(client.submit(hog).result()).rejects.toThrow('used up the heap');
  const loop = client.submit(() => {
    for (;;);
  });
  await eventually(async () => [...(await client.processing()).values()].flat().length === 1);
  loop.cancel();
  expect(await client.submit(() => 42)).toBe(42);
});

test('a task of several ranks is refused where no workers can run it', async () => {
  await using cluster = await TestCluster.start({ ...inProcess });
  const group = cluster.client.with({ ranks: 2 }).submit(() => 1);
  await expect(group.result()).rejects.toMatchObject({ code: 'PAR_UNRUNNABLE' });
  await expect(group.result()).rejects.toThrow("isolation 'thread'");
});

test('no process of a worker outlives the cluster', async () => {
  const before = childrenOf(process.pid);
  {
    await using cluster = await TestCluster.start({ ...inProcess });
    await cluster.client.waitForWorkers(2);
    expect(childrenOf(process.pid).length).toBe(before.length + 2);
  }
  expect(childrenOf(process.pid).length).toBe(before.length);
});

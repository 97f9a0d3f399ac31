// Kills workers under an actor, a stream and a client inside a task, stops one, adds and takes some, and prints what became of each.
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client, initialize, taskContext } from '@par/futures';

const marker = join(process.argv[2]!, 'submitted');
const cluster = await initialize({
  workers: 2,
  nthreads: 1,
  cancelGraceMs: 50,
  schedulerOptions: { workerTimeout: 5000 },
});
const client = new Client();

async function outcome(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    return { code: (error as { code?: string }).code, message: (error as Error).message };
  }
}

class Counter {
  n = 0;
  increment(): number {
    this.n += 1;
    return this.n;
  }
  pid(): number {
    return process.pid;
  }
  never(): Promise<never> {
    return new Promise(() => {});
  }
}
const held = client.actor(Counter);
const counter = await held;
await counter.increment();
const waiting = outcome(counter.never());
process.kill(await counter.pid(), 'SIGKILL');
const during = await waiting;
const after = await outcome(counter.increment());
while (held.status === 'finished') await new Promise((resolve) => setTimeout(resolve, 5));
const future = await outcome(held.result());
held.release();
const another = client.actor(Counter);
console.log(JSON.stringify({ actor: { during, after, future, anew: await (await another).increment() } }));
another.release();

await client.waitForWorkers(2);
async function* made(count: number): AsyncGenerator<{ i: number; pid: number }> {
  for (let i = 0; i < count; i++) yield { i, pid: process.pid };
}
const seen: number[] = [];
const pids = new Set<number>();
for await (const { i, pid } of client.stream(made, 1000)) {
  seen.push(i);
  pids.add(pid);
  if (i === 10) process.kill(pid, 'SIGKILL');
}
console.log(
  JSON.stringify({ stream: { inOrder: seen.every((i, at) => i === at), count: seen.length, pids: pids.size } }),
);

await client.waitForWorkers(2);
async function submits(path: string): Promise<string> {
  if (existsSync(path)) return 'ran again';
  const inner = new Client();
  const own = taskContext().workerRank;
  const others = [...(await inner.workers())].map(({ rank }) => rank).filter((rank) => rank !== own);
  const endless = inner.with({ workers: others }).map((_: number): Promise<never> => new Promise(() => {}), [1, 2, 3]);
  while (Object.values(await inner.counts()).reduce((sum, count) => sum + count, 0) < 4) await inner.workers();
  writeFileSync(path, String(process.pid));
  process.kill(process.pid, 'SIGKILL');
  return inner.gather(endless).then(String);
}
const parent = await client.submit(submits, marker);
// The actors and the parent are done: whatever else there is would run, or wait to.
const left = async (): Promise<number> => {
  const { memory: _, erred: __, ...others } = await client.counts();
  return Object.values(others).reduce((sum, count) => sum + count, 0);
};
while ((await left()) > 0) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(JSON.stringify({ client: { parent, left: await left() } }));

// Its link stays, but it says nothing any more.
const before = await client.run(() => process.pid);
const [[victim, stopped]] = [...before] as [[number, number]];
const data = client
  .with({ workers: victim, allowOtherWorkers: true })
  .submit((n: number) => new Float64Array(n).fill(n), 1000);
await client.wait([data]);
process.kill(stopped, 'SIGSTOP');
const value = (await data)[999];
while ((await client.workers()).some(({ rank }) => rank === victim))
  await new Promise((resolve) => setTimeout(resolve, 5));
await client.waitForWorkers(2);
while (existsSync(`/proc/${stopped}`)) await new Promise((resolve) => setTimeout(resolve, 5));
console.log(JSON.stringify({ stopped: { value, others: (await client.run(() => process.pid)).size } }));

// Queued work goes to workers that join; those that leave hand over what they have.
const path = join(process.argv[2]!, 'ran');
const queued = client.with({ pure: false }).map(
  async (i: number, file: string) => {
    appendFileSync(file, '.');
    // Waiting for an event would give the thread away.
    while (!existsSync(`${file} enough`)) await new Promise((resolve) => setTimeout(resolve, 5));
    return new Float64Array(1000).fill(i + taskContext().workerRank / 1e4);
  },
  [0, 1, 2, 3, 4, 5, 6, 7],
  Array<string>(8).fill(path),
);
const warnings: string[] = [];
process.on('warning', ({ message }) => warnings.push(message));
const wide = client.with({ ranks: 3 }).submit((comm) => comm.size);
while (warnings.length === 0) await client.workers();
const unknown = await outcome(client.with({ resources: { gpu: 1 } }).submit(() => 1));
await cluster.scale(4);
writeFileSync(`${path} enough`, '');
const size = await wide;
await client.wait(queued);
const spread = new Set([...(await client.whoHas(queued)).values()].flat()).size;
await cluster.scale(1);
const results = await client.gather(queued);
console.log(
  JSON.stringify({
    short: { warnings, wide: size, unknown },
    scaled: {
      spread: spread > 2,
      workers: (await client.workers()).length,
      results: results.map((array) => Math.floor(array[999]!)),
      ran: readFileSync(path, 'utf8').length,
    },
  }),
);
await cluster.close();

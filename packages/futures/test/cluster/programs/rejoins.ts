// Stops the process of a worker until it counts as lost, lets it go on, and prints what became of what it had.
import { init } from '@par/comm-core';
import { Client, initialize, taskContext } from '@par/futures';

const world = await init({ onPeerLoss: 'reject' });
// Ranks of a communicator of the program's are nobody's to replace.
const cluster = await initialize({ comm: world, exit: false, nthreads: 1, schedulerOptions: { workerTimeout: 3000 } });
if (cluster.role === 'client') await script();
await world[Symbol.asyncDispose]();

async function outcome(promise: PromiseLike<unknown>): Promise<unknown> {
  try {
    return await promise;
  } catch (error) {
    const { code, reason } = error as { readonly code?: string; readonly reason?: string };
    return reason ?? code;
  }
}

async function until(check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function script(): Promise<void> {
  const client = new Client();
  const pids = await client.run(() => process.pid);
  const [victim, other] = [...pids.keys()] as [number, number];
  const there = client.with({ workers: victim, allowOtherWorkers: true });
  const fill = (length: number): Float64Array => new Float64Array(length).fill(taskContext().workerRank);
  class Counter {
    readonly n = 1;
  }
  const computed = there.submit(fill, 1000);
  const scattered = client.scatter(new Float64Array(1001), { workers: victim });
  const actor = client.with({ workers: victim }).actor(Counter);
  await client.wait([computed, scattered]);
  const counter = await actor;
  // With the worker when it is stopped.
  const strict = client.with({ workers: victim }).submit(fill, 10);
  process.kill(pids.get(victim)!, 'SIGSTOP');
  const running = there.with({ pure: false }).submit(() => taskContext().workerRank);
  const isThere = async (): Promise<boolean> => (await client.workers()).some(({ rank }) => rank === victim);
  await until(async () => !(await isThere()));
  const lost = {
    computed: (await computed)[999] === other,
    running: (await running) === other,
    scattered: await outcome(scattered),
    actor: await outcome(counter.get('n')),
    call: await outcome(client.runOn({ workers: victim }, () => 1)),
  };
  process.kill(pids.get(victim)!, 'SIGCONT');
  await until(isThere);
  const again = client.with({ workers: victim, pure: false });
  const back = {
    strict: (await strict)[9] === victim,
    pid: (await client.runOn({ workers: victim }, () => process.pid)).get(victim) === pids.get(victim),
    data: (await again.submit(fill, 1002))[1001] === victim,
    moved: await again.submit((array: Float64Array) => array.length, computed),
    actor: await (await again.actor(Counter)).get('n'),
    together: await client.with({ ranks: 2 }).submit((comm) => comm.size),
  };
  await client.close();
  const observer = new Client();
  await until(async () => Object.keys(await observer.counts()).length === 0);
  const left = [...(await observer.hasWhat()).values()].flat();
  process.stdout.write(`${JSON.stringify({ lost, back, left })}\n`);
  await (cluster as { close(): Promise<void> }).close();
}

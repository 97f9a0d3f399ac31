import { hostname } from 'node:os';
import { Client, initialize } from '@par/futures';

// Kills workers in the middle of work and says who works then: all of them; with the argument "one" one; with "freeze" stops one.

await initialize({ schedulerOptions: { workerTimeout: 2000 } });
const client = new Client();
const before = await client.waitForWorkers(2);
const slow = async (i: number): Promise<number> => {
  await new Promise((resolve) => setTimeout(resolve, 20));
  return i;
};
const futures = client.map(
  slow,
  Array.from({ length: 100 }, (_, i) => i),
);
await futures[0];
const lost = before.map(({ rank }) => rank).slice(process.argv[2] === 'one' ? 1 : 0);
const killed = process.argv[2] === 'freeze' ? lost.slice(1) : lost;
if (killed !== lost) {
  const pids = await client.run(() => process.pid);
  process.kill(pids.get(lost[0]!)!, 'SIGSTOP');
}
// By themselves: their host may be another.
await client.runOn({ workers: killed, errors: 'skip' }, () => process.kill(process.pid, 'SIGKILL'));
const sum = (await client.gather(futures)).reduce((a, b) => a + b);
let after = await client.waitForWorkers(before.length);
// Those that are lost may still be among them for a moment.
while (after.some(({ rank }) => lost.includes(rank))) after = await client.waitForWorkers(before.length);
const hosts = [...(await client.run(() => hostname())).values()].sort();
const threads = new Set(after.map(({ threads }) => threads)).size;
console.log(
  JSON.stringify({ sum, workers: after.length, threads, hosts, new: after.filter(({ rank }) => rank > 3).length }),
);

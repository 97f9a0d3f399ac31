import { hostname } from 'node:os';
import { Client, initialize } from '@par/futures';

// Kills workers in the middle of work and says who works then: all of them, or with an argument one.

await initialize();
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
const where = (): { pid: number; host: string } => ({ pid: process.pid, host: hostname() });
const processes = await client.run(where);
const killed = [...processes].toSorted(([a], [b]) => a - b).slice(process.argv[2] === 'one' ? 1 : 0);
for (const [, { pid }] of killed) process.kill(pid, 'SIGKILL');
const sum = (await client.gather(futures)).reduce((a, b) => a + b);
let after = await client.waitForWorkers(before.length);
// Those that are lost may still be among them for a moment.
while (after.some(({ rank }) => killed.some(([lost]) => lost === rank)))
  after = await client.waitForWorkers(before.length);
const hosts = [...(await client.run(where)).values()].map(({ host }) => host).sort();
const threads = new Set(after.map(({ threads }) => threads)).size;
console.log(
  JSON.stringify({ sum, workers: after.length, threads, hosts, new: after.filter(({ rank }) => rank > 3).length }),
);

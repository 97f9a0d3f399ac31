import assert from 'node:assert/strict';
import { Client, type Cluster } from '@par/futures';
import { type Case, eventually, tasksLeft } from './case.ts';

/** Longest a case may take, in milliseconds. */
const LIMIT_MS = 50_000;

/** Runs a case with clients of its own. Nothing of it may be left in the cluster. */
export async function runCase(cluster: Cluster, { name, run }: Case): Promise<void> {
  const clients: Client[] = [];
  const another = (): Client => {
    const client = new Client({ cluster });
    clients.push(client);
    return client;
  };
  const client = another();
  const late = Promise.withResolvers<never>();
  const limit = setTimeout(() => late.reject(new Error(`${name}: still running after ${LIMIT_MS} ms`)), LIMIT_MS);
  try {
    const { workers } = cluster.layout;
    await client.waitForWorkers(workers.length);
    await Promise.race([run({ client, another, workers }), late.promise]);
  } finally {
    clearTimeout(limit);
    for (const one of clients) await one.close();
  }
  const observer = new Client({ cluster });
  await eventually(async () => (await tasksLeft(observer)) === 0, `${name} has left no task behind`);
  for (const [rank, keys] of await observer.hasWhat()) assert.deepEqual(keys, [], `data left on rank ${rank}`);
  await observer.close();
}

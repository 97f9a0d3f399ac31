// Plays layouts one after the other, each on a communicator of the first ranks of the world, and uses the world in between.
// Arguments: JSON of [size, client, scheduler, exclusiveWorkers] each. Rank 0 prints what each gave.
import { init, SUM } from '@par/comm-core';
import { Client, initialize } from '@par/futures';

const world = await init({ onPeerLoss: 'reject' });
for (const text of process.argv.slice(2)) {
  const [size, client, scheduler, exclusiveWorkers] = JSON.parse(text) as [number, number, number, boolean];
  const comm = await world.create(world.group.include(Array.from({ length: size }, (_, rank) => rank)));
  let results: unknown;
  if (comm !== undefined) {
    const cluster = await initialize({ comm, exit: false, client, scheduler, exclusiveWorkers, nthreads: 1 });
    if (cluster.role === 'client') {
      const ours = new Client({ cluster });
      const workers = await ours.waitForWorkers(cluster.layout.workers.length);
      const squares = await ours.gather(ours.map((i: number) => i * i, [1, 2, 3, 4, 5]));
      // Larger than what travels inline: fetched from the worker, which may be on this rank.
      const large = await ours.submit((n: number) => new Float64Array(n).fill(n), 1000);
      const pairs = await ours.run((a: number) => a + 1, 41);
      results = {
        workers: workers.map(({ rank }) => rank).sort(),
        squares,
        sum: large.reduce((a, b) => a + b, 0),
        ran: [...pairs.keys()].sort(),
      };
      await cluster.close();
    }
    await comm.free();
  }
  const all = await world.gather(results, { root: 0 });
  const ranks = await world.allreduce(world.rank, SUM);
  if (world.rank === 0) console.log(JSON.stringify({ layout: text, results: all!.filter((one) => one), ranks }));
}
await world.barrier();

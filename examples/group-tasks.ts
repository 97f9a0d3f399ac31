// Tasks that several ranks run together: each is a small MPI program, with a communicator of its own. Here a rod cools down,
// divided among the ranks of the group, for several materials; the scheduler finds workers for each.
//
//   node group-tasks.ts [ranks of each task]        par run -np 6 group-tasks.ts [ranks of each task]
import { type Communicator, MAX } from '@par/comm-core';
import { Client, initialize } from '@par/futures';

const ranks = Number(process.argv[2] ?? 2);
const CELLS = 240;
const TIME = 0.05;

/**
 * Temperature in the middle of a rod of length 1 that starts as sin πx, with both ends kept at 0: explicit steps of the heat
 * equation, and halos exchanged with the neighbours in each. Runs on every rank of `comm`.
 */
async function cool(diffusivity: number, cells: number, time: number, comm: Communicator): Promise<number> {
  const { rank, size } = comm;
  const from = Math.floor((rank * cells) / size);
  const to = Math.floor(((rank + 1) * cells) / size);
  const width = 1 / cells;
  let now = Float64Array.from({ length: to - from + 2 }, (_, i) => Math.sin(Math.PI * (from + i - 0.5) * width));
  let next = new Float64Array(now.length);
  const steps = Math.ceil((time * diffusivity) / (0.4 * width ** 2));
  const factor = (time * diffusivity) / steps / width ** 2;
  for (let step = 0; step < steps; step++) {
    const [left, right] = [rank - 1, rank + 1];
    const ghosts = [now.subarray(0, 1), now.subarray(-1)] as const;
    const edges = [now.subarray(1, 2), now.subarray(-2, -1)] as const;
    const messages: Promise<unknown>[] = [];
    if (left >= 0) messages.push(comm.sendBuffer(edges[0], { dest: left }), comm.recvInto(ghosts[0], { source: left }));
    else ghosts[0][0] = -edges[0][0]!; // the end at 0 lies between the two cells
    if (right < size) {
      messages.push(comm.sendBuffer(edges[1], { dest: right }), comm.recvInto(ghosts[1], { source: right }));
    } else ghosts[1][0] = -edges[1][0]!;
    await Promise.all(messages);
    for (let i = 1; i < now.length - 1; i++) next[i] = now[i]! + factor * (now[i - 1]! - 2 * now[i]! + now[i + 1]!);
    [now, next] = [next, now];
  }
  return comm.allreduce(Math.max(...now.subarray(1, -1)), MAX); // what rank 0 returns is the task's result
}

await initialize({ workers: Math.max(2, ranks) }); // of a local cluster; under a launcher all ranks
const client = new Client();

const materials = { silver: 1.66, iron: 0.23, brick: 0.05 };
const together = client.with({ ranks });
const warmest = await client.gather(
  Object.values(materials).map((diffusivity) => together.submit(cool, diffusivity, CELLS, TIME)),
);

for (const [i, [material, diffusivity]] of Object.entries(materials).entries()) {
  const exact = Math.exp(-(Math.PI ** 2) * diffusivity * TIME);
  if (Math.abs(warmest[i]! - exact) > 1e-3) throw new Error(`${material}: ${warmest[i]} is not ${exact}`);
  console.log(`${material.padEnd(7)} ${warmest[i]!.toFixed(4)} of its heat in the middle, exactly ${exact.toFixed(4)}`);
}
console.log(`${warmest.length} tasks of ${ranks} ranks`);

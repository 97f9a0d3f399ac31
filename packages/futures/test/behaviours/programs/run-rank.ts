// A rank of a job that runs the cases named by its arguments. The client prints a line for each: {"name", "error"?}.
import { init } from '@par/comm-core';
import { CASES } from '../cases.ts';
import { runCase } from '../run-case.ts';
import { play, type ShapeName, sizeOf } from '../shapes.ts';

const names = new Set(process.argv.slice(2));
const chosen = CASES.filter(({ name }) => names.has(name));
const world = await init({ onPeerLoss: 'reject' });
for (const shape of new Set(chosen.map((one): ShapeName => one.shape ?? 'pair'))) {
  const ranks = Array.from({ length: sizeOf(shape) }, (_, rank) => rank);
  const comm = await world.create(world.group.include(ranks));
  if (comm === undefined) continue;
  const cluster = await play(comm, shape);
  if (cluster !== undefined) {
    for (const one of chosen.filter((other) => (other.shape ?? 'pair') === shape)) {
      const error = await runCase(cluster, one).then(
        () => undefined,
        (cause: Error) => cause.stack ?? String(cause),
      );
      process.stdout.write(`\n${JSON.stringify({ name: one.name, error })}\n`);
    }
    await cluster.close();
  }
  await comm.free();
}

// Joins as `init` would, gathers the ranks at rank 0 and prints them; `gather.ts kill 2`: rank 2 is killed instead.
import { detect, init } from '@par/comm-core';
import { createTransport } from '../../src/index.ts';

const [how, victim] = process.argv.slice(2);
process.env.PAR_TRANSPORT = 'tcp';
const world = await init({
  transport: (_, env) => createTransport(detect(env), env),
});
const ranks = await world.gather(world.rank, { root: 0 });
if (ranks !== undefined) console.log(`${world.size} ranks: ${ranks.join(' ')}`);
if (how !== undefined) {
  if (world.rank === Number(victim)) {
    if (how === 'kill') process.kill(process.pid, 'SIGKILL');
    if (how === 'abort') world.abort(9);
    if (how === 'throw') throw new Error('on purpose');
    process.exit(7);
  }
  await world.recv({ source: Number(victim) });
}

// ends.ts how rank: that rank ends so once all have met; the others wait for a message that never comes.
import { writeSync } from 'node:fs';
import { init } from '@par/comm-core';

const [how, victim] = process.argv.slice(2);
if (how === 'early' && process.env.SLURM_PROCID === victim) process.exit(5);
const world = await init(how === 'reject' ? { onPeerLoss: 'reject' } : {});
try {
  await world.barrier();
  if (world.rank === Number(victim)) {
    if (how === 'exit') process.exit(7);
    if (how === 'abort') world.abort(9);
    if (how === 'kill') process.kill(process.pid, 'SIGKILL');
    if (how === 'reject') process.kill(process.pid, 'SIGSEGV');
    if (how === 'throw') throw new Error('on purpose');
  }
  if (how === 'wait') writeSync(1, `rank ${world.rank} waits\n`);
  await world.recv({ source: Number(victim), tag: 7 });
} catch (error) {
  if (how !== 'reject') throw error;
  // The barrier may not be over here when the victim is.
  writeSync(1, `rank ${world.rank}: ${(error as { code?: string }).code}\n`);
}

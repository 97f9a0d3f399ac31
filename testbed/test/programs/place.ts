// Where each rank is and what it listens on, gathered and printed by rank 0; the invitation must be gone by then.
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { init } from '@par/comm-core';

/** TCP ports on which this process listens. */
function listening(): number[] {
  const sockets = new Set(
    readdirSync('/proc/self/fd').map((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
      } catch {
        return undefined; // the descriptor of the listing itself
      }
    }),
  );
  return readFileSync('/proc/self/net/tcp', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[3] === '0A' && sockets.has(fields[9]))
    .map((fields) => Number.parseInt(fields[1]!.split(':')[1]!, 16));
}

const world = await init();
const mine = { rank: world.rank, host: world.processorName, transport: world.transport, ports: listening() };
const all = await world.gather(mine, { root: 0 });
if (all !== undefined) {
  const directory = process.env.PAR_BOOTSTRAP_DIR ?? join(homedir(), '.par', 'bootstrap');
  const step = `-${process.env.SLURM_JOB_ID}-${process.env.SLURM_STEP_ID}-`;
  const left = existsSync(directory) ? readdirSync(directory).filter((name) => name.includes(step)) : [];
  console.log(JSON.stringify({ size: world.size, ranks: all, left }));
}

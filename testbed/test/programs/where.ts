// Says where each rank is, which TCP connections it has and whether anything listens, one JSON object per rank.
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { init } from '@par/comm-core';

const world = await init();
const sum = await world.allreduce(world.rank + 1, (a, b) => a + b);
const inodes = readFileSync('/proc/self/net/tcp', 'latin1').split('\n').slice(1);
/** "0B4D000A:1F90" is a little-endian address and a port. */
const read = (text: string): string => {
  const [address, port] = text.split(':');
  return `${Buffer.from(address!, 'hex').reverse().join('.')}:${Number.parseInt(port!, 16)}`;
};
const sockets = inodes
  .map((line) => line.trim().split(/\s+/))
  // Established ones, and those that listen: what an earlier job has closed lingers.
  .filter(([, , , state]) => state === '01' || state === '0A')
  .map(([, local, peer, state]) => ({ local: read(local!), peer: read(peer!), listens: state === '0A' }))
  .filter(({ local }) => !local.endsWith(':22'));
await world.barrier();
const { PAR_TEST_HOST, PAR_LOCAL_RANK, PAR_LOCAL_SIZE, PAR_TEST_A, PAR_TEST_B } = process.env;
console.log(
  JSON.stringify({
    rank: world.rank,
    sum,
    host: hostname(),
    cwd: process.cwd(),
    environment: { PAR_TEST_HOST, PAR_LOCAL_RANK, PAR_LOCAL_SIZE, PAR_TEST_A, PAR_TEST_B },
    sockets,
  }),
);
await world.barrier();

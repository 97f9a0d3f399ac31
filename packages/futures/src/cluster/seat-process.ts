import { fileURLToPath } from 'node:url';
import { PEER_LOST_STATUS, universeOf } from '@par/comm-core';
import type * as Tcp from '@par/transport-tcp';
import { findTransport } from './find-transport.ts';
import { runRole } from './run-role.ts';
import { WORKER_ROLE } from './scheduler-loop.ts';
import { replacementOf, type SeatSettings } from './seats.ts';

// Program of the ranks of `par cluster`, and of those that `par run` starts in place of lost workers.

const { env } = process;
const settings = JSON.parse(env.PAR_CLUSTER!) as SeatSettings;
const rank = Number(env.PAR_RANK);
const worldSize = Number(env.PAR_SIZE);
const onHost = Number(env.PAR_LOCAL_SIZE);
const module = env.PAR_TRANSPORT_MODULE ?? findTransport('@par/transport-tcp', 'a cluster');

const { connectTransport, optionsFromEnvironment } = (await import(module)) as typeof Tcp;
const options = optionsFromEnvironment({ rank, size: worldSize }, env);
for (const name of Object.keys(env)) {
  if (
    /^PAR_(CLUSTER|RANK|SIZE|UNIVERSE|LOCAL_RANK|LOCAL_SIZE|APPNUM|RENDEZVOUS|TRANSPORT|TRANSPORT_MODULE)$/.test(name)
  ) {
    delete env[name];
  }
}
const transport = await connectTransport({ ...options, role: rank < worldSize ? undefined : WORKER_ROLE });
const { scheduler, exclusive, role } = settings;
let lost = false;
transport.onFailure((_, who) => {
  if (who === scheduler) lost = true;
  if (who < 0) process.exit(PEER_LOST_STATUS);
});
const universe = universeOf(transport)!;
const isWorker = (other: number): boolean => other !== scheduler || !exclusive;
const initial = Array.from({ length: worldSize }, (_, other) => other).filter(isWorker);
const withScheduler = transport.hosts[scheduler] === transport.hosts[rank] && exclusive;
await runRole(
  universe.comm,
  { scheduler, client: undefined, workers: rank === scheduler ? initial : [rank] },
  {
    ranksOnHost: Math.max(1, onHost - (withScheduler ? 1 : 0)),
    ...role,
    ...(role.name !== undefined && { name: `${role.name}-${rank}` }),
  },
  { universe, replacement: replacementOf(fileURLToPath(import.meta.url), settings) },
);
await transport.close();
process.exit(lost ? PEER_LOST_STATUS : 0);

import { fileURLToPath } from 'node:url';
import { PEER_LOST_STATUS, universeOf } from '@par/comm-core';
import type * as Tcp from '@par/transport-tcp';
import type { Access } from '@par/transport-tcp/rendezvous';
import { findTransport } from './find-transport.ts';
import { entryOf } from './join-cluster.ts';
import { WORKER_ROLE } from './layout.ts';
import { runRole } from './run-role.ts';
import { replacementOf, type SeatSettings } from './seats.ts';

// Program of the ranks of `par cluster`, and of those that `par run` starts in place of lost workers.

const { env } = process;
const settings = JSON.parse(env.PAR_CLUSTER!) as SeatSettings;
const onHost = Number(env.PAR_LOCAL_SIZE);
const module = env.PAR_TRANSPORT_MODULE ?? findTransport('@par/transport-tcp', 'a cluster');
const joins = env.PAR_ACCESS !== undefined;
const transport = await (joins ? joinAnother() : takeSeat());
for (const name of Object.keys(env)) {
  if (
    /^PAR_(CLUSTER|ACCESS|SECRET|RANK|SIZE|UNIVERSE|LOCAL_RANK|LOCAL_SIZE|APPNUM|RENDEZVOUS|TRANSPORT|TRANSPORT_MODULE)$/.test(
      name,
    )
  ) {
    delete env[name];
  }
}

const { scheduler, exclusive, role } = settings;
let lost = false;
transport.onFailure((error, who) => {
  if (who !== scheduler && who >= 0) return;
  // Elsewhere the launcher says it.
  if (joins) process.stderr.write(`par: the cluster is gone: ${error.message}\n`);
  lost = true;
  if (who < 0) process.exit(PEER_LOST_STATUS);
});
const universe = universeOf(transport)!;
const { rank } = universe.comm;
const worldSize = transport.world.size;
const isWorker = (other: number): boolean => other !== scheduler || !exclusive;
const initial = Array.from({ length: worldSize }, (_, other) => other).filter(isWorker);
const withScheduler = !joins && transport.hosts[scheduler] === transport.hosts[rank] && exclusive;
await runRole(
  universe.comm,
  { scheduler, client: undefined, workers: rank === scheduler ? initial : [rank] },
  {
    ranksOnHost: Math.max(1, onHost - (withScheduler ? 1 : 0)),
    ...role,
    ...(role.name !== undefined && { name: `${role.name}-${rank}` }),
  },
  // Whoever joined a cluster is not its launcher's to replace.
  { universe, more: 'any', replacement: joins ? undefined : replacementOf(fileURLToPath(import.meta.url), settings) },
);
await transport.close();
process.exit(lost ? PEER_LOST_STATUS : 0);

/** As the rank that the launcher of this process has for it. */
async function takeSeat(): Promise<Tcp.TcpTransport> {
  const { connectTransport, optionsFromEnvironment } = (await import(module)) as typeof Tcp;
  const size = Number(env.PAR_SIZE);
  const options = optionsFromEnvironment({ rank: Number(env.PAR_RANK), size }, env);
  return connectTransport({ ...options, role: options.rank < size ? undefined : WORKER_ROLE });
}

/** As a rank that the launcher of a running cluster chooses. */
async function joinAnother(): Promise<Tcp.TcpTransport> {
  const { enterTransport } = (await import(module)) as typeof Tcp;
  const access = JSON.parse(env.PAR_ACCESS!) as Omit<Access, 'secret'>;
  return enterTransport(entryOf({ ...access, secret: env.PAR_SECRET! }, WORKER_ROLE)).catch((error: Error) => {
    process.stderr.write(`par: no cluster was joined: ${error.message}\n`);
    process.exit(1);
  });
}

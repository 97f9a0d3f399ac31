import { type Detection, expandHostlist, ParError } from '@par/comm-core';
import { type Place, settingsFromEnvironment } from '../options.ts';
import { accept, hold, type Peers } from './hold.ts';
import { jobKey } from './job-key.ts';
import type { Meeting } from './meeting.ts';
import { PmiClient } from './pmi-client.ts';
import { bootstrapDirectory, meetThroughFile } from './through-file.ts';
import { meetThroughPmi } from './through-pmi.ts';

/** What `detect` found out, in so far as meeting needs it. */
export type Started = Pick<Detection, 'row' | 'rank' | 'size' | 'localSize'>;

/** Seconds in which all ranks have to join, unless PAR_JOIN_TIMEOUT says otherwise. */
const JOIN_SECONDS = 300;

/** Launchers that leave their ranks a descriptor for PMI-1. */
const PMI_ROWS: readonly Detection['row'][] = ['pmi', 'flux', 'pals', 'mvapich'];

/**
 * Brings together ranks that a batch system or a foreign launcher started: rank 0 holds the rendezvous, and its address and a new
 * secret pass to the others through the launcher's process manager (PMI) or a private file that all hosts share. Rejects with
 * PAR_ENVIRONMENT when there is no way to pass a secret, PAR_TRANSPORT when ranks do not meet in time.
 */
export async function bootstrap(started: Started, env: NodeJS.ProcessEnv): Promise<Meeting> {
  const timeout = joinTimeout(env);
  const { row, rank } = started;
  if (row === 'pmi' && !env.PMI_FD && env.PMI_PORT && env.PMI_ID) return meetOnPort(env, timeout);
  if (started.size === undefined) throw sizeUnknown(row);
  const place: Place = { rank, size: started.size };
  const settings = settingsFromEnvironment(place, env);
  if (place.size === 1) {
    const { rendezvous, invitation } = await hold(settings, 'none', timeout);
    return { settings, reached: await accept(settings, invitation), held: rendezvous };
  }
  if (PMI_ROWS.includes(row) && env.PMI_FD) {
    const fd = Number(env.PMI_FD);
    delete env.PMI_FD; // it is used up, for programs that this one starts too
    return meetThroughPmi(settings, await PmiClient.onDescriptor(fd), timeout);
  }
  const key = jobKey(row, env);
  if (key === undefined) throw nothingToMeetThrough(row, place);
  const peers = started.localSize === place.size ? 'none' : peersOf(env);
  return meetThroughFile(settings, bootstrapDirectory(env, peers), key, peers, timeout, env);
}

async function meetOnPort(env: NodeJS.ProcessEnv, timeout: number): Promise<Meeting> {
  const [, host, port] = /^(.+):(\d{1,5})$/.exec(env.PMI_PORT!) ?? [];
  if (host === undefined) throw new ParError('PAR_ENVIRONMENT', `PMI_PORT=${env.PMI_PORT}: expected host:port`);
  const { client, rank, size } = await PmiClient.onPort(host, Number(port), Number(env.PMI_ID));
  return meetThroughPmi(settingsFromEnvironment({ rank, size }, env), client, timeout);
}

/** Other hosts of a Slurm step, nearest to what messages will take first; other launchers do not tell. */
function peersOf(env: NodeJS.ProcessEnv): Peers {
  const hosts = env.SLURM_STEP_NODELIST ? expandHostlist(env.SLURM_STEP_NODELIST) : [];
  const others = hosts.filter((_, node) => `${node}` !== env.SLURM_NODEID).slice(0, 3);
  return env.SLURM_LAUNCH_NODE_IPADDR ? [...others, env.SLURM_LAUNCH_NODE_IPADDR] : others;
}

function joinTimeout(env: NodeJS.ProcessEnv): number {
  const text = env.PAR_JOIN_TIMEOUT;
  const seconds = text ? Number(text) : JOIN_SECONDS;
  if (Number.isFinite(seconds) && seconds > 0) return seconds * 1000;
  throw new ParError('PAR_ENVIRONMENT', `PAR_JOIN_TIMEOUT=${text}: expected a number of seconds`);
}

function sizeUnknown(row: Detection['row']): ParError {
  return new ParError(
    'PAR_ENVIRONMENT',
    `the environment of launcher '${row}' says which rank this is, but not of how many: only MPI can ask. Install @par/transport-mpi and run par mpi build, or start with par run, or with mpirun, mpiexec or srun`,
  );
}

function nothingToMeetThrough(row: Detection['row'], { rank, size }: Place): ParError {
  return new ParError(
    'PAR_ENVIRONMENT',
    `rank ${rank} of ${size}, started by '${row}', has no private way to find the others, and par never goes without a secret. ` +
      `Start with par run -np ${size} script.ts, or install @par/transport-mpi and run par mpi build to go through MPI`,
  );
}

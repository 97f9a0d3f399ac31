import { type Finished, Launch, type LaunchOptions, par } from './launch.ts';

/** The MPIs of this machine, by their launchers. Both must be there: `npm test` installs them. */
export const LAUNCHERS = ['mpirun.openmpi', 'mpiexec.mpich'] as const;

const TIMEOUT_MS = 60_000;

function argumentsOf(args: readonly string[]): string[] {
  return ['run', '--transport', 'mpi', ...args];
}

export function launchMpi(launcher: string, args: readonly string[], { env, ...options }: LaunchOptions = {}): Launch {
  return new Launch(argumentsOf(args), { timeoutMs: TIMEOUT_MS, ...options, env: { MPIEXEC: launcher, ...env } });
}

export function parMpi(
  launcher: string,
  args: readonly string[],
  { env, ...options }: LaunchOptions = {},
): Promise<Finished> {
  return par(argumentsOf(args), { timeoutMs: TIMEOUT_MS, ...options, env: { MPIEXEC: launcher, ...env } });
}

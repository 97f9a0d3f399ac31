import type { Candidate, Launcher } from '@par/transport-mpi/build';
import { UsageError } from '../usage-error.ts';
import type { MpiTools } from './package.ts';

/** A launcher whose options par can speak. */
export type MpiLauncher = Launcher & { readonly family: 'openmpi' | 'mpich' };

function isKnown(launcher: Launcher): launcher is MpiLauncher {
  return launcher.family === 'openmpi' || launcher.family === 'mpich';
}

/** How well an addon fits a launcher: 3 the same release, 2 the same MPI, 1 perhaps (given by path, standard ABI), 0 not at all. */
export function fit({ build }: Candidate, { family, version }: Launcher): 0 | 1 | 2 | 3 {
  if (build === undefined || build.family === 'mpi-abi') return 1;
  if (build.family !== family) return 0;
  return build.library.endsWith(` ${version}`) ? 3 : 2;
}

/** A launcher, and the addon of its MPI. */
export interface Pair {
  readonly launcher: MpiLauncher;
  readonly addon: Candidate;
}

/**
 * The launcher that belongs to an MPI with an addon: $MPIEXEC if it is set, else the first on PATH that fits best. Throws
 * UsageError with what was found when none does.
 */
export function choosePair(tools: MpiTools, env: NodeJS.ProcessEnv): Pair {
  const addons = tools.discoverAddons(env);
  if (addons.length === 0) throw new UsageError('no MPI addon has been built; run: par mpi build (see par doctor)');
  const all = tools.discoverLaunchers(env);
  const known = all.filter(isKnown);
  const asked = env.MPIEXEC ? known.filter(({ name }) => name === env.MPIEXEC) : known;
  if (env.MPIEXEC && asked.length === 0) {
    throw new UsageError(`MPIEXEC=${env.MPIEXEC}: not found, or the launcher of neither Open MPI nor MPICH`);
  }
  for (const wanted of [3, 2, 1]) {
    for (const launcher of asked) {
      const addon = addons.find((candidate) => fit(candidate, launcher) >= wanted);
      if (addon) return { launcher, addon };
    }
  }
  const built = [...new Set(addons.map(({ build, path }) => build?.library ?? path))].join(', ');
  const seen = asked.map(({ path, version }) => `${path} (${version})`).join(', ') || 'none on PATH';
  throw new UsageError(
    `no launcher belongs to an MPI with an addon: addons for ${built}; launchers: ${seen}; run: par mpi build (see par doctor)`,
  );
}

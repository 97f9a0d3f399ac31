import { ParError } from '@par/comm-core';

export type Family = 'openmpi' | 'mpich' | 'mpi-abi';

/** What the environment says of who started this process. */
export interface Launch {
  /** For people: which variables say so. */
  readonly by: string;
  /** The MPI whose launcher it was; undefined: any library can be meant. */
  readonly family: 'openmpi' | 'mpich' | undefined;
  /** Major version of that MPI; undefined when the environment does not say. */
  readonly major: number | undefined;
  /** Ranks of the job; undefined when the environment does not say. */
  readonly size: number | undefined;
}

function count(value: string | undefined): number | undefined {
  const number = Number(value);
  return value !== undefined && Number.isInteger(number) && number > 0 ? number : undefined;
}

/** Reads the launcher's own variables, first match wins (under an allocation mpirun's ranks also see Slurm's). */
export function launchOf(env: NodeJS.ProcessEnv): Launch {
  if (env.OMPI_COMM_WORLD_SIZE) {
    // From version 5 on the launcher says which it is.
    const major = env.OMPI_VERSION ? Number.parseInt(env.OMPI_VERSION, 10) : 4;
    const size = count(env.OMPI_COMM_WORLD_SIZE);
    return { by: "Open MPI's mpirun (OMPI_COMM_WORLD_SIZE)", family: 'openmpi', major, size };
  }
  if (env.PMIX_RANK && env.PMIX_NAMESPACE) {
    return { by: 'a PMIx launcher (PMIX_RANK)', family: 'openmpi', major: undefined, size: stepSize(env) };
  }
  const mpich = { family: 'mpich', major: undefined } as const;
  if (env.PMI_SIZE) return { by: 'a PMI launcher (PMI_SIZE)', ...mpich, size: count(env.PMI_SIZE) };
  if (env.PMI_PORT && env.PMI_ID) return { by: 'a PMI launcher (PMI_PORT)', ...mpich, size: undefined };
  const size = stepSize(env);
  const any = { family: undefined, major: undefined };
  if (size !== undefined) return { by: 'srun (SLURM_STEP_NUM_TASKS)', ...any, size };
  return { by: 'no MPI launcher', ...any, size: undefined };
}

/** Tasks of a Slurm step that runs this process; batch and interactive steps run one process whatever they say. */
function stepSize(env: NodeJS.ProcessEnv): number | undefined {
  const inStep = env.SLURM_JOB_ID && env.SLURM_PROCID && env.SLURM_STEP_NODELIST;
  return inStep && /^\d{1,7}$/.test(env.SLURM_STEP_ID ?? '') ? count(env.SLURM_STEP_NUM_TASKS) : undefined;
}

export const MPI_NAME: Readonly<Record<Family, string>> = {
  openmpi: 'Open MPI',
  mpich: 'MPICH',
  'mpi-abi': 'an MPI with the standard ABI',
};

const FIX = {
  openmpi: 'start with the mpirun of Open MPI (on Debian mpirun.openmpi), or with srun --mpi=pmix',
  mpich: "start with MPICH's mpiexec (on Debian mpiexec.mpich), or with srun --mpi=pmi2",
};

function mismatch(found: string, library: string): ParError {
  const fix = /open mpi/i.test(library) ? FIX.openmpi : FIX.mpich;
  const name = library.split('\n')[0]!.replace(/\s+/g, ' ').trim();
  return new ParError(
    'PAR_ENVIRONMENT',
    `${found}. The launcher and the library (${name}) do not belong together: ${fix}, or set PAR_MPI_ADDON to an addon of the ` +
      'other MPI (par doctor lists them)',
  );
}

/**
 * Before MPI starts: MPICH without PMIx ends the process from inside MPI_Init when Open MPI's mpirun started it (seen in
 * 5.0.2; earlier ones find themselves alone). Throws PAR_ENVIRONMENT.
 */
export function checkStartable(launch: Launch, library: string): void {
  if (launch.family !== 'openmpi' || !/mpich/i.test(library) || /pmix/i.test(library)) return;
  const ranks = launch.size === undefined ? '' : ` of ${launch.size}`;
  throw mismatch(
    `${launch.by} started this rank${ranks}, but the MPI library knows no PMIx and could not join`,
    library,
  );
}

/** Throws PAR_ENVIRONMENT when the launcher started more ranks than MPI found: each would believe to be alone. */
export function checkNotAlone(launch: Launch, size: number, library: string): void {
  const expected = launch.size;
  if (expected === undefined || expected === size || size > 1) return;
  throw mismatch(`${launch.by} says this job has ${expected} ranks, but the MPI library finds only this one`, library);
}

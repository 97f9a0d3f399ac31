import { ParError } from '../errors.ts';
import type { DetectionRow, Environment, TransportName } from './detection.ts';
import { expandTasksPerNode } from './hostlist.ts';

/** Texts of one row's variables; the numbers are checked by `placeOf`. */
export interface RowVariables {
  /** Together they make the row present. */
  readonly required: readonly string[];
  readonly rank: string;
  /** Undefined: the row does not know. */
  readonly size: string | undefined;
  readonly localRank?: string;
  readonly localSize?: string;
}

export interface Row {
  readonly row: Exclude<DetectionRow, 'explicit' | 'single'>;
  readonly transport: TransportName | ((env: Environment) => TransportName);
  /** The row is present with any of these. */
  readonly variants: readonly RowVariables[];
  /** Why the row does not count although its variables are there. */
  readonly reject?: (env: Environment) => string | undefined;
  /** Ranks on this host where that takes more than reading a number. */
  readonly localSize?: (env: Environment) => number | undefined;
}

function simple(
  rank: string,
  size: string,
  localRank?: string,
  localSize?: string,
  others: string[] = [],
): RowVariables {
  return {
    required: [rank, size, ...others],
    rank,
    size,
    ...(localRank === undefined ? {} : { localRank }),
    ...(localSize === undefined ? {} : { localSize }),
  };
}

/** Steps that are no parallel program; Slurm shows their negative numbers as unsigned in some versions. */
const SLURM_STEPS = new Map([
  [-5, 'batch script'],
  [-6, 'interactive step'],
  [-4, 'extern step'],
]);

function notAParallelStep(env: Environment): string | undefined {
  const id = env.SLURM_STEP_ID ?? env.SLURM_STEPID;
  const kind = id === undefined ? undefined : SLURM_STEPS.get(Number(id) | 0);
  return kind && `this is the ${kind} of job ${env.SLURM_JOB_ID} (SLURM_STEP_ID=${id}), not a step that srun started`;
}

function slurmLocalSize(env: Environment): number | undefined {
  const { SLURM_STEP_TASKS_PER_NODE: text, SLURM_NODEID: node } = env;
  if (text === undefined || node === undefined) return undefined;
  try {
    return expandTasksPerNode(text)[Number(node)];
  } catch (error) {
    throw new ParError('PAR_ENVIRONMENT', `SLURM_STEP_TASKS_PER_NODE: ${(error as Error).message}`, { cause: error });
  }
}

/** The table between `explicit` and `single`, in order. A row gives every number or none: launchers nest. */
export const ROWS: readonly Row[] = [
  {
    row: 'par',
    transport: 'tcp',
    variants: [simple('PAR_RANK', 'PAR_SIZE', 'PAR_LOCAL_RANK', 'PAR_LOCAL_SIZE', ['PAR_RENDEZVOUS'])],
  },
  // Before slurm: under salloc + mpirun the ranks inherit the SLURM_PROCID of the daemon that started them.
  {
    row: 'ompi',
    transport: 'mpi',
    variants: [
      simple(
        'OMPI_COMM_WORLD_RANK',
        'OMPI_COMM_WORLD_SIZE',
        'OMPI_COMM_WORLD_LOCAL_RANK',
        'OMPI_COMM_WORLD_LOCAL_SIZE',
      ),
    ],
  },
  {
    row: 'jsm',
    transport: 'mpi',
    variants: [
      simple('JSM_NAMESPACE_RANK', 'JSM_NAMESPACE_SIZE', 'JSM_NAMESPACE_LOCAL_RANK', 'JSM_NAMESPACE_LOCAL_SIZE'),
    ],
  },
  {
    row: 'mvapich',
    transport: 'mpi',
    variants: [
      simple('MV2_COMM_WORLD_RANK', 'MV2_COMM_WORLD_SIZE', 'MV2_COMM_WORLD_LOCAL_RANK', 'MV2_COMM_WORLD_LOCAL_SIZE'),
    ],
  },
  // Before generic PMI, whose PMI_RANK it may set as well.
  {
    row: 'pals',
    transport: 'mpi',
    variants: [simple('PALS_RANKID', 'PMI_SIZE', 'PALS_LOCAL_RANKID', 'PMI_LOCAL_SIZE')],
  },
  { row: 'flux', transport: 'tcp', variants: [simple('FLUX_TASK_RANK', 'FLUX_JOB_SIZE', 'FLUX_TASK_LOCAL_ID')] },
  {
    row: 'pmi',
    transport: 'mpi',
    variants: [
      simple('PMI_RANK', 'PMI_SIZE', 'MPI_LOCALRANKID', 'MPI_LOCALNRANKS'),
      {
        required: ['PMI_PORT', 'PMI_ID'],
        rank: 'PMI_ID',
        size: undefined,
        localRank: 'MPI_LOCALRANKID',
        localSize: 'MPI_LOCALNRANKS',
      },
    ],
  },
  {
    row: 'slurm',
    // Plain srun brings no process manager that MPI could use; srun --mpi=pmi2 is the row before.
    transport: (env) => (env.PMIX_RANK && env.PMIX_NAMESPACE ? 'mpi' : 'tcp'),
    variants: [
      // Never SLURM_NTASKS: it is the allocation's, also in a step of fewer tasks.
      simple('SLURM_PROCID', 'SLURM_STEP_NUM_TASKS', 'SLURM_LOCALID', undefined, [
        'SLURM_JOB_ID',
        'SLURM_STEP_NODELIST',
      ]),
    ],
    reject: notAParallelStep,
    localSize: slurmLocalSize,
  },
  {
    row: 'pmix',
    transport: 'mpi',
    variants: [{ required: ['PMIX_RANK', 'PMIX_NAMESPACE'], rank: 'PMIX_RANK', size: undefined }],
  },
  // Last: RANK is a common name, often left over. All four or nothing.
  {
    row: 'torch',
    transport: 'tcp',
    variants: [simple('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'LOCAL_WORLD_SIZE', ['MASTER_ADDR', 'MASTER_PORT'])],
  },
];

import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { EnvironmentRequest } from '../command-line/parse-run.ts';
import { UsageError } from '../usage-error.ts';

/**
 * Variables by which launchers tell a process its rank. A rank must see ours only, also when `par run` itself was started
 * by mpirun, srun, torchrun or another `par run`. What describes an allocation (SLURM_JOB_ID, SLURM_CPUS_ON_NODE) stays.
 */
const OTHER_LAUNCHERS: readonly RegExp[] = [
  /^(OMPI|PMI|PMIX|PRTE|HYDI|HYDRA|PALS|JSM_NAMESPACE|FLUX_TASK|FLUX_JOB|TORCHELASTIC)_/,
  /^MPI_LOCAL(N?RANK|NRANKS|RANKID|RANKS)/,
  /^(MV2|MVP)_COMM_WORLD_/,
  /^SLURM_(PROCID|LOCALID|NODEID|GTIDS|TASK_PID|STEPID|STEP_.*|SRUN_.*|LAUNCH_NODE_IPADDR|MPI_TYPE|PMI.*)$/,
  /^(RANK|WORLD_SIZE|LOCAL_RANK|LOCAL_WORLD_SIZE|GROUP_RANK|ROLE_RANK|MASTER_ADDR|MASTER_PORT)$/,
  /^PAR_(RANK|SIZE|UNIVERSE|CLUSTER|ACCESS|LOCAL_RANK|LOCAL_SIZE|APPNUM|JOB|RENDEZVOUS|SECRET|SECURE|AGENT|RESTART|TRANSPORT_MODULE|DETECT|RUN_DIRECTORY)$/,
];

/** Settings of MPI libraries and launchers that people make. */
const MPI_SETTINGS = /^(OMPI|PRTE|PMIX)_MCA_|^HYDRA_/;

/** A process that an MPI's launcher started has settings of that job among them, such as where its daemon is. */
function isMpiRank(env: NodeJS.ProcessEnv): boolean {
  return ['OMPI_COMM_WORLD_RANK', 'PMIX_RANK', 'PMI_RANK', 'PMI_ID'].some((name) => env[name] !== undefined);
}

/** `configuresMpi`: a person's settings of MPI (OMPI_MCA_…) stay. */
export function withoutLaunchers(env: NodeJS.ProcessEnv, configuresMpi = false): Record<string, string> {
  const keepsSettings = configuresMpi && !isMpiRank(env);
  const clean: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if ((keepsSettings && MPI_SETTINGS.test(name)) || !OTHER_LAUNCHERS.some((pattern) => pattern.test(name)))
      clean[name] = value;
  }
  return clean;
}

/** What `-x` and `--env-file` ask for. Throws UsageError. */
export function requestedEnvironment(
  env: NodeJS.ProcessEnv,
  requests: readonly EnvironmentRequest[],
): Record<string, string> {
  const result: Record<string, string> = {};
  for (const request of requests) {
    if (request.kind === 'set') result[request.name] = request.value;
    else if (request.kind === 'file') Object.assign(result, readEnvironmentFile(request.path));
    else pass(env, request.pattern, result);
  }
  return result;
}

function pass(env: NodeJS.ProcessEnv, pattern: string, result: Record<string, string>): void {
  if (!pattern.endsWith('*')) {
    const value = env[pattern];
    if (value === undefined) throw new UsageError(`-x ${pattern}: not set here (write -x ${pattern}=value)`);
    result[pattern] = value;
    return;
  }
  const prefix = pattern.slice(0, -1);
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && name.startsWith(prefix)) result[name] = value;
  }
}

function readEnvironmentFile(path: string): Record<string, string> {
  try {
    return parseEnv(readFileSync(path, 'utf8')) as Record<string, string>;
  } catch (error) {
    throw new UsageError(`--env-file ${path}: ${(error as Error).message}`);
  }
}

/** What every rank of a job is told. */
export interface JobIdentity {
  /** 32 hex digits, new for every job. */
  readonly id: string;
  /** 64 hex digits. */
  readonly secret: string;
  /** URL of the transport's module, for programs that did not install one. */
  readonly transportModule: string;
  readonly size: number;
  /** All ranks that can ever be: those that are started together, and others in place of lost ones. */
  readonly universe: number;
  readonly secure: boolean;
}

/** Where a rank is. */
export interface RankSeat {
  readonly localRank: number;
  readonly localSize: number;
  /** Address of the rendezvous, `unix:<path>`. */
  readonly rendezvous: string;
  /** Address to listen on for ranks of other hosts. */
  readonly tcpHost: string | undefined;
}

export function rankEnvironment(
  job: JobIdentity,
  rank: number,
  appnum: number,
  { localRank, localSize, rendezvous, tcpHost }: RankSeat,
): Record<string, string> {
  return {
    PAR_RANK: String(rank),
    PAR_SIZE: String(job.size),
    ...(job.universe === job.size ? {} : { PAR_UNIVERSE: String(job.universe) }),
    PAR_LOCAL_RANK: String(localRank),
    PAR_LOCAL_SIZE: String(localSize),
    PAR_APPNUM: String(appnum),
    PAR_JOB: job.id,
    PAR_RENDEZVOUS: rendezvous,
    PAR_SECRET: job.secret,
    PAR_TRANSPORT: 'tcp',
    PAR_TRANSPORT_MODULE: job.transportModule,
    ...(job.secure ? { PAR_SECURE: '1' } : {}),
    ...(tcpHost === undefined ? {} : { PAR_TCP_HOST: tcpHost }),
  };
}

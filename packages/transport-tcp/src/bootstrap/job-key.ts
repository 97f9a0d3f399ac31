import type { Detection } from '@par/comm-core';

type Environment = Readonly<Record<string, string | undefined>>;

/** Variables whose values together name one start of ranks by a launcher; `more` may be missing. */
const NAMES: Partial<
  Record<Detection['row'], { readonly needed: readonly string[]; readonly more?: readonly string[] }>
> = {
  slurm: { needed: ['SLURM_JOB_ID', 'SLURM_STEP_ID'], more: ['SLURM_CLUSTER_NAME', 'SLURM_RESTART_COUNT'] },
  ompi: { needed: ['PMIX_NAMESPACE'] },
  jsm: { needed: ['PMIX_NAMESPACE'] },
  flux: { needed: ['FLUX_JOB_ID'] },
  pals: { needed: ['PALS_APID'] },
  torch: { needed: ['MASTER_ADDR', 'MASTER_PORT'], more: ['TORCHELASTIC_RUN_ID', 'TORCHELASTIC_RESTART_COUNT'] },
};

/**
 * A text that is the same on all ranks of one start and on no other that runs at the same time; undefined where the launcher gives
 * none. A later start may have the same: numbers of jobs are used again.
 */
export function jobKey(row: Detection['row'], env: Environment): string | undefined {
  const names = NAMES[row];
  if (names === undefined || !names.needed.every((name) => env[name])) return undefined;
  const values = [...(names.more ?? []), ...names.needed].map((name) => env[name] ?? '');
  return [row, ...values].join(' ');
}

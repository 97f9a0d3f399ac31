import { describe, expect, it } from 'vitest';
import { jobKey } from '../../src/bootstrap/job-key.ts';

const STEP = { SLURM_CLUSTER_NAME: 'c', SLURM_JOB_ID: '7', SLURM_STEP_ID: '2' };

describe('the name of a start of ranks', () => {
  it('differs between steps, jobs, clusters and restarts of Slurm', () => {
    const variants = [
      STEP,
      { SLURM_STEP_ID: '3' },
      { SLURM_JOB_ID: '8' },
      { SLURM_CLUSTER_NAME: 'd' },
      { SLURM_RESTART_COUNT: '1' },
    ];
    const keys = variants.map((changed) => jobKey('slurm', { ...STEP, ...changed }));
    expect(new Set(keys).size).toBe(variants.length);
  });

  it('does not mix up where one value ends and the next begins', () => {
    expect(jobKey('slurm', { ...STEP, SLURM_JOB_ID: '71', SLURM_STEP_ID: '2' })).not.toBe(
      jobKey('slurm', { ...STEP, SLURM_JOB_ID: '7', SLURM_STEP_ID: '12' }),
    );
  });

  it('comes from the launcher that gave the rank, whatever others left in the environment', () => {
    const env = { ...STEP, PMIX_NAMESPACE: 'n', MASTER_ADDR: 'h', MASTER_PORT: '1', FLUX_JOB_ID: 'f', PALS_APID: 'p' };
    expect((['slurm', 'ompi', 'torch', 'flux', 'pals'] as const).map((row) => jobKey(row, env))).toEqual([
      'slurm c  7 2',
      'ompi n',
      'torch   h 1',
      'flux f',
      'pals p',
    ]);
  });

  it('is unknown where the launcher names nothing', () => {
    expect(jobKey('mvapich', STEP)).toBeUndefined();
    expect(jobKey('ompi', STEP)).toBeUndefined();
    expect(jobKey('slurm', { ...STEP, SLURM_STEP_ID: '' })).toBeUndefined();
  });
});

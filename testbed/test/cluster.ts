import { describe, inject } from 'vitest';
import { Slurm } from '../src/slurm.ts';

const record = inject('slurm');

/** The cluster of this run, for tests in `describeSlurm`. */
export const slurm = new Slurm(record!);

/** Skips where no cluster can be started, which was said loudly. */
export const describeSlurm = describe.skipIf(record === undefined);

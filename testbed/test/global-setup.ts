import type { TestProject } from 'vitest/node';
import { type SlurmRecord, type StartedSlurm, slurmObstacle, startSlurm } from '../src/slurm.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The one cluster of a run of tests; undefined where none can be started. */
    slurm: SlurmRecord | undefined;
  }
}

let slurm: StartedSlurm | undefined;

export async function setup(project: TestProject): Promise<void> {
  const obstacle = slurmObstacle();
  if (obstacle === undefined) slurm = await startSlurm();
  else console.warn(`\n*** the tests on Slurm do NOT run: ${obstacle} ***\n`);
  project.provide('slurm', slurm?.record);
}

export async function teardown(): Promise<void> {
  await slurm?.[Symbol.asyncDispose]();
}

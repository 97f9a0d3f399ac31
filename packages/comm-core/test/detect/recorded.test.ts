import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type DetectionRow,
  detect,
  type Environment,
  expandHostlist,
  expandTasksPerNode,
} from '../../src/detect/index.ts';

// What processes really found in their environment, without paths: Slurm 22.05, Open MPI 4.1.4 and 5.0.11, MPICH 4.0.2; on
// three nodes with two tasks each, or four ranks on one host.
const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'recorded.json'), 'utf8')) as Record<
  string,
  Environment
>;

type Expected = readonly [
  launch: string,
  row: DetectionRow,
  rank: number,
  size: number | undefined,
  localRank: number | undefined,
  localSize: number | undefined,
  transport: string,
];

const EXPECTED: readonly Expected[] = [
  ['srun', 'slurm', 3, 6, 1, 2, 'tcp'],
  ['srun --mpi=pmi2', 'pmi', 3, 6, undefined, undefined, 'mpi'],
  ['srun --mpi=pmix', 'slurm', 3, 6, 1, 2, 'mpi'],
  ['sbatch, the script itself', 'single', 0, 1, 0, 1, 'memory'],
  ['sbatch, a step', 'slurm', 1, 2, 0, 1, 'tcp'],
  ['srun inside srun', 'slurm', 1, 2, 0, 1, 'tcp'],
  ['salloc, the shell itself', 'single', 0, 1, 0, 1, 'memory'],
  // Its daemons are tasks of a step: the SLURM_PROCID of this rank is 1.
  ['mpirun of Open MPI 4 inside salloc', 'ompi', 3, 6, 1, 2, 'mpi'],
  ['mpiexec of MPICH inside salloc', 'pmi', 3, 6, 1, 2, 'mpi'],
  ['mpirun of Open MPI 4', 'ompi', 1, 4, 1, 4, 'mpi'],
  ['mpirun of Open MPI 5', 'ompi', 1, 4, 2, 4, 'mpi'],
  ['prterun', 'pmix', 1, undefined, undefined, undefined, 'mpi'],
  ['mpiexec of MPICH', 'pmi', 1, 4, 1, 4, 'mpi'],
  ['mpiexec -pmi-port of MPICH', 'pmi', 1, undefined, 1, 4, 'mpi'],
];

describe('environments recorded on the real thing', () => {
  it.each(EXPECTED)('%s: %s, rank %i of %s', (launch, row, rank, size, localRank, localSize, transport) => {
    expect(detect(recorded[launch]!)).toMatchObject({ row, rank, size, localRank, localSize, transport });
  });

  it('are all in the table', () => {
    expect(Object.keys(recorded).sort()).toEqual(EXPECTED.map(([launch]) => launch).sort());
  });

  it.each(['sbatch, the script itself', 'salloc, the shell itself'])('%s is told how to start ranks', (launch) => {
    expect(detect(recorded[launch]!).hints.join()).toMatch(/runs alone inside Slurm job \d+.*srun node <script>/);
  });

  it('a step’s hosts and tasks per node agree with its number of tasks', () => {
    for (const { SLURM_STEP_NODELIST, SLURM_STEP_TASKS_PER_NODE, SLURM_STEP_NUM_TASKS } of Object.values(recorded)) {
      if (SLURM_STEP_NODELIST === undefined) continue;
      const tasks = expandTasksPerNode(SLURM_STEP_TASKS_PER_NODE!);
      expect(tasks).toHaveLength(expandHostlist(SLURM_STEP_NODELIST).length);
      expect(tasks.reduce((sum, count) => sum + count)).toBe(Number(SLURM_STEP_NUM_TASKS));
    }
  });

  it('hold nothing of the machine they were recorded on', () => {
    for (const env of Object.values(recorded)) expect(Object.values(env).join(' ')).not.toMatch(/\//);
  });
});

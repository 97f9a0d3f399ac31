import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MPIS, SYSTEM_MPIS, type TestedMpi, WHEEL_MPIS } from '../../packages/transport-mpi/test/mpis.ts';
import { programs } from './programs.ts';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const par = join(folder, 'node_modules/@par/cli/dist/bin.js');

function run(
  mpi: TestedMpi,
  ranks: number,
  script: string,
  args: readonly string[],
): Promise<{ status: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const options = ['--transport', 'mpi', '-np', String(ranks), '--timeout', '100s', '--no-label'];
    const child = spawn(process.execPath, [par, 'run', ...options, join(folder, script), ...args], {
      env: { ...process.env, MPIEXEC: mpi.launcher, PAR_MPI_ADDON: mpi.addon },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout }));
  });
}

const SIZES = [1, 2, 3, 4, 5, 8, 9];

/** Two builds of one library: with its own ABI, and with that of the standard. */
const MPICH_5 = WHEEL_MPIS.filter(({ family }) => family === 'mpich');

/** Every example over every MPI, at another size on each; on one build of MPICH 5 or the other, each of which has every size. */
const jobs = programs.flatMap(([script, args, prints], i) =>
  MPIS.map((mpi, j) => ({ mpi, ranks: SIZES[(i + j) % SIZES.length]!, script, args, prints })).filter(
    ({ mpi }) => !MPICH_5.includes(mpi) || mpi === MPICH_5[i % MPICH_5.length],
  ),
);

it.each(jobs)('$script runs on $ranks ranks of $mpi.name', { timeout: 120_000 }, async (job) => {
  const { status, stdout } = await run(job.mpi, job.ranks, job.script, job.args);
  expect(stdout).toMatch(job.prints(job.ranks));
  expect(status).toBe(0);
});

const onFour: [script: string, args: string[], prints: RegExp][] = [
  ['flight-delays.ts', ['2500'], /^20000 flights in 8 blocks/m],
  ['parameter-server.ts', [], /^learned 3\.0/m],
  ['group-tasks.ts', [], /^3 tasks of 2 ranks$/m],
];

describe.each(SYSTEM_MPIS)('through $name', (mpi) => {
  it.each(onFour)('%s runs on 4 ranks', { timeout: 120_000 }, async (script, args, prints) => {
    const { status, stdout } = await run(mpi, 4, script, args);
    expect(stdout).toMatch(prints);
    expect(status).toBe(0);
  });
});

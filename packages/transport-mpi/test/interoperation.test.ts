import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MPIS, PROGRAMS, SYSTEM_MPIS, type TestedMpi } from './mpis.ts';
import { linesOf, runJob } from './run-job.ts';

const scratch = mkdtempSync(join(tmpdir(), 'par-mpi-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const EXPECTED = ['foreign rank: 0 failures', 'par rank: values to the foreign rank are refused with PAR_TRANSPORT'];
const PAR_RANK = [process.execPath, join(PROGRAMS, 'with-foreign.ts')];

/** Compiles a rank of the job; its binary. */
function compile(compiler: string, source: string, ...options: string[]): string {
  const binary = join(mkdtempSync(join(scratch, 'rank-')), 'rank');
  const compiled = spawnSync(compiler, [...options, '-O1', '-o', binary, join(PROGRAMS, source)], { encoding: 'utf8' });
  expect(compiled.status, compiled.stderr).toBe(0);
  return binary;
}

async function passes(mpi: TestedMpi, foreign: readonly string[]): Promise<void> {
  const parts = [
    [1, foreign],
    [1, PAR_RANK],
  ] as const;
  const finished = await runJob(mpi.together(parts), { ...mpi.env, PAR_MPI_RANKS: '1' });
  expect(linesOf(finished), finished.stderr).toEqual(EXPECTED);
  expect(finished.status, finished.stderr).toBe(0);
}

it.concurrent('par ranks that wait in init for one that does not run par say so', { timeout: 60_000 }, async () => {
  const { mpi4py, ...mpi } = SYSTEM_MPIS.find(({ mpi4py }) => mpi4py)!;
  const idle = [...mpi4py!, '-c', 'from mpi4py import MPI; import signal; signal.pause()'];
  const parts = [
    [1, idle],
    [1, PAR_RANK],
  ] as const;
  const { command, args } = mpi.together(parts);
  const launcher = spawn(command, args, {
    env: { ...process.env, ...mpi.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    signal: AbortSignal.timeout(50_000),
  });
  const closed = once(launcher, 'close');
  let stderr = '';
  for await (const text of launcher.stderr.setEncoding('utf8')) {
    stderr += text;
    if (stderr.includes('PAR_MPI_RANKS')) launcher.kill();
  }
  await closed;
  expect(stderr).toContain('par: rank 1 waits in init, which not all 2 ranks of this job have called.');
});

describe.concurrent.each(MPIS)(
  'buffers of every type and collectives with a rank of $name',
  { timeout: 60_000 },
  (mpi) => {
    it('in C', () => passes(mpi, [compile(mpi.mpicc, 'foreign.c')]));

    // PyPI's packages come without Fortran.
    if (mpi.origin === 'system') {
      const mpifort = mpi.mpicc.replace('mpicc', 'mpifort');
      it('in Fortran', () =>
        passes(mpi, [compile(mpifort, 'foreign.F90', '-cpp', '-ffree-line-length-none', '-fallow-argument-mismatch')]));
    }

    const { mpi4py } = mpi;
    if (mpi4py) it('in mpi4py', () => passes(mpi, [...mpi4py, join(PROGRAMS, 'foreign.py')]));
  },
);

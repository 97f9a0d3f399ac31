import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MPIS, PROGRAMS } from './mpis.ts';
import { linesOf, runJob } from './run-job.ts';

const scratch = mkdtempSync(join(tmpdir(), 'par-mpi-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const EXPECTED = ['foreign rank: 0 failures', 'par rank: values to the foreign rank are refused with PAR_TRANSPORT'];
const PAR_RANK = [process.execPath, join(PROGRAMS, 'with-foreign.ts')];

describe.each(MPIS)('next to ranks of other languages, $name', { timeout: 60_000 }, (mpi) => {
  it('exchanges buffers of every type and takes part in collectives with a C rank', async () => {
    const binary = join(scratch, `foreign-${mpi.family}`);
    const compiled = spawnSync(mpi.mpicc, ['-O1', '-o', binary, join(PROGRAMS, 'foreign.c')], { encoding: 'utf8' });
    expect(compiled.stderr).toBe('');
    const finished = await runJob(
      mpi.together([
        [1, [binary]],
        [1, PAR_RANK],
      ]),
      { ...mpi.env, PAR_MPI_RANKS: '1' },
    );
    expect(linesOf(finished), finished.stderr).toEqual(EXPECTED);
    expect(finished.status, finished.stderr).toBe(0);
  });

  // Debian's mpi4py is built for Open MPI.
  if (mpi.family === 'openmpi') {
    it('exchanges buffers of every type and takes part in collectives with an mpi4py rank', async () => {
      const python = ['/usr/bin/python3', join(PROGRAMS, 'foreign.py')];
      const finished = await runJob(
        mpi.together([
          [1, python],
          [1, PAR_RANK],
        ]),
        { ...mpi.env, PAR_MPI_RANKS: '1' },
      );
      expect(linesOf(finished), finished.stderr).toEqual(EXPECTED);
      expect(finished.status, finished.stderr).toBe(0);
    });
  }
});

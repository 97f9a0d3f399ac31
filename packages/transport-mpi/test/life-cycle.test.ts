import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { MPIS, PROGRAMS, SYSTEM_MPIS, type TestedMpi } from './mpis.ts';
import { type Finished, linesOf, runJob } from './run-job.ts';

const scratch = mkdtempSync(join(tmpdir(), 'par-mpi-life-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function end(mpi: TestedMpi, np: number, way: string, env: Record<string, string> = {}): Promise<Finished> {
  return runJob(mpi.command(np, [join(PROGRAMS, 'life.ts'), way]), { ...mpi.env, ...env });
}

describe.concurrent.each(MPIS)('the end of a rank, $name', { timeout: 60_000 }, (mpi) => {
  it('a script that just ends ends MPI too, with communicators not freed and sends not awaited, and nothing can be asked of it later', async () => {
    for (const np of [1, 3]) {
      const finished = await end(mpi, np, 'end');
      expect(finished.status, finished.stderr).toBe(0);
      // Collectives of one rank need no MPI.
      const late = np === 1 ? 'late: PAR_FREED,fulfilled' : 'late: PAR_FREED';
      expect(linesOf(finished)).toEqual([...new Array(np).fill(late), 'received 1200000']);
    }
  });

  it('all threads are asked for, and a library that gives none will do', async () => {
    const shim = join(scratch, `${MPIS.indexOf(mpi)}.so`);
    const source = join(PROGRAMS, 'single-threaded.c');
    const compiled = spawnSync(mpi.mpicc, ['-shared', '-fPIC', '-o', shim, source], { encoding: 'utf8' });
    expect(compiled.status, compiled.stderr).toBe(0);
    const program = ['env', `LD_PRELOAD=${shim}`, process.execPath, join(PROGRAMS, 'life.ts'), 'end'];
    const finished = await runJob(mpi.together([[2, program]]), mpi.env);
    expect(finished.status, finished.stderr).toBe(0);
    const asked = new Array(2).fill('asked for MPI_THREAD_MULTIPLE');
    expect(linesOf(finished)).toEqual([...asked, ...new Array(2).fill('late: PAR_FREED'), 'received 1200000']);
  });

  it('process.exit(0) on one rank, even with receives pending or just given up, delivers what it sent and lets the others end', async () => {
    const finished = await end(mpi, 3, 'exit 0');
    expect(finished.status, finished.stderr).toBe(0);
    expect(linesOf(finished)).toEqual(['last words']);
  });

  it('an exception on one rank ends the job, with its stack, however late the launcher reads it', async () => {
    const finished = await end(mpi, 3, 'throw');
    expect(finished.status).not.toBe(0);
    expect(finished.stderr).toContain('Error: thrown on purpose');
    expect(finished.stderr).toContain('life.ts');
    expect(finished.stderr).toContain('rank 2 of 3');
  });

  it('the status of process.exit and of abort becomes the status of the job', async () => {
    expect((await end(mpi, 2, 'exit 7')).status).toBe(7);
    expect((await end(mpi, 2, 'abort')).status).toBe(9);
  });

  it('a worker thread is refused as a rank, and can be one by a transport it makes itself', async () => {
    const finished = await runJob(mpi.command(3, [join(PROGRAMS, 'worker.ts')]), mpi.env);
    expect(finished.status, finished.stderr).toBe(0);
    expect(linesOf(finished)).toEqual([
      ...new Array(3).fill(expect.stringMatching(/^PAR_ENVIRONMENT init: called in a worker thread.*main thread/)),
      ...new Array(3).fill('the ranks of 3 worker threads add up to 3 over mpi'),
    ]);
  });

  it('a rank that is killed ends the job', async () => {
    const finished = await end(mpi, 2, 'kill');
    expect(finished.status).not.toBe(0);
  });

  it('without an addon the error lists what was tried and what to do', async () => {
    const finished = await end(mpi, 1, 'end', { PAR_MPI_ADDON: '/nowhere/par_mpi.node' });
    expect(finished.status).not.toBe(0);
    expect(finished.stderr).toContain('tried /nowhere/par_mpi.node (PAR_MPI_ADDON): Cannot find module');
    expect(finished.stderr).toContain('par mpi build');
    expect(finished.stderr).toContain("code: 'PAR_TRANSPORT'");
  });
});

// A launcher of one MPI and the addon of the other: every rank finds itself alone.
describe.each(
  SYSTEM_MPIS.flatMap((mpi) => MPIS.filter(({ family }) => family !== mpi.family).map((other) => ({ mpi, other }))),
)('ranks of $other.name started by $mpi.name', { timeout: 60_000 }, ({ mpi, other }) => {
  it('are told which launcher fits', async () => {
    const finished = await end(mpi, 2, 'end', { PAR_MPI_ADDON: other.addon });
    expect(finished.status).not.toBe(0);
    expect(finished.stderr).toMatch(/(says this job has 2 ranks|started this rank of 2), but the MPI library/);
    expect(finished.stderr).toContain(other.family === 'openmpi' ? 'mpirun.openmpi' : 'mpiexec.mpich');
    expect(finished.stderr).toContain("code: 'PAR_ENVIRONMENT'");
  });
});

import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'vitest';
import { processesWith } from '../../packages/cli/test/launch.ts';
import { Running } from '../src/running.ts';
import { describeSlurm, slurm } from './cluster.ts';

const ENDS = join(import.meta.dirname, 'programs/ends.ts');
const NONE = { SIGINT: null, SIGTERM: null };

interface Case {
  readonly start: (args: readonly string[]) => Running;
  readonly launcher: readonly string[];
  /** Of the launcher, where it makes one that does not depend on what it hears of its ranks. */
  readonly status: { readonly SIGINT: number | null; readonly SIGTERM: number | null };
}

/** Starts two ranks that wait for each other, and signals their launcher. Ctrl-C is pressed again, as srun asks, if that is not the end. */
async function endsWith(
  { start, launcher, status }: Case,
  signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL',
  { expect }: TestContext,
): Promise<void> {
  const token = `signalled-${randomUUID()}`;
  const job = start([...launcher, process.execPath, ENDS, 'wait', '0', token]);
  await job.said(/(waits[\s\S]*){2}/);
  job.child.kill(signal);
  if (signal === 'SIGINT' && launcher[0] === 'srun') {
    await job.said(/one more within 1 sec to abort/);
    job.child.kill(signal);
  }
  const end = await job.finished;
  if (signal === 'SIGKILL') expect(end.signal).toBe('SIGKILL');
  else if (status[signal] !== null) expect(end).toMatchObject({ status: status[signal], signal: null });
  await expect.poll(() => processesWith([token]), { timeout: 10_000 }).toEqual([]);
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGKILL'] as const;

const NO_ADDON = { PAR_MPI_ADDON: '/nowhere/par_mpi.node' };

describeSlurm.each([
  ['srun', ['-N2'], {}],
  ['srun --mpi=pmi2', ['--mpi=pmi2', '-N1'], {}],
  ['srun --mpi=pmix', ['--mpi=pmix', '-N2'], {}],
  ['srun --mpi=pmi2, without the addon,', ['--mpi=pmi2', '-N2'], NO_ADDON],
  ['srun --mpi=pmix, without the addon,', ['--mpi=pmix', '-N2'], NO_ADDON],
])('%s that is sent', (_, options, env) => {
  const start = (args: readonly string[]): Running => slurm.start(args, { env });
  const launcher = ['srun', ...options, '-n2'];
  it.concurrent.for(SIGNALS)('%s ends every rank on every node', (signal, context) =>
    endsWith({ start, launcher, status: { SIGINT: 130, SIGTERM: 137 } }, signal, context),
  );
});

const OPEN_MPI = ['mpirun.openmpi', '--allow-run-as-root', '--oversubscribe', '-n', '2'];
const MPICH = ['mpiexec.mpich', '-n', '2'];

describe.each([
  ['mpirun of Open MPI', OPEN_MPI, {}, { SIGINT: 1, SIGTERM: 1 }],
  ['mpirun of Open MPI, without MPI,', OPEN_MPI, { PAR_TRANSPORT: 'tcp' }, { SIGINT: 1, SIGTERM: 1 }],
  // Its status is 0, 2 or 15, by which of its processes ends first: with plain programs, too.
  ['mpiexec of MPICH', MPICH, {}, NONE],
  ['mpiexec of MPICH, without MPI,', MPICH, { PAR_TRANSPORT: 'tcp' }, NONE],
])('%s that is sent', (_, launcher, env, status) => {
  const start = ([command, ...args]: readonly string[]): Running =>
    new Running({ command: command!, args }, { env: { PATH: process.env.PATH!, HOME: process.env.HOME!, ...env } });
  it.concurrent.for(SIGNALS)('%s ends every rank', (signal, context) =>
    endsWith({ start, launcher, status }, signal, context),
  );
});

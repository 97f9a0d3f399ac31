import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeSlurm, slurm } from './cluster.ts';

const ENDS = join(import.meta.dirname, 'programs/ends.ts');

/** srun as it is by default: it leaves the other tasks alone when one fails. */
function srun(how: string, rank: number, env: Record<string, string> = {}) {
  return slurm.run(['srun', '-N3', '--ntasks-per-node=2', process.execPath, ENDS, how, `${rank}`], { env });
}

describeSlurm('a rank that fails under srun', () => {
  it.each([
    ['exit', 0, 7, /par: rank 0 of 6 on n1: it ends with status 7, and the job with it/],
    ['exit', 3, 7, /par: rank 3 of 6 on n2: it ends with status 7, and the job with it/],
    ['throw', 5, 1, /par: rank 5 of 6 on n3: unhandled rejection:[\s\S]*Error: on purpose/],
    ['abort', 2, 9, /par: rank 2 of 6 on n2: rank 2 called abort\(9\); the job ends with status 9/],
    ['kill', 0, 137, /par: rank 1 of 6 on n\d: rank 0 is lost: .*; the job ends/],
    ['kill', 4, 137, /par: rank 5 of 6 on n3: rank 4 is lost: .*; the job ends/],
  ])('%s on rank %i ends the job with status %i', async (how, rank, expected, says) => {
    const { status, stderr } = await srun(how, rank);
    expect(stderr).toMatch(says);
    expect(stderr.match(/^par: /gm)).toHaveLength(1); // nobody else has anything to add
    expect(status).toBe(expected);
  });

  // These wait, for what shows only with time, more than they work.
  it.concurrent.for([
    [3, 'another rank of its node'],
    [0, 'where the ranks would have met'],
  ] as const)(
    'before it has called init (rank %i, %s): the job ends as soon as a rank beside it sees that',
    async ([rank], { expect }) => {
      const { status, stderr } = await srun('early', rank);
      const node = rank === 0 ? 'n1' : 'n2';
      expect(stderr).toContain(`rank ${rank} on ${node} ended before all ranks had called init`);
      expect(status).toBe(5);
    },
  );

  it.concurrent('before it has called init, alone on its node: the others wait no longer than the time to join, and name it', async ({
    expect,
  }) => {
    const { status, stderr } = await slurm.run(['srun', '-N3', '-n3', process.execPath, ENDS, 'early', '2'], {
      env: { PAR_JOIN_TIMEOUT: '3' },
    });
    expect(stderr).toMatch(/^par: 1 of 3 ranks have not called init after 1\.5 s: 2\. .*srun --kill-on-bad-exit/m);
    expect(stderr).toMatch(/the job was aborted while it started: rank 2 did not join within 3 s/);
    expect(status).toBe(5);
  });

  // Not with SIGKILL: srun takes that for the end of the whole step.
  it('onPeerLoss: reject leaves the survivors running', async () => {
    const { status, stdout } = await srun('reject', 2);
    expect(stdout.trim().split('\n').sort()).toEqual([0, 1, 3, 4, 5].map((rank) => `rank ${rank}: PAR_PEER_LOST`));
    expect(status).toBe(139);
  });
});

describeSlurm('a rank that fails under srun with MPI', () => {
  // MPICH has Slurm kill the whole step, and srun reports that. Of a rank that is killed itself it learns nothing: srun ends the others
  // with SIGTERM, and reports the highest status of all.
  it.each([
    ['pmi2', ['-N1', '-n4'], 'exit', 137, /par: rank 1 of 4 on n\d: it ends with status 7, and the job with it/],
    ['pmi2', ['-N1', '-n4'], 'abort', 137, /par: rank 1 of 4 on n\d: rank 1 called abort\(9\)/],
    ['pmi2', ['-N1', '-n4'], 'throw', 137, /par: rank 1 of 4 on n\d: unhandled rejection:[\s\S]*Error: on purpose/],
    ['pmi2', ['-N1', '-n4', '--kill-on-bad-exit'], 'kill', 143, /task 1: Killed/],
    ['pmix', ['-N3', '-n6'], 'exit', 7, /par: rank 1 of 6 on n\d: it ends with status 7, and the job with it/],
    ['pmix', ['-N3', '-n6'], 'abort', 9, /par: rank 1 of 6 on n\d: rank 1 called abort\(9\)/],
    ['pmix', ['-N3', '-n6'], 'throw', 1, /par: rank 1 of 6 on n\d: unhandled rejection:[\s\S]*Error: on purpose/],
    ['pmix', ['-N3', '-n6'], 'kill', 137, /task 1: Killed/],
  ])('--mpi=%s %j: %s ends the job with status %i', async (kind, options, how, expected, says) => {
    const job = ['srun', `--mpi=${kind}`, ...options, process.execPath, ENDS, how, '1'];
    const { status, stderr } = await slurm.run(job);
    expect(stderr).toMatch(says);
    expect(status).toBe(expected);
  });

  it.each([
    ['pmi2', 'exit', 7],
    ['pmi2', 'throw', 1],
    ['pmi2', 'abort', 9],
    ['pmi2', 'kill', 137],
    ['pmix', 'exit', 7],
    ['pmix', 'throw', 1],
    ['pmix', 'abort', 9],
    ['pmix', 'kill', 137],
  ])('--mpi=%s without the addon: %s ends the job with status %i', async (kind, how, expected) => {
    const job = ['srun', `--mpi=${kind}`, '-N2', '-n3', process.execPath, ENDS, how, '1'];
    const { status } = await slurm.run(job, { env: { PAR_MPI_ADDON: '/nowhere/par_mpi.node' } });
    expect(status).toBe(expected);
  });
});

import { join } from 'node:path';
import { worldOf } from '@par/comm-core';
import { memoryTransports } from '@par/comm-core/memory';
import { executor } from '@par/futures';
import { describe, expect, it } from 'vitest';
import { MPIS } from '../../../transport-mpi/test/mpis.ts';
import { linesOf, runJob } from '../../../transport-mpi/test/run-job.ts';

const program = join(import.meta.dirname, 'programs', 'roots.ts');
const par = join(import.meta.dirname, '../../../cli/dist/bin.js');

const EXPECTED = [
  'rank 0 goes on',
  'rank 1 goes on',
  'rank 2 goes on',
  'root 0: 55, 0 1',
  'root 1: 55, 1 1',
  'root 2: 55, 2 1',
];

describe('executor(world)', () => {
  it('makes any rank the master of all others, over sockets', async () => {
    const command = {
      command: process.execPath,
      args: [par, 'run', '-np', '3', '--no-label', '--timeout', '40s', '--stack-on-timeout', program],
    };
    const job = await runJob(command, {});
    expect(job.status, job.stderr).toBe(0);
    expect(linesOf(job)).toEqual(EXPECTED);
  });

  for (const mpi of MPIS) {
    it(`makes any rank the master of all others, over ${mpi.name}`, async () => {
      const job = await runJob(mpi.command(3, [program]), mpi.env);
      expect(job.status, job.stderr).toBe(0);
      expect(linesOf(job)).toEqual(EXPECTED);
    });
  }

  it('starts workers of its own for a process that was started alone', async () => {
    const job = await runJob({ command: process.execPath, args: [program] }, { NODE_OPTIONS: '' });
    expect(job).toMatchObject({ status: 0, stderr: '' });
    expect(linesOf(job)).toEqual(['rank 0 goes on', 'root 0: 55, 0 1']);
  });

  it('refuses a root that is no rank', async () => {
    const [transport] = memoryTransports(1);
    await expect(executor(worldOf(transport!), { root: 1 })).rejects.toMatchObject({ code: 'PAR_RANK' });
  });
});

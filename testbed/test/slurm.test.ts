import { expect, it } from 'vitest';
import { describeSlurm, slurm } from './cluster.ts';

describeSlurm('the cluster in a box', () => {
  it('has three nodes with names, addresses and processes of their own', async () => {
    const script = 'echo $(hostname) $(hostname -I) $(ps ax | grep -c "[s]lurmd -D")';
    const { status, stdout } = await slurm.run(['srun', '-N', '3', 'sh', '-c', script]);
    expect(stdout.trim().split('\n').sort()).toEqual(['n1 10.77.0.2 1', 'n2 10.77.0.3 1', 'n3 10.77.0.4 1']);
    expect(status).toBe(0);
  });
});

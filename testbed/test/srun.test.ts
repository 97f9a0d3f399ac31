import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { describeSlurm, slurm } from './cluster.ts';

const program = (name: string): string => join(import.meta.dirname, 'programs', name);
const SQUARES = join(import.meta.dirname, '../../examples/squares.ts');
const node = process.execPath;
const THREE_BY_TWO = ['-N3', '--ntasks-per-node=2'];

interface Place {
  readonly size: number;
  readonly ranks: { rank: number; host: string; transport: string; ports: number[] }[];
  readonly left: string[];
}

/** What `place.ts` printed, once for every job that ran it. */
function places(stdout: string): Place[] {
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Place);
}

const hostsOf = ({ ranks }: Place): string => ranks.map(({ host }) => host).join(' ');

describeSlurm('srun node script.ts, without MPI', () => {
  it.each([
    [['-w', 'n1', '-n1'], 'n1'],
    [['-w', 'n1', '-n3'], 'n1 n1 n1'],
    [['-N3', '-n3'], 'n1 n2 n3'],
    [THREE_BY_TWO, 'n1 n1 n2 n2 n3 n3'],
    [['-w', 'n2,n3', '--distribution=cyclic', '--ntasks-per-node=2'], 'n2 n3 n2 n3'],
  ])('%j: ranks on %s', async (options, hosts) => {
    const { status, stdout, stderr } = await slurm.run(['srun', ...options, node, program('place.ts')]);
    const [place] = places(stdout);
    expect(hostsOf(place!), stderr).toBe(hosts);
    expect(place!.ranks.map(({ rank, transport, ports }) => [rank, transport, ports])).toEqual(
      place!.ranks.map((_, rank) => [rank, 'tcp', []]), // once all are connected nobody listens any more
    );
    expect(place!.left).toEqual([]);
    expect(status).toBe(0);
  });

  it('runs the squares on three nodes with two tasks each', async () => {
    const { status, stdout } = await slurm.run(['srun', ...THREE_BY_TWO, node, SQUARES]);
    expect(stdout).toContain('sum of the squares of 0 … 999: 332833500');
    expect(status).toBe(0);
  });

  it('rank 0, where the ranks met, may leave first', async () => {
    const { status, stdout } = await slurm.run(['srun', '-N3', '-n6', node, program('leave.ts')]);
    expect(stdout.trim().split('\n').sort()).toEqual([1, 2, 3, 4, 5].map((rank) => `${rank} heard ${6 - rank}`));
    expect(status).toBe(0);
  });

  it('34 ranks, which connect only when they talk: a failure reaches all of them, and no directory is left', async () => {
    const tmp = join(slurm.home, 'tmp');
    mkdirSync(tmp);
    const { status, stderr } = await slurm.run(['srun', '-N3', '-n34', node, program('ends.ts'), 'exit', '20'], {
      env: { TMPDIR: tmp },
    });
    expect(stderr.match(/^par: .*/gm)).toEqual([expect.stringMatching(/rank 20 of 34 on .*: it ends with status 7/)]);
    expect(status).toBe(7);
    expect(readdirSync(tmp)).toEqual([]);
  });

  it('sbatch: two steps of one job at once, then one inside another; the script alone is told how to start ranks', async () => {
    const script = join(slurm.home, 'job.sh');
    const output = join(slurm.home, 'job.out');
    writeFileSync(
      script,
      [
        '#!/bin/bash',
        '#SBATCH -N3 --ntasks-per-node=2 --overcommit',
        `srun -N2 -n2 --overlap ${node} ${program('place.ts')} &`,
        `srun -N3 -n3 --overlap ${node} ${program('place.ts')} &`,
        'wait',
        `srun -N1 -n1 --overlap srun -N3 -n4 --overlap ${node} ${program('place.ts')}`,
        `${node} -e 'import("@par/comm-core").then(async (par) => console.log(par.detect(process.env).hints.join()))'`,
      ].join('\n'),
    );
    const { status, stderr } = await slurm.run(['sbatch', '--wait', '-o', output, script], {
      cwd: join(import.meta.dirname, '..'),
    });
    const { stdout } = await slurm.run(['cat', output]);
    expect(
      places(stdout)
        .map(({ size }) => size)
        .sort(),
      stdout + stderr,
    ).toEqual([2, 3, 4]);
    expect(stdout).toMatch(/runs alone inside Slurm job \d+: .* use srun node <script>, or par run <script>/);
    expect(status).toBe(0);
  });

  it('salloc: a step of the allocation, with fewer tasks than it has', async () => {
    const { status, stdout } = await slurm.run([
      'salloc',
      '-N3',
      '-n6',
      'srun',
      '-N2',
      '-n2',
      node,
      program('place.ts'),
    ]);
    expect(places(stdout).map(hostsOf)).toEqual(['n1 n2']);
    expect(status).toBe(0);
  });

  it('a directory that the hosts do not share: says so after the time to join, naming the file and what to do', async () => {
    const script = 'mkdir -p -m 700 "$DIR/$SLURMD_NODENAME" && PAR_BOOTSTRAP_DIR="$DIR/$SLURMD_NODENAME" exec "$@"';
    const directory = join(slurm.home, 'apart');
    mkdirSync(directory);
    const { status, stderr } = await slurm.run(
      ['srun', '-N2', '-n2', 'sh', '-c', script, 'sh', node, program('place.ts')],
      { env: { DIR: directory, PAR_JOIN_TIMEOUT: '2' } },
    );
    expect(stderr).toMatch(/rank 1 of 2 waited 2 s for rank 0 to publish .*apart\/n2\/.*PAR_BOOTSTRAP_DIR names one/);
    expect(stderr).toMatch(/rank 1 did not join within 2 s/);
    expect(status).toBe(1);
  });
});

describeSlurm('srun with a process manager', () => {
  it.each([
    ['pmi2', ['-w', 'n1', '-n4'], 'n1 n1 n1 n1'],
    ['pmix', THREE_BY_TWO, 'n1 n1 n2 n2 n3 n3'],
  ])('--mpi=%s goes through MPI', async (kind, options, hosts) => {
    const { status, stdout, stderr } = await slurm.run([
      'srun',
      `--mpi=${kind}`,
      ...options,
      node,
      program('place.ts'),
    ]);
    expect(hostsOf(places(stdout)[0]!), stderr).toBe(hosts);
    expect(places(stdout)[0]!.ranks.map(({ transport }) => transport)).toEqual(hosts.split(' ').map(() => 'mpi'));
    expect(status).toBe(0);
  });

  it.each([
    ['pmi2', ['-N1', '-n4']],
    ['pmix', THREE_BY_TWO],
  ])('--mpi=%s runs the squares over MPI', async (kind, options) => {
    const { status, stdout, stderr } = await slurm.run(['srun', `--mpi=${kind}`, ...options, node, SQUARES]);
    expect(stdout, stderr).toContain('sum of the squares of 0 … 999: 332833500');
    expect(status).toBe(0);
  });

  it.each(['pmi2', 'pmix'])('--mpi=%s meets without MPI when there is no addon, and says so once', async (kind) => {
    const { status, stdout, stderr } = await slurm.run(
      ['srun', `--mpi=${kind}`, ...THREE_BY_TWO, node, program('place.ts')],
      { env: { PAR_MPI_ADDON: '/nowhere/par_mpi.node' } },
    );
    expect(hostsOf(places(stdout)[0]!), stderr).toBe('n1 n1 n2 n2 n3 n3');
    expect(places(stdout)[0]!.ranks.map(({ transport }) => transport)).toEqual(Array(6).fill('tcp'));
    expect(stderr.match(/until then, the ranks talk over sockets/g)).toHaveLength(1);
    expect(status).toBe(0);
  });
});

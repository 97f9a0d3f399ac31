import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, fixture, type LaunchOptions, par } from './launch.ts';

interface Seen {
  readonly argv: string[];
  readonly execArgv: string[];
  readonly cwd: string;
  readonly env: Record<string, string>;
}

async function seen(args: string[], options?: LaunchOptions): Promise<Seen[]> {
  const { stdout, status, stderr } = await par(['run', ...args], options);
  expect(status, stderr).toBe(0);
  const lines = stdout.trimEnd().split('\n').sort();
  return lines.map((line) => JSON.parse(line.slice(line.indexOf(' ') + 1)) as Seen);
}

const ARGS = fixture('args.ts');

test('a rank is told its place, the job, and where to meet; the secret is new for every job', async () => {
  const ranks = await seen(['-np', '2', ARGS]);
  ranks.forEach(({ env }, rank) => {
    expect(env).toMatchObject({
      PAR_RANK: String(rank),
      PAR_SIZE: '2',
      PAR_LOCAL_RANK: String(rank),
      PAR_LOCAL_SIZE: '2',
      PAR_APPNUM: '0',
      PAR_JOB: expect.stringMatching(/^[0-9a-f]{32}$/),
      PAR_RENDEZVOUS: expect.stringMatching(/^unix:\/.*\/rendezvous\.sock$/),
      PAR_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
      PAR_TRANSPORT: 'tcp',
      PAR_TRANSPORT_MODULE: expect.stringMatching(/^file:\/\/\/.*transport-tcp/),
    });
  });
  expect(ranks[0]?.env.PAR_JOB).toBe(ranks[1]?.env.PAR_JOB);
  const [again] = await seen(['-np', '1', ARGS]);
  expect(again?.env.PAR_JOB).not.toBe(ranks[0]?.env.PAR_JOB);
  expect(again?.env.PAR_SECRET).not.toBe(ranks[0]?.env.PAR_SECRET);
});

test('what another launcher told this process is not told to ranks, what the person set is', async () => {
  const foreign = {
    OMPI_COMM_WORLD_RANK: '3',
    PMI_RANK: '3',
    PMI_FD: '9',
    PMIX_RANK: '3',
    SLURM_PROCID: '3',
    SLURM_STEP_NUM_TASKS: '8',
    SLURM_STEPID: '0',
    MV2_COMM_WORLD_RANK: '3',
    PALS_RANKID: '3',
    JSM_NAMESPACE_RANK: '3',
    FLUX_TASK_RANK: '3',
    MPI_LOCALRANKID: '3',
    MPI_LOCALNRANKS: '3',
    RANK: '3',
    WORLD_SIZE: '8',
    MASTER_ADDR: 'x',
    PAR_DETECT: 'slurm',
  };
  const mine = { SLURM_JOB_ID: '77', SLURM_CPUS_ON_NODE: '4', PAR_DEBUG: '1', MY_RANK: '5', HTTP_MASTER: 'y' };
  const [rank] = await seen(['-np', '1', ARGS], { env: { ...foreign, ...mine } });
  for (const name of Object.keys(foreign)) expect(rank?.env, name).not.toHaveProperty(name);
  expect(rank?.env).toMatchObject(mine);
});

test('-x, --env-file, --wdir and --node-args; our own variables cannot be overwritten', async () => {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'par-env-')));
  const file = join(directory, 'vars');
  writeFileSync(file, '# comment\nFROM_FILE="two words"\nBOTH=file\n');
  const options = [
    '--env-file',
    file,
    '-x',
    'BOTH=x',
    '-x',
    'EMPTY=',
    '-x',
    'PAR_RANK=9',
    '-x',
    'RANK',
    '-x',
    'MASTER_*',
  ];
  const [rank] = await seen(
    ['-np', '1', ...options, '--wdir', directory, '--node-args', '--no-warnings --title="a b"', ARGS, '-np', '3'],
    {
      env: { RANK: '4', MASTER_PORT: '99' },
    },
  );
  expect(rank?.env).toMatchObject({
    FROM_FILE: 'two words',
    BOTH: 'x',
    EMPTY: '',
    PAR_RANK: '0',
    RANK: '4',
    MASTER_PORT: '99',
  });
  expect(rank?.cwd).toBe(directory);
  expect(rank?.execArgv).toEqual(expect.arrayContaining(['--no-warnings', '--title=a b']));
  expect(rank?.argv).toEqual(['-np', '3']);
  rmSync(directory, { recursive: true });
});

test('several programs form one world, numbered by PAR_APPNUM', async () => {
  const ranks = await seen(['-np', '1', ARGS, 'a', ':', '-np', '2', ARGS, 'b']);
  expect(ranks.map(({ env, argv }) => [env.PAR_RANK, env.PAR_SIZE, env.PAR_APPNUM, argv[0]])).toEqual([
    ['0', '3', '0', 'a'],
    ['1', '3', '1', 'b'],
    ['2', '3', '1', 'b'],
  ]);
});

test('a job started from a rank of another job is a job of its own', async () => {
  const inner = `
    import { execFileSync } from 'node:child_process';
    const [bin, args] = process.argv.slice(1);
    process.stdout.write(execFileSync(process.execPath, [bin, 'run', '-np', '2', args]));`;
  const options = ['-np', '1', '--output', 'raw'];
  const ranks = await seen([...options, 'node', '--input-type=module', '-e', inner, BIN, ARGS]);
  expect(ranks.map(({ env }) => `${env.PAR_RANK} of ${env.PAR_SIZE}`)).toEqual(['0 of 2', '1 of 2']);
});

test('par env shows the row it chose, and why', async () => {
  const alone = await par(['env']);
  expect(alone).toMatchObject({ status: 0, stdout: expect.stringMatching(/^rank 0 of 1.*"single"$/m) });
  const env = { OMPI_COMM_WORLD_RANK: '2', OMPI_COMM_WORLD_SIZE: '4', SLURM_PROCID: '0' };
  const { stdout } = await par(['env'], { env });
  expect(stdout).toMatch(/^rank 2 of 4.*"ompi"$/m);
  expect(stdout).toMatch(/^=> ompi +present/m);
  const broken = await par(['env'], { env: { ...env, OMPI_COMM_WORLD_RANK: '4' } });
  expect(broken).toMatchObject({ status: 125, stdout: '', stderr: expect.stringContaining('OMPI_COMM_WORLD_RANK=4') });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvitationFile } from '../../src/bootstrap/invitation-file.ts';

const PROGRAM = join(import.meta.dirname, '../programs/gather.ts');
let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'par-test-'));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Finished {
  readonly status: number | null;
  readonly output: string;
}

function finished(child: ChildProcess): Promise<Finished> {
  let output = '';
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
  });
}

function run([command, ...args]: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  const child = spawn(command!, args, {
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
      HOME: home,
      OMPI_ALLOW_RUN_AS_ROOT: '1',
      OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: AbortSignal.timeout(50_000),
  });
  return finished(child);
}

const LAUNCHERS = [
  ['mpiexec of MPICH, PMI on a descriptor', ['mpiexec.mpich', '-n', '4']],
  ['mpiexec of MPICH, PMI on a port', ['mpiexec.mpich', '-pmi-port', '-n', '4']],
  ['mpirun of Open MPI', ['mpirun.openmpi', '--oversubscribe', '--bind-to', 'none', '-n', '4']],
] as const;

describe.each(LAUNCHERS)('without MPI, under %s', (_, launcher) => {
  it('ranks find each other and leave nothing behind', async () => {
    const { status, output } = await run([...launcher, process.execPath, PROGRAM]);
    expect(output).toBe('4 ranks: 0 1 2 3\n');
    expect(status).toBe(0);
    expect(readdirSync(home)).toEqual([]); // on one host it needs no file in the home directory
  });

  it.each([
    ['exit', 7, /par: rank 2 of 4 on \S+: it ends with status 7, and the job with it/],
    ['abort', 9, /par: rank 2 of 4 on \S+: rank 2 called abort\(9\); the job ends with status 9/],
    ['throw', 1, /par: rank 2 of 4 on \S+: unhandled rejection:[\s\S]*Error: on purpose/],
  ])('%s on a rank ends the job with status %i', async (how, expected, says) => {
    const { status, output } = await run([...launcher, process.execPath, PROGRAM, how, '2']);
    expect(output).toMatch(says);
    expect(status).toBe(expected);
  });

  it('a rank that is killed ends the job', async () => {
    const { status } = await run([...launcher, process.execPath, PROGRAM, 'kill', '2']);
    expect(status).not.toBe(0);
  });
});

/** The variables torchrun sets; ranks on what looks like two hosts, so that they meet through the home directory. */
function torch(rank: number, env: NodeJS.ProcessEnv = {}): Promise<Finished> {
  return run([process.execPath, PROGRAM], {
    RANK: `${rank}`,
    WORLD_SIZE: '2',
    LOCAL_RANK: '0',
    LOCAL_WORLD_SIZE: '1',
    MASTER_ADDR: '127.0.0.1',
    MASTER_PORT: '29500',
    PAR_TCP_HOST: 'lo',
    ...env,
  });
}

describe('through a file in the home directory', () => {
  const fileOf = (): InvitationFile => new InvitationFile(join(home, '.par/bootstrap'), 'torch   127.0.0.1 29500');

  it('an invitation of an earlier job is passed over until rank 0 publishes its own', async () => {
    fileOf().publish({ address: 'tcp:127.0.0.1:1', job: 'earlier', secret: '00'.repeat(32) });
    const second = torch(1);
    const first = torch(0);
    expect(await first).toEqual({ status: 0, output: '2 ranks: 0 1\n' });
    expect(await second).toEqual({ status: 0, output: '' });
    expect(readdirSync(join(home, '.par/bootstrap'))).toEqual([]);
  });

  it('a home directory that others can write to is no way to pass a secret: nobody starts', async () => {
    mkdirSync(join(home, '.par/bootstrap'), { recursive: true, mode: 0o777 });
    writeFileSync(join(home, '.par/bootstrap/x'), '');
    const { status, output } = await torch(0);
    expect(output).toMatch(/open to other users .*PAR_BOOTSTRAP_DIR names another one/);
    expect(output).toContain('PAR_ENVIRONMENT');
    expect(status).toBe(1);
  });

  it('PAR_BOOTSTRAP_DIR is used instead', async () => {
    const directory = join(home, 'scratch');
    const both = await Promise.all([0, 1].map((rank) => torch(rank, { PAR_BOOTSTRAP_DIR: directory })));
    expect(both.map(({ status }) => status)).toEqual([0, 0]);
    expect(readdirSync(home)).toEqual(['scratch']);
  });
});

describe('where nothing can pass a secret', () => {
  it.each([
    [
      'a launcher without a name for the job',
      { MV2_COMM_WORLD_RANK: '0', MV2_COMM_WORLD_SIZE: '2' },
      /never goes without a secret.*par run -np 2/,
    ],
    [
      'a launcher that does not say how many',
      { PMIX_RANK: '0', PMIX_NAMESPACE: 'n' },
      /not of how many.*@par\/transport-mpi/,
    ],
    [
      'a descriptor that is closed',
      { PMI_RANK: '0', PMI_SIZE: '2', PMI_FD: '99' },
      /descriptor 99 \(PMI_FD\) is not open/,
    ],
    ['a time that is none', { PMI_RANK: '0', PMI_SIZE: '2', PAR_JOIN_TIMEOUT: 'soon' }, /PAR_JOIN_TIMEOUT=soon/],
  ])('%s: it stops with instructions', async (_, env, says) => {
    const { status, output } = await run([process.execPath, PROGRAM], env);
    expect(output).toMatch(says);
    expect(status).toBe(1);
  });
});

import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { MPIS, PROGRAMS } from '../../transport-mpi/test/mpis.ts';
import { BIN, fixture, par, processesWith } from './launch.ts';
import { LAUNCHERS, launchMpi, parMpi } from './mpi.ts';

const ENDS = fixture('mpi-ends.ts');
const scratch = mkdtempSync(join(tmpdir(), 'par-mpi-run-'));
afterAll(() => rmSync(scratch, { recursive: true }));

function count(text: string, pattern: RegExp): number {
  return text.match(new RegExp(pattern, 'gm'))?.length ?? 0;
}

// Much of it waits: for ranks that ignore signals, and for processes to be gone.
describe.concurrent.each(LAUNCHERS)('par run --transport mpi through %s', { timeout: 60_000 }, (launcher) => {
  test('four ranks join over MPI, each line with the label of its rank', async () => {
    const { status, stdout, stderr } = await parMpi(launcher, ['-np', '4', ENDS, 'end']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.not.stringMatching(/^(?!par: \d+ ranks share)./m) });
    for (let rank = 0; rank < 4; rank++) {
      expect(stdout).toMatch(new RegExp(`^\\[${rank}\\] rank ${rank} of 4 over mpi: end `, 'm'));
    }
  });

  test.each([
    ['an exception', ['wait', 'throw', 'wait'], 1],
    ['a status', ['wait', 'wait', '7'], 7],
    ['an abort', ['wait', 'abort:42', 'wait'], 42],
    ['a rank killed', ['wait', 'SIGKILL', 'wait'], 137],
    ['a crash', ['wait', 'SIGSEGV', 'wait'], 139],
    ['a failure next to ranks that spin', ['spin', '3', 'spin'], 3],
    ['a failure next to ranks that ignore signals', ['deaf', '3', 'deaf'], 3],
    ['a failure next to ranks that leave with 0 when told to', ['polite', '9', 'polite'], 9],
  ])('%s decides the status', async (_name, how, status) => {
    const end = await parMpi(launcher, ['-np', '3', '--grace', '2s', ENDS, ...how]);
    expect(end).toMatchObject({ status, signal: null });
    const failed = how.findIndex((word) => !/wait|spin|deaf|polite/.test(word));
    const pid = new RegExp(`rank ${failed} of 3 .*\\(pid (\\d+)\\)`).exec(end.stdout)?.[1];
    expect(end.stderr).toMatch(
      new RegExp(`^par: rank ${failed} failed: .*pid ${pid}\\)\npar: 2 other ranks were ended$`, 'm'),
    );
  });

  test('the summary has the last lines of the failed rank, and not what the launcher says about it', async () => {
    const { stderr } = await parMpi(launcher, ['-np', '2', ENDS, 'wait', 'throw']);
    expect(stderr).toMatch(/^par: \| .*boom on rank 1/m);
    expect(stderr).not.toMatch(/mpirun|mpiexec|BAD TERMINATION|-----/);
  });

  test('a job that takes too long ends with 124', async () => {
    const end = await parMpi(launcher, ['-np', '2', '--timeout', '3s', '--grace', '1s', ENDS, 'wait']);
    expect(end).toMatchObject({ status: 124, stderr: expect.stringContaining('not finished after 3 s') });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s reaches every rank once', async (signal, status) => {
    const launch = launchMpi(launcher, ['-np', '2', ENDS, 'polite']);
    await launch.until(({ stdout }) => count(stdout, /over mpi/) === 2);
    launch.child.kill('SIGUSR2');
    await launch.until(({ stdout }) => count(stdout, /got SIGUSR2/) === 2);
    launch.child.kill(signal);
    const end = await launch.finished;
    expect(end).toMatchObject({ status });
    expect(count(end.stdout, new RegExp(`got ${signal}`))).toBe(2);
    await launch.gone();
  });

  test('SIGKILL of par leaves no process and no file', async () => {
    const launch = launchMpi(launcher, ['-np', '2', ENDS, 'spin']);
    await launch.until(({ stdout }) => count(stdout, /over mpi/) === 2);
    launch.child.kill('SIGKILL');
    await once(launch.child, 'exit');
    await launch.gone();
  });

  test.each(['par', 'a rank'])('no shared memory is left when %s is killed', async (who) => {
    const launch = launchMpi(launcher, ['-np', '2', '--grace', '1s', fixture('mpi-segments.ts')]);
    await launch.until(({ stdout }) => count(stdout, /files:/) === 2);
    if (who === 'par') launch.child.kill('SIGKILL');
    else process.kill(Number(/process (\d+)/.exec(launch.stdout)![1]), 'SIGKILL');
    await once(launch.child, 'close');
    await launch.gone();
    const files = launch.stdout.match(/\/dev\/shm\/\S+/g) ?? [];
    // MPICH has none by name once all ranks have joined.
    if (launcher.includes('openmpi')) expect(files).not.toEqual([]);
    expect(files.filter((file) => existsSync(file))).toEqual([]);
  });

  test('SIGKILL of the launcher of MPI ends the job', async () => {
    const launch = launchMpi(launcher, ['-np', '2', '--grace', '1s', ENDS, 'deaf']);
    await launch.until(({ stdout }) => count(stdout, /over mpi/) === 2);
    const found = processesWith([launch.token]).find((line) =>
      /^(mpirun|mpiexec|prterun)/.test(basename(line.split(' ')[1]!)),
    );
    process.kill(Number(found?.split(' ')[0]), 'SIGKILL');
    expect((await launch.finished).status).not.toBe(0);
    await launch.gone();
  });

  test('arguments, environment and directory arrive as given, also for several programs', async () => {
    const odd = ['a b', '', '$HOME', "it's", '"', '-np', '*', 'ü\n'];
    const first = ['-np', '1', '-x', 'A=1;2,3 "x"', fixture('args.ts'), ...odd];
    const second = ['-np', '1', '-x', 'B= b=c', '--wdir', tmpdir(), fixture('args.ts'), 'second'];
    const { status, stdout } = await parMpi(launcher, ['--no-label', ...first, ':', ...second]);
    expect(status).toBe(0);
    const seen = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { argv: string[]; cwd: string; env: Record<string, string> })
      .sort((a, b) => b.argv.length - a.argv.length);
    expect(seen).toMatchObject([
      { argv: odd, cwd: process.cwd(), env: { A: '1;2,3 "x"', PAR_APPNUM: '0' } },
      { argv: ['second'], cwd: tmpdir(), env: { A: '1;2,3 "x"', B: ' b=c', PAR_APPNUM: '1' } },
    ]);
  });

  test('no line of a rank that exits at once is lost or mixed with another’s', async () => {
    const { status, stdout, stderr } = await parMpi(launcher, ['-np', '3', fixture('lines.mjs'), '2000']);
    expect(status).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(6000);
    expect(lines.every((line) => /^\[(\d)\] rank \S+ line \d+ x*$/.test(line))).toBe(true);
    expect(count(stderr, /^\[\d\] rank \S+ error \d+$/)).toBe(600);
  });

  test.each([
    ['0', 1_000_000, 0],
    ['1', 0, 1_000_000],
    ['all', 1_000_000, 1_000_000],
    ['none', 0, 0],
  ])('--stdin %s gives the standard input to whom it says', async (who, first, second) => {
    const input = 'x'.repeat(1_000_000);
    const args = ['-np', '2', '--stdin', who, fixture('count-input.mjs')];
    const { status, stdout } = await parMpi(launcher, args, { input });
    expect(status).toBe(0);
    expect(stdout.trim().split('\n').sort()).toEqual([
      `[0] rank undefined read ${first}`,
      `[1] rank undefined read ${second}`,
    ]);
  });

  test('a program that is not Node’s decides the status, too', async () => {
    const end = await parMpi(launcher, ['-np', '1', 'true', ':', '-np', '1', 'sh', '-c', 'exit 5']);
    expect(end).toMatchObject({ status: 5, stderr: expect.stringContaining('rank 1 failed: exit status 5') });
  });

  test('ranks in C take part, and par knows which are its own', async () => {
    const { mpicc } = MPIS.find((mpi) => mpi.launcher === launcher || launcher.endsWith(mpi.family))!;
    const binary = join(mkdtempSync(join(scratch, 'c-')), 'rank');
    const compiled = spawnSync(mpicc, ['-o', binary, join(PROGRAMS, 'foreign.c')], { encoding: 'utf8' });
    expect(compiled.status, compiled.stderr).toBe(0);
    const end = await parMpi(launcher, ['-np', '1', binary, ':', '-np', '1', join(PROGRAMS, 'with-foreign.ts')]);
    expect(end).toMatchObject({ status: 0, stdout: expect.stringContaining('[0] foreign rank: 0 failures') });
  });

  test('--dry-run prints a command that runs the same program without par', async () => {
    const { status, stdout } = await parMpi(launcher, [
      '--dry-run',
      '-np',
      '2',
      ENDS,
      'end',
      ':',
      '-np',
      '1',
      ENDS,
      '0',
    ]);
    expect(status).toBe(0);
    expect(stdout).toMatch(
      new RegExp(`PAR_TRANSPORT=mpi .*/${basename(launcher).replace('.', '\\.')} .*-np 2 .* end : -np 1 .* 0$`, 'm'),
    );
    expect(stdout).toContain('none');
    expect(stdout).not.toContain(BIN);
  });
});

test.each([
  [['--on-fail', 'wait'], /^par run: --on-fail wait: MPI ends all ranks when one fails/],
  [['--stack-on-timeout', '--timeout', '1s'], /^par run: --stack-on-timeout: /],
  [
    ['-H', 'h[1-2]:2', '--ppn', '1'],
    /: mpirun --host h1:2,h2:2 --map-by ppr:1:node -np 2 node \S+ \(Open MPI\), mpiexec -hosts h1:2,h2:2 -ppn 1 -n 2 node /,
  ],
])('what MPI cannot do is one line and 125: %j', async (args, message) => {
  const end = await parMpi('mpirun.openmpi', ['-np', '2', ...args, ENDS]);
  expect(end).toMatchObject({ status: 125, stderr: expect.stringMatching(message) });
  expect(end.stderr.trimEnd().split('\n')).toHaveLength(1);
});

test('a launcher that is none is one line and 125', async () => {
  const end = await par(['run', '--transport', 'mpi', '-np', '2', ENDS], { env: { MPIEXEC: 'no-such-mpiexec' } });
  expect(end).toMatchObject({ status: 125, stderr: expect.stringMatching(/^par run: MPIEXEC=no-such-mpiexec: .*\n$/) });
});

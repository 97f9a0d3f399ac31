import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BIN, fixture, Launch, par } from './launch.ts';

const LINES = fixture('lines.mjs');

test('8 ranks that write 10,000 lines and exit at once: every line whole, in order, none lost', async () => {
  const end = await par(['run', '-np', '8', LINES, '10000'], { timeoutMs: 60_000 });
  expect(end.status).toBe(0);
  const next = new Array<number>(8).fill(0);
  for (const line of end.stdout.trimEnd().split('\n')) {
    const [, label, rank, number, tail] = /^\[(\d)\] rank (\d) line (\d+) (x*)$/.exec(line) ?? [];
    expect(label, line).toBe(rank);
    expect(Number(number)).toBe(next[Number(rank)]!++);
    expect(tail?.length).toBe(Number(number) % 97);
  }
  expect(next).toEqual(new Array(8).fill(10_000));
  const errors = end.stderr.split('\n').filter((line) => /^\[(\d)\] rank \1 error \d+$/.test(line));
  expect(errors.length).toBe(8000);
});

test('an unfinished line is shown before it is finished, and no newline is made up', async () => {
  const launch = new Launch([
    'run',
    '-np',
    '1',
    'node',
    '-e',
    'process.stdout.write("so far"); setInterval(() => {}, 1e6)',
  ]);
  await launch.until(({ stdout }) => stdout === '[0] so far');
  launch.child.kill('SIGTERM');
  expect((await launch.finished).stdout).toBe('[0] so far');
  await launch.gone();
});

test('a prompt is shown, answered on standard input, and the rest of its line follows without a label', async () => {
  const { stdout } = await par(['run', '-np', '1', fixture('partial.mjs')], { input: 'Ada\n' });
  expect(stdout).toBe('[0] name? hello Ada');
});

test('two ranks never share a line, not even when one of them leaves it unfinished', async () => {
  const script = `case $PAR_RANK in
    0) printf begun; read x; read x; printf ' ended';;
    1) read x; echo other;;
  esac`;
  const launch = new Launch(['run', '-np', '2', '--stdin', 'all', 'sh', '-c', script], { input: 'open' });
  await launch.until(({ stdout }) => stdout === '[0] begun');
  launch.child.stdin?.write('\n');
  await launch.until(({ stdout }) => stdout === '[0] begun\n[1] other\n');
  launch.child.stdin?.end('\n');
  const { stdout } = await launch.finished;
  await launch.gone();
  expect(stdout).toBe('[0] begun\n[1] other\n[0]  ended');
});

test('a reader that leaves ends the job quietly', async () => {
  const child = spawn(
    'sh',
    ['-c', `"$0" "$1" run -np 4 "$2" | head -n 3; exit 0`, process.execPath, BIN, fixture('endless.mjs')],
    {
      signal: AbortSignal.timeout(30_000),
    },
  );
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => (stdout += chunk));
  child.stderr.on('data', (chunk) => (stderr += chunk));
  await once(child, 'close');
  expect(stdout.split('\n').length).toBe(4);
  expect(stderr.replace(/^par: \d ranks share \d cores\n/, '')).toBe('');
});

test('the status of a job whose reader left is that of SIGPIPE', async () => {
  const launch = new Launch(['run', '-np', '2', fixture('endless.mjs')]);
  await launch.until(({ stdout }) => stdout.length > 0);
  launch.child.stdout?.destroy();
  expect((await launch.finished).status).toBe(141);
  await launch.gone();
});

test('a reader that stops reading stops the ranks, not the launcher: its memory stays small and it can be interrupted', async () => {
  const launch = new Launch(['run', '-np', '2', '--grace', '300ms', fixture('endless.mjs')]);
  await launch.until(({ stdout }) => stdout.length > 0);
  launch.child.stdout?.pause();
  const rss = () => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${launch.child.pid}/status`, 'utf8'))?.[1]);
  const written = () => Number(/^wchar: (\d+)$/m.exec(readFileSync(`/proc/${launch.child.pid}/io`, 'utf8'))?.[1]);
  let last = -1;
  const still = () => {
    const before = last;
    last = written();
    return last === before;
  };
  await expect.poll(still, { interval: 300, timeout: 10_000 }).toBe(true);
  expect(rss()).toBeLessThan(200_000);
  launch.child.kill('SIGINT');
  await once(launch.child, 'exit');
  expect(launch.child.exitCode).toBe(130);
  launch.child.stdout?.resume();
  await launch.gone();
});

test('--no-label, --ranks and --timestamps', async () => {
  const echo = ['sh', '-c', 'echo from $PAR_RANK'];
  const plain = await par(['run', '-np', '4', '--no-label', '--ranks', '0,2-3', ...echo]);
  expect(plain.stdout.trimEnd().split('\n').sort()).toEqual(['from 0', 'from 2', 'from 3']);
  const timed = await par(['run', '-np', '1', '--timestamps', ...echo]);
  expect(timed.stdout).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[0\] from 0\n$/);
});

test('raw output is byte for byte what the rank wrote', async () => {
  const { stdout } = await par(['run', '-np', '1', '--output', 'raw', 'printf', 'a\\r\\nb\\tc']);
  expect(stdout).toBe('a\r\nb\tc');
});

test('group output is one rank after the other', async () => {
  const { stdout } = await par(['run', '-np', '4', '--output', 'group', LINES, '500']);
  const ranks = stdout
    .trimEnd()
    .split('\n')
    .map((line) => line.slice(0, 3));
  expect(ranks.length).toBe(2000);
  expect(ranks).toEqual(ranks.toSorted());
});

test('json output is one object per line: lines of both streams, starts, ends and the summary', async () => {
  const script = `console.log('out "quoted" é'); console.error('err'); process.stdout.write('rest'); process.exitCode = +process.env.PAR_RANK * 3`;
  const { stdout, status } = await par([
    'run',
    '-np',
    '2',
    '--on-fail',
    'wait',
    '--output',
    'json',
    'node',
    '-e',
    script,
  ]);
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(status).toBe(3);
  for (const rank of [0, 1]) {
    expect(records).toContainEqual({ rank, stream: 'stdout', line: 'out "quoted" é' });
    expect(records).toContainEqual({ rank, stream: 'stderr', line: 'err' });
    expect(records).toContainEqual({ rank, stream: 'stdout', line: 'rest', partial: true });
    expect(records).toContainEqual({ event: 'exit', rank, end: { kind: 'exit', code: rank * 3 } });
  }
  expect(records).toContainEqual(expect.objectContaining({ event: 'start', size: 2 }));
  expect(records.at(-1)).toMatchObject({ event: 'summary', status: 3, cause: 'rank', rank: 1, stderr: ['err'] });
});

test('the log directory has every byte of every rank and the story of the job', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-logs-'));
  await par([
    'run',
    '-np',
    '2',
    '--on-fail',
    'wait',
    '--log-dir',
    directory,
    '--cpu-prof',
    fixture('lines.mjs'),
    '1000',
  ]);
  for (const rank of [0, 1]) {
    const lines = readFileSync(join(directory, `rank-${rank}.stdout`), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines.length).toBe(1000);
    expect(lines.at(-1)).toMatch(new RegExp(`^rank ${rank} line 999 x+$`));
    expect(readFileSync(join(directory, `rank-${rank}.stderr`), 'utf8').split('\n').length).toBe(101);
    expect(statSync(join(directory, `rank-${rank}.cpuprofile`)).size).toBeGreaterThan(100);
  }
  const job = JSON.parse(readFileSync(join(directory, 'job.json'), 'utf8'));
  expect(job).toMatchObject({ size: 2, status: 0, argv: expect.arrayContaining(['run', '-np', '2']) });
  expect(job.ranks[1]).toMatchObject({
    rank: 1,
    pid: expect.any(Number),
    exit: { kind: 'exit', code: 0 },
    endedByPar: false,
  });
  expect(Date.parse(job.endedAt)).toBeGreaterThanOrEqual(Date.parse(job.ranks[1].endedAt));
  rmSync(directory, { recursive: true });
});

test.each([['--log-dir'], ['--output']])(
  'a disk without room for %s ends the job and is said in a line',
  async (option) => {
    const directory = mkdtempSync(join(tmpdir(), 'par-full-'));
    const options = option === '--log-dir' ? `--log-dir ${directory}/logs` : '--output group';
    // No file may grow beyond 8 blocks: what is beyond fails as it does on a full disk.
    const inner = `ulimit -f 8; exec "$0" "$1" run -np 2 ${options} sh -c 'seq 100000; sleep 1000'`;
    const { status, stderr } = await par(['run', '-np', '1', 'sh', '-c', inner, process.execPath, BIN]);
    expect(status).toBe(125);
    expect(stderr).toMatch(/^\[0\] par: (--log-dir \S+|--output group) cannot be written: EFBIG$/m);
    expect(stderr).not.toMatch(/^\[0\] +at /m);
    rmSync(directory, { recursive: true });
  },
);

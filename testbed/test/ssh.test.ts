import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { exitStatuses } from '../../packages/cli/test/exit-statuses.ts';
import { fixture } from '../../packages/cli/test/launch.ts';
import { type Host, inHost } from '../src/host.ts';
import { Running } from '../src/running.ts';
import { SshNetwork } from '../src/ssh.ts';

const HELLO = fileURLToPath(new URL('../../examples/hello.ts', import.meta.url));
const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const ofFutures = (name: string): string =>
  fileURLToPath(new URL(`../../packages/futures/test/cluster/programs/${name}`, import.meta.url));
const ALL = ['run', '-H', 'h1,h2,h3'];

let network: SshNetwork;
beforeAll(async () => {
  network = await SshNetwork.start(3);
});
afterAll(() => network[Symbol.asyncDispose]());

test('a rank on each of two hosts', async () => {
  const { status, stdout, stderr } = await network.par(['run', '-H', 'h1,h2', '-np', '2', HELLO]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.split('\n').sort()).toEqual([
    '',
    '[0] Hello from rank 0 of 2 on h1 (tcp)',
    '[0] Hello from rank 1 of 2 on h2 (tcp)',
  ]);
});

interface Where {
  readonly rank: number;
  readonly sum: number;
  readonly host: string;
  readonly cwd: string;
  readonly environment: Record<string, string | undefined>;
  readonly sockets: readonly { readonly local: string; readonly peer: string; readonly listens: boolean }[];
}

async function where(env: Record<string, string>, ...args: string[]): Promise<Where[]> {
  const { status, stdout, stderr } = await network.par(['run', '--no-label', ...args, program('where.ts')], { env });
  const crowded = ['h1', 'h2'].map((host) => `par: ${host}: 2 ranks share 1 core\n`).join('');
  expect({ status, stderr }).toEqual({ status: 0, stderr: crowded });
  const ranks = stdout.trim().split('\n');
  return ranks.map((line) => JSON.parse(line) as Where).sort((a, b) => a.rank - b.rank);
}

test('ranks of a host meet in Unix sockets, those of different hosts on the network between them', async () => {
  const ranks = await where(
    { PAR_TEST_B: 'ours' },
    '-H',
    'h1:2,h2:2,laptop:1',
    '-x',
    'PAR_TEST_A=a b',
    '-x',
    'PAR_TEST_B',
  );
  expect(ranks.map(({ host }) => host)).toEqual(['h1', 'h1', 'h2', 'h2', 'laptop']);
  expect(ranks.map(({ sum }) => sum)).toEqual([15, 15, 15, 15, 15]);
  expect(ranks.map(({ environment }) => environment.PAR_LOCAL_RANK)).toEqual(['0', '1', '0', '1', '0']);
  expect(ranks.map(({ environment }) => environment.PAR_LOCAL_SIZE)).toEqual(['2', '2', '2', '2', '1']);
  // Its own environment on each host, and what was asked for.
  expect(ranks.map(({ environment }) => environment.PAR_TEST_HOST)).toEqual(['h1', 'h1', 'h2', 'h2', undefined]);
  expect(ranks.every(({ environment }) => environment.PAR_TEST_A === 'a b')).toBe(true);
  expect(ranks.every(({ environment }) => environment.PAR_TEST_B === 'ours')).toBe(true);
  // 2 × 2 pairs to the other host and 2 × 1 to the laptop, none among themselves, none that listens once all are connected.
  const [first] = ranks;
  expect(first!.sockets.filter(({ listens }) => listens)).toEqual([]);
  expect(first!.sockets.map(({ local }) => local.split(':')[0])).toEqual(new Array(6).fill('10.77.0.2'));
  const peers = first!.sockets.map(({ peer }) => peer.split(':')[0]).sort();
  expect(peers).toEqual(['10.77.0.1', '10.77.0.1', ...new Array(4).fill('10.77.0.3')]);
}, 60_000);

describe('exit statuses', () => {
  exitStatuses(
    (args, options) => network.launch(['run', '-H', 'h1,h2', ...args], options),
    async (launch) => {
      await launch.gone();
      await network.quiet();
    },
  );

  test.each([
    ['42', 42],
    ['SIGKILL', 137],
  ])('ranks that lost the one that ended with %s do not take its place', async (how, status) => {
    const end = await network.par([...ALL, '-np', '4', fixture('lose.ts'), how]);
    expect(end).toMatchObject({ status });
    expect(end.stderr).toMatch(/^par: rank 1 (failed|aborted).*host h1, pid \d+/m);
  });

  test('abort(300) of a rank ends ranks on every host with 44', async () => {
    const end = await network.par([...ALL, '-np', '3', fixture('abort.ts'), '300']);
    expect(end).toMatchObject({ status: 44 });
    expect(end.stderr).toMatch(
      /^par: rank 1 aborted the job: status 44 \(host h2, pid \d+\): rank 1 called abort\(300\)$/m,
    );
  });
});

test('the summary names the host, and the last words of the rank', async () => {
  const { status, stderr } = await network.par([...ALL, '-np', '3', fixture('ends.mjs'), 'wait', 'wait', 'throw']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^par: rank 2 failed: exit status 1 \(host h3, pid \d+\)$/m);
  expect(stderr).toMatch(/^par: 2 other ranks were ended$/m);
  expect(stderr).toMatch(/^par: \| Error: boom on rank 2$/m);
});

test('nothing of what ranks write at the end is lost, in files per rank too', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-logs-'));
  const args = ['-np', '3', '--log-dir', directory, '--output', 'json', fixture('lines.mjs'), '2000'];
  const { status, stdout } = await network.par([...ALL, ...args]);
  expect(status).toBe(0);
  const events = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
  const lines = events.filter(({ stream, rank }) => stream === 'stdout' && rank === 1);
  expect(lines).toHaveLength(2000);
  const start = events.find(({ event }) => event === 'start');
  expect(start.ranks.map(({ host }: { host: string }) => host)).toEqual(['h1', 'h2', 'h3']);
  expect(start.ranks.every(({ pid }: { pid: unknown }) => Number.isInteger(pid))).toBe(true);
  const job = JSON.parse(readFileSync(join(directory, 'job.json'), 'utf8'));
  expect(job).toMatchObject({ hosts: ['h1', 'h2', 'h3'], status: 0 });
  expect(readFileSync(join(directory, 'rank-2.stdout'), 'utf8').split('\n')).toHaveLength(2001);
  expect(readFileSync(join(directory, 'rank-2.stderr'), 'utf8').split('\n')).toHaveLength(201);
  rmSync(directory, { recursive: true });
});

test('the standard input reaches the rank that reads it', async () => {
  const input = 'x'.repeat(3_000_000);
  const { stdout } = await network.par([...ALL, '-np', '3', '--stdin', '1', fixture('count-input.mjs')], { input });
  expect(stdout.split('\n').sort()).toEqual(['', '[0] rank 0 read 0', '[1] rank 1 read 3000000', '[2] rank 2 read 0']);
  const all = await network.par([...ALL, '-np', '2', '--stdin', 'all', fixture('count-input.mjs')], { input });
  expect(all.stdout.split('\n').sort()).toEqual(['', '[0] rank 0 read 3000000', '[1] rank 1 read 3000000']);
});

test('a deadlock over hosts names itself', async () => {
  const args = ['-np', '3', '--timeout', '4s', '--stack-on-timeout', fixture('deadlock.ts'), 'Infinity'];
  const { status, stderr } = await network.par([...ALL, ...args]);
  expect(status).toBe(124);
  expect(stderr).toMatch(/^par: rank 0 \(host h1, pid \d+\)\npar: {3}pending: .*recv.*source=1.*tag=7.*$/m);
  expect(stderr).toMatch(
    /^par: rank 2 \(host h3, pid \d+\)\npar: .*\npar: {3}stack: at Atomics\.wait .*\npar: {3}stack: at spinForEver \(.*deadlock\.ts/m,
  );
  expect(stderr).not.toContain('Debugger');
});

test('--inspect says how the debuggers of other hosts are reached', async () => {
  const { stderr } = await network.par(['run', '-H', 'laptop:1,h1:2', '--inspect', fixture('args.ts')]);
  expect(stderr).toMatch(
    /^par: debuggers on h1 are reached with ssh -N -L 9230:127\.0\.0\.1:9230 -L 9231:\S+:9231 h1$/m,
  );
});

test('the hosts of a PBS job are found in its file of nodes, a line for each rank', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
  const file = join(directory, 'nodes');
  writeFileSync(file, 'h1\nh1\nh2\n');
  const command = ['run', '--no-label', 'sh', '-c', 'echo "$PAR_RANK of $PAR_SIZE on $PAR_TEST_HOST"'];
  const { status, stdout } = await network.par(command, { env: { PBS_NODEFILE: file } });
  expect(stdout.trim().split('\n').sort()).toEqual(['0 of 3 on h1', '1 of 3 on h1', '2 of 3 on h2']);
  expect(status).toBe(0);
  rmSync(directory, { recursive: true });
});

test('a worker of the futures layer that is killed is started again on its host', async () => {
  const args = ['run', '--no-label', '-H', 'h1:2,h2:2', ofFutures('replaced.ts'), 'one'];
  const { status, stdout, stderr } = await network.par(args);
  expect({ status, stderr }).toMatchObject({ status: 0, stderr: expect.stringContaining('rank 4 takes its place') });
  expect(JSON.parse(stdout)).toMatchObject({ sum: 4950, workers: 2, hosts: ['h2', 'h2'], new: 1 });
});

test('a cluster over hosts is joined from the host of its launcher and, where it listens, from others; it loses and regains workers', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
  const file = join(directory, 'scheduler.json');
  const args = ['cluster', '-H', 'h1:1,h2:2', '--listen', 'eth0', '--scheduler-file', file];
  const launch = network.launch(args, { cwd: join(import.meta.dirname, '../../packages/cli') });
  await launch.until(({ stderr }) => stderr.includes('2 workers are ready'));
  const answers = async (host: Host, ...words: string[]): Promise<unknown[]> => {
    const script = `echo '${words.join('\n')}' | PAR_SCHEDULER_FILE=${file} exec "$0" "$1"`;
    const command = inHost(host, ['sh', '-c', script, process.execPath, fixture('cluster-client.ts')]);
    const client = await new Running(command, {}).finished;
    expect(client.stderr).toBe('');
    const lines = client.stdout.trim().split('\n').slice(1);
    return lines.map((line) => JSON.parse(line));
  };
  expect(await answers(network.laptop, 'squares', 'kill a worker')).toEqual([40_425, { sum: 780, replaced: 2 }]);
  expect(await answers(network.host('h3'), 'squares', 'shutdown')).toEqual([40_425, 'shut down']);
  expect(await launch.finished).toMatchObject({ status: 0 });
  await launch.gone();
  await network.quiet();
  rmSync(directory, { recursive: true });
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s reaches ranks on every host, as SIGUSR2 does', async (signal, expected) => {
  const launch = network.launch([...ALL, '-np', '3', fixture('ends.mjs'), 'polite']);
  await launch.until(({ stdout }) => stdout.split('ready').length === 4);
  launch.child.kill('SIGUSR2');
  await launch.until(({ stdout }) => stdout.split('got SIGUSR2').length === 4);
  launch.child.kill(signal);
  const { status, stdout } = await launch.finished;
  expect(status).toBe(expected);
  expect(stdout.split(`got ${signal}`)).toHaveLength(4);
  await launch.gone();
  await network.quiet();
});

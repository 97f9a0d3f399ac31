import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, describe, expect, it, test } from 'vitest';
import { fixture, Launch, par } from './launch.ts';

const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
const file = join(directory, 'scheduler.json');
const seat = join(import.meta.dirname, '..');
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The cluster-client fixture as a process. */
class ClientProcess {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  stderr = '';

  constructor(schedulerFile = file, limitMs = 30_000) {
    this.child = spawn(process.execPath, [fixture('cluster-client.ts'), String(limitMs)], {
      env: { ...process.env, NODE_OPTIONS: '', PAR_SCHEDULER_FILE: schedulerFile },
      stdio: ['pipe', 'pipe', 'pipe'],
      signal: AbortSignal.timeout(60_000),
      killSignal: 'SIGKILL',
    });
    this.child.on('error', () => {});
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.#lines = createInterface({ input: this.child.stdout! })[Symbol.asyncIterator]();
  }

  async answer(): Promise<unknown> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`the client has ended: ${this.stderr}`);
    return JSON.parse(value);
  }

  ask(word: string): Promise<unknown> {
    this.child.stdin!.write(`${word}\n`);
    return this.answer();
  }

  /** Lets it leave, and gives its exit status. */
  async leave(): Promise<number | null> {
    this.child.stdin!.end();
    if (this.child.exitCode === null) await once(this.child, 'exit');
    return this.child.exitCode;
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await once(this.child, 'exit');
  }
}

async function startCluster(...args: string[]): Promise<Launch> {
  const cluster = new Launch(['cluster', '-np', '3', '--scheduler-file', file, ...args], {
    cwd: seat,
    timeoutMs: 60_000,
  });
  await cluster.until(({ stderr }) => stderr.includes('workers are ready'));
  return cluster;
}

async function joined(schedulerFile?: string): Promise<ClientProcess> {
  const client = new ClientProcess(schedulerFile);
  expect(await client.answer()).toEqual({ rank: expect.any(Number) });
  return client;
}

/** What a client says that cannot join. */
async function refusal(schedulerFile: string, limitMs: number): Promise<unknown> {
  const client = new ClientProcess(schedulerFile, limitMs);
  const answer = await client.answer();
  expect(await client.leave()).toBe(1);
  return answer;
}

const refused = (message: string) => ({ error: 'PAR_SCHEDULER_FILE', message: expect.stringContaining(message) });

describe('a cluster', () => {
  it('is worked with by clients of several processes, survives the loss of workers and clients, and ends with shutdown', async () => {
    // The first client is there before the cluster.
    const early = joined();
    const cluster = await startCluster('--name', 'w', '--nthreads', '2');
    const one = await early;
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const access = JSON.parse(readFileSync(file, 'utf8'));
    expect(access.doors).toEqual([{ address: expect.stringMatching(/^unix:/) }]);
    expect(await one.ask('squares')).toBe(40_425);
    expect(await one.ask('workers 2')).toMatchObject({
      'w-1': [1, expect.any(Number)],
      'w-2': [2, expect.any(Number)],
    });

    const two = await joined();
    const put = one.ask('put');
    expect(await two.ask('take')).toEqual({ value: 144, dataset: [1, 2, 3] });
    expect(await put).toBe('taken');

    expect(await one.ask('kill a worker')).toEqual({ sum: 780, replaced: 2 });
    expect(cluster.stderr).toMatch(/par: rank \d is lost, rank \d takes its place: signal SIGKILL/);

    expect(await one.leave()).toBe(0);
    expect(await two.ask('hold')).toBe('held');
    await two.kill();
    const three = await joined();
    expect(await three.ask('counts')).toBe('nothing');
    expect(await three.ask('close')).toBe('closed');
    expect(await three.leave()).toBe(0);

    const secret = 'f'.repeat(64);
    const copy = join(directory, 'copy.json');
    writeFileSync(copy, JSON.stringify({ ...access, secret }), { mode: 0o600 });
    expect(await refusal(copy, 500)).toEqual(refused('does not answer'));
    writeFileSync(copy, JSON.stringify(access));
    chmodSync(copy, 0o640);
    expect(await refusal(copy, 60_000)).toEqual(refused('is open to other users (mode 640)'));

    const four = await joined();
    expect(await four.ask('squares')).toBe(40_425);
    expect(await four.ask('shutdown')).toBe('shut down');
    expect(await cluster.finished).toMatchObject({ status: 0 });
    expect(await four.leave()).toBe(0);
    expect(existsSync(file)).toBe(false);
    await cluster.gone();
  });

  it('takes in workers of another launcher, which starts them again, and goes on without them; without it they end', async () => {
    const cluster = await startCluster('--listen', 'lo');
    const access = JSON.parse(readFileSync(file, 'utf8'));
    expect(access.doors[1]).toEqual({ address: expect.stringMatching(/^tcp:127\.0\.0\.1:\d+$/) });
    const adding = (...args: string[]): Launch => new Launch(['cluster', '--join', file, ...args], { cwd: seat });
    const more = adding('-np', '2', '--name', 'more');
    // Through the port.
    const copy = join(directory, 'remote.json');
    const remote = { ...access, doors: access.doors.slice(1) };
    writeFileSync(copy, JSON.stringify({ ...remote, secret: 'f'.repeat(64) }), { mode: 0o600 });
    expect(await refusal(copy, 500)).toEqual(refused('does not answer'));
    writeFileSync(copy, JSON.stringify(remote));
    const client = await joined(copy);
    const before = Object.entries((await client.ask('workers 4')) as Record<string, [number, number]>);
    const joiners = before.filter(([name]) => name.startsWith('more-'));
    expect(joiners).toHaveLength(2);
    process.kill(joiners[0]![1][1], 'SIGKILL');
    await more.until(({ stderr }) => /par: rank [01] is lost, rank 2 takes its place: signal SIGKILL/.test(stderr));
    // Those that are lost may still be among them for a moment.
    const names = async (count: number): Promise<string[]> =>
      Object.keys((await client.ask(`workers ${count}`)) as object);
    await expect.poll(() => names(4), { timeout: 20_000 }).toContainEqual(expect.stringMatching(/^more-[5-9]/));
    more.child.kill('SIGTERM');
    expect(await more.finished).toMatchObject({ status: 143 });
    await more.gone();
    expect(await client.ask('squares')).toBe(40_425);

    const again = adding('-np', '1', '--name', 'again');
    await expect.poll(() => names(3), { timeout: 20_000 }).toContainEqual(expect.stringMatching(/^again-/));
    cluster.child.kill('SIGKILL');
    expect(await again.finished).toMatchObject({ status: 113, stderr: expect.stringContaining('the cluster is gone') });
    await again.gone();
    await cluster.gone();
    await client.kill();
    rmSync(file);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'that gets %s ends its clients’ waits with a typed error; meanwhile no other takes its file',
    async (signal, status) => {
      const cluster = await startCluster();
      const client = await joined();
      expect(await client.ask('wait')).toBe('waiting');
      const second = await par(['cluster', '-np', '2', '--scheduler-file', file], { cwd: seat });
      expect(second).toMatchObject({ status: 125, stderr: expect.stringContaining('belongs to a cluster that runs') });
      cluster.child.kill(signal);
      expect(await client.answer()).toBe('PAR_SCHEDULER_LOST');
      expect(await cluster.finished).toMatchObject({ status });
      expect(await client.leave()).toBe(0);
      expect(existsSync(file)).toBe(false);
      await cluster.gone();
    },
  );

  it('whose scheduler is killed ends with its status, and its clients learn of it', async () => {
    const cluster = await startCluster('--log-dir', join(directory, 'logs'));
    const client = await joined();
    expect(await client.ask('wait')).toBe('waiting');
    const { ranks } = JSON.parse(readFileSync(join(directory, 'logs', 'job.json'), 'utf8'));
    process.kill(ranks[0].pid, 'SIGKILL');
    expect(await client.answer()).toBe('PAR_SCHEDULER_LOST');
    expect(await cluster.finished).toMatchObject({ status: 137, stderr: expect.stringContaining('rank 0 failed') });
    expect(await client.leave()).toBe(0);
    expect(existsSync(file)).toBe(false);
    await cluster.gone();
  });

  it('whose launcher is killed leaves its file and nothing else; the next one takes the place, and a client that waits joins it', async () => {
    const cluster = await startCluster();
    const client = await joined();
    expect(await client.ask('wait')).toBe('waiting');
    cluster.child.kill('SIGKILL');
    expect(await client.answer()).toBe('PAR_SCHEDULER_LOST');
    expect(await client.leave()).toBe(0);
    await cluster.gone();
    expect(await refusal(file, 200)).toEqual(refused('if it has ended, start it again'));
    const waiting = joined();
    const next = await startCluster();
    const late = await waiting;
    expect(await late.ask('squares')).toBe(40_425);
    expect(await late.ask('shutdown')).toBe('shut down');
    expect(await late.leave()).toBe(0);
    expect(await next.finished).toMatchObject({ status: 0 });
    await next.gone();
  });
});

test.each([
  ['that is not there', () => {}, 100, 'start a cluster with: par cluster'],
  [
    'that is no JSON',
    (path: string) => writeFileSync(path, 'hello', { mode: 0o600 }),
    60_000,
    'is not a scheduler file',
  ],
  [
    'of something else',
    (path: string) => writeFileSync(path, '{}', { mode: 0o600 }),
    60_000,
    'is not a scheduler file',
  ],
  [
    'of another release',
    (path: string) => writeFileSync(path, '{"par":9}', { mode: 0o600 }),
    60_000,
    'another release',
  ],
  [
    'that is cut off',
    (path: string) => writeFileSync(path, '{"par":1}', { mode: 0o600 }),
    60_000,
    'with parts missing',
  ],
  ['behind a link', (path: string) => symlinkSync('/etc/hostname', path), 60_000, 'is a symbolic link'],
])('a scheduler file %s is refused with a typed error', async (_, make, limitMs, words) => {
  const path = join(mkdtempSync(join(directory, 'file-')), 'scheduler.json');
  make(path);
  expect(await refusal(path, limitMs)).toEqual(refused(words));
});

test.each([
  [['script.ts'], 'par cluster runs no program: start script.ts by itself'],
  [['-np', '1'], '-np 1 leaves no rank for workers'],
  [['--transport', 'mpi'], '--transport mpi: a cluster that others can join needs sockets'],
  [['--watch'], '--watch is for programs'],
  [['--memory-limit', 'much'], '"much" is not an amount of memory'],
  [['--resources', 'GPU'], '"GPU" is not a resource'],
  [['--nthreads'], '--nthreads needs a value'],
  [['--listen', '0.0.0.0'], '"0.0.0.0" is no network interface or address of this host'],
  [['--join', file, '--listen', 'lo'], '--listen is for the cluster itself'],
  [['--join', '/etc/hostname'], '/etc/hostname is'],
  [['--shceduler-file', 'f'], 'unknown option --shceduler-file'],
  [['--scheduler-file', '/nowhere/f'], 'no such file or directory'],
])('par cluster %j is refused', async (args, words) => {
  expect(await par(['cluster', ...args], { cwd: seat })).toMatchObject({
    status: 125,
    stderr: expect.stringContaining(words),
  });
});

test('under srun or mpirun every rank would start one: par cluster says how it is meant', async () => {
  const env = { OMPI_COMM_WORLD_RANK: '1', OMPI_COMM_WORLD_SIZE: '4' };
  expect(await par(['cluster', '-np', '2'], { cwd: seat, env })).toMatchObject({
    status: 125,
    stderr: expect.stringContaining('this is rank 1 of 4 that ompi has started; par cluster starts its ranks itself'),
  });
});

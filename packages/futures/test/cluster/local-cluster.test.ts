import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const program = join(import.meta.dirname, 'programs', 'ends.ts');
let temporary: string;

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'par-test-'));
});
afterEach(async () => {
  await rm(temporary, { recursive: true, force: true });
});

interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(how: string): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(process.execPath, [program, how], { env: environment() }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : (error.code as unknown as number), stdout, stderr });
    });
  });
}

function environment(): NodeJS.ProcessEnv {
  return { ...process.env, TMPDIR: temporary, NODE_OPTIONS: '' };
}

function pidsIn(stdout: string): number[] {
  const pids = /^pids (.*)$/m.exec(stdout)?.[1]?.split(' ').map(Number) ?? [];
  expect(pids.length).toBeGreaterThan(0);
  return pids;
}

/** Its line of /proc/PID/stat; undefined once it has ended, though its new parent, process 1, may bury it seconds later. */
function alive(pid: number): string | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return /\) [ZX] /.test(status) ? undefined : status;
  } catch {
    return undefined;
  }
}

async function gone(pids: readonly number[]): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (;;) {
    const left = pids.flatMap((pid) => alive(pid) ?? []);
    if (left.length === 0) return;
    if (performance.now() > deadline) throw new Error(`still there:\n${left.join('')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('a script started by node alone', () => {
  it.each([
    ['ends', 'end', 0],
    ['ends while a task of its runs for ever', 'busy', 0],
    ['calls process.exit(7)', 'exit', 7],
    ['calls process.exit(0)', 'exit-0', 0],
    ['closes its cluster', 'close', 0],
  ])('leaves nothing behind and says nothing when it %s', async (_, how, status) => {
    const ended = await run(how);
    expect(ended).toMatchObject({ status, stderr: '' });
    await gone(pidsIn(ended.stdout));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('shows its own error only when it throws', async () => {
    const ended = await run('throw');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toContain('Error: the script failed');
    expect(ended.stderr).not.toContain('par:');
    await gone(pidsIn(ended.stdout));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('is told that its scheduler was killed by everything it waits for, and takes the workers with it', async () => {
    const ended = await run('scheduler-killed');
    expect(ended).toMatchObject({ status: 0, stderr: '' });
    const { codes, then } = JSON.parse(ended.stdout.split('\n').find((line) => line.startsWith('{'))!) as {
      readonly codes: string[];
      readonly then: string;
    };
    expect(codes).toEqual(Array(6).fill('PAR_SCHEDULER_LOST'));
    expect(then).toMatch(/^submit.*lost connection to the scheduler.*rank 0/);
    await gone(ended.stdout.match(/^pids .*$/gm)!.flatMap((line) => pidsIn(line)));
    expect(readdirSync(temporary)).toEqual([]);
  });

  it('takes its workers with it when it is killed', async () => {
    const script: ChildProcess = spawn(process.execPath, [program, 'killed'], {
      env: environment(),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [chunk] = (await once(script.stdout!, 'data')) as [Buffer];
    script.kill('SIGKILL');
    await once(script, 'exit');
    await gone(pidsIn(chunk.toString()));
    expect(readdirSync(temporary)).toEqual([]);
  });
});

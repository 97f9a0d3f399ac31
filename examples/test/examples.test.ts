import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const par = join(folder, 'node_modules/@par/cli/dist/bin.js');

interface Run {
  status: number | null;
  stdout: string;
  stderr: string;
}

const runs = new Map<string, Promise<Run>>();

/** What a run of it says; the same run is not made twice. */
function run(ranks: number, script: string, args: readonly string[], env: Record<string, string> = {}): Promise<Run> {
  const key = JSON.stringify([ranks, script, args, env]);
  const made = runs.get(key) ?? start(ranks, script, args, env);
  runs.set(key, made);
  return made;
}

function start(ranks: number, script: string, args: readonly string[], env: Record<string, string>): Promise<Run> {
  return new Promise((resolve, reject) => {
    const argv = [par, 'run', '-np', String(ranks), '--timeout', '100s', '--no-label', join(folder, script), ...args];
    const child = spawn(process.execPath, argv, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}

const EPOCHS = ['3'];

/** Arguments that keep each example short, and a piece of what it must print. Each checks its own answer. */
const programs: [script: string, args: string[], prints: (ranks: number) => RegExp][] = [
  ['hello.ts', [], (ranks) => new RegExp(`rank ${ranks - 1} of ${ranks}`)],
  ['ring.ts', [], (ranks) => new RegExp(`carries ${(ranks * (ranks - 1)) / 2}\\.`)],
  ['broadcast.ts', [], (ranks) => new RegExp(`rank ${ranks - 1} has wave`)],
  ['scatter-gather.ts', [], (ranks) => new RegExp(` ${2 * (4 * ranks - 1)}$`, 'm')],
  ['pi.ts', ['1000000'], () => /π ≈ 3\.14159265/],
  ['matrix-vector.ts', ['210'], () => /≈ 2\.0000/],
  ['cannon.ts', ['24'], (ranks) => (ranks < 4 ? /1×1 grid: every/ : /2×2 grid: every/)],
  ['heat.ts', ['48', '100'], () => /heat \d+\.\d+, error \d\.\de-1\d/],
  ['task-pull.ts', ['40'], () => /longest sequence has 111 steps/],
  ['whitening.ts', ['10'], (ranks) => new RegExp(`10 images whitened in ${Math.ceil(10 / ranks)} rounds`)],
  ['spectrograms.ts', ['21'], () => /1: 5, 2: 4, 3: 4, 4: 4, 5: 4/],
  ['sequential.ts', [], (ranks) => new RegExp(`rank ${ranks - 1} was here`)],
  ['word-statistics.ts', [join(folder, '../packages')], () => /words, [\d,]+ different/],
  ['train-mnist.ts', EPOCHS, () => /accuracy \d\d\.\d\d % after 3 epochs/],
];

describe.each(programs)('%s', (script, args, prints) => {
  it.each([1, 2, 4, 7])('runs on %i ranks', async (ranks) => {
    const { status, stdout, stderr } = await run(ranks, script, args);
    expect(stderr).not.toMatch(/error/i);
    expect(stdout).toMatch(prints(ranks));
    expect(status).toBe(0);
  });

  it('runs over TCP on 3 ranks', async () => {
    const { status, stdout } = await run(3, script, args, { PAR_TCP_FAMILY: 'tcp' });
    expect(stdout).toMatch(prints(3));
    expect(status).toBe(0);
  });
});

describe('train-mnist.ts', () => {
  it('reaches the same accuracy on 1, 2 and 4 ranks', async () => {
    const accuracies: (string | undefined)[] = [];
    for (const ranks of [1, 2, 4]) {
      const { stdout } = await run(ranks, 'train-mnist.ts', EPOCHS);
      accuracies.push(/accuracy (\d\d\.\d\d %)/.exec(stdout)?.[1]);
    }
    expect(accuracies[0]).toBeDefined();
    expect(new Set(accuracies).size).toBe(1);
  });
});

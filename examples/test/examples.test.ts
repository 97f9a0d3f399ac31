import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { EPOCHS, programs } from './programs.ts';

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

describe.each(programs)('%s', (script, args, prints) => {
  it.each([
    [1, 'one process'],
    [2, 'TCP'],
    [4, 'Unix sockets'],
    [7, 'Unix sockets'],
  ])('runs on %i ranks over %s', async (ranks, carrier) => {
    const { status, stdout, stderr } = await run(
      ranks,
      script,
      args,
      carrier === 'TCP' ? { PAR_TCP_FAMILY: 'tcp' } : {},
    );
    expect(stderr).not.toMatch(/error/i);
    expect(stdout).toMatch(prints(ranks));
    expect(status).toBe(0);
  });
});

describe('train-mnist.ts', () => {
  it('reaches the same accuracy on 1, 2 and 4 ranks', async () => {
    const accuracies: (string | undefined)[] = [];
    for (const ranks of [1, 2, 4]) {
      const { stdout } = await run(ranks, 'train-mnist.ts', EPOCHS, ranks === 2 ? { PAR_TCP_FAMILY: 'tcp' } : {});
      accuracies.push(/accuracy (\d\d\.\d\d %)/.exec(stdout)?.[1]);
    }
    expect(accuracies[0]).toBeDefined();
    expect(new Set(accuracies).size).toBe(1);
  });
});

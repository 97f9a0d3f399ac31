import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const par = join(folder, 'node_modules/@par/cli/dist/bin.js');

function run(
  launcher: string,
  script: string,
  args: readonly string[],
): Promise<{ status: number | null; stdout: string }> {
  return new Promise((resolve, reject) => {
    const options = ['--transport', 'mpi', '-np', '4', '--timeout', '100s', '--no-label'];
    const child = spawn(process.execPath, [par, 'run', ...options, join(folder, script), ...args], {
      env: { ...process.env, MPIEXEC: launcher },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout }));
  });
}

const programs: [script: string, args: string[], prints: RegExp][] = [
  ['hello.ts', [], /rank 3 of 4 .*\(mpi\)/],
  ['ring.ts', [], /carries 6\./],
  ['pi.ts', ['1000000'], /π ≈ 3\.14159265/],
  ['cannon.ts', ['24'], /2×2 grid: every/],
  ['heat.ts', ['48', '100'], /heat \d+\.\d+, error [\d.]+e-1\d/],
  ['train-mnist.ts', ['2'], /accuracy \d\d\.\d\d % after 2 epochs/],
  ['flight-delays.ts', ['2500'], /^20000 flights in 8 blocks/m],
  ['parameter-server.ts', [], /^learned 3\.0/m],
  ['group-tasks.ts', [], /^3 tasks of 2 ranks$/m],
];

describe.each(['mpirun.openmpi', 'mpiexec.mpich'])('through %s', (launcher) => {
  it.each(programs)('%s runs on 4 ranks', { timeout: 120_000 }, async (script, args, prints) => {
    const { status, stdout } = await run(launcher, script, args);
    expect(stdout).toMatch(prints);
    expect(status).toBe(0);
  });
});

import { execFile, execFileSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const par = join(folder, 'node_modules/@par/cli/dist/bin.js');

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(file, args, { timeout: 100_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const programs: [script: string, args: string[], prints: RegExp][] = [
  ['squares.ts', [], /^sum of the squares of 0 … 999: 332833500$/m],
  ['monte-carlo-pi.ts', ['10'], /^π ≈ 3\.1\d+ ± /m],
  ['tree-reduction.ts', ['37'], /^37 blocks of 1000 numbers added in 6 levels; the first sum is 666$/m],
];

describe.each(programs)('%s', (script, args, prints) => {
  it('runs with node alone, without a word of others', async () => {
    const { status, stdout, stderr } = await run(process.execPath, [join(folder, script), ...args]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(prints);
    expect(status).toBe(0);
  });

  it.each([2, 3, 4])('runs on %i ranks', async (ranks) => {
    const job = [par, 'run', '-np', String(ranks), '--timeout', '90s', '--no-label', join(folder, script), ...args];
    const { status, stdout, stderr } = await run(process.execPath, job);
    expect(stderr).not.toMatch(/error/i);
    expect(stdout).toMatch(prints);
    expect(status).toBe(0);
  });
});

describe('squares.ts', () => {
  it('says why on 1 rank of a launcher', async () => {
    const { status, stderr } = await run(process.execPath, [par, 'run', '-np', '1', join(folder, 'squares.ts')]);
    expect(stderr).toContain('PAR_LAYOUT');
    expect(status).toBe(1);
  });

  it.runIf(hasMpi())('runs over MPI', async () => {
    const launcher = [
      '--allow-run-as-root',
      '--oversubscribe',
      '-np',
      '4',
      process.execPath,
      join(folder, 'squares.ts'),
    ];
    const { status, stdout } = await run('mpirun', launcher);
    expect(stdout).toMatch(/332833500/);
    expect(status).toBe(0);
  });
});

/** Open MPI's launcher: the options above are its own. */
function hasMpi(): boolean {
  try {
    return execFileSync('mpirun', ['--version'], { encoding: 'utf8' }).includes('Open MPI');
  } catch {
    return false;
  }
}

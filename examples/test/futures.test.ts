import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SYSTEM_MPIS } from '../../packages/transport-mpi/test/mpis.ts';

const folder = dirname(dirname(fileURLToPath(import.meta.url)));
const par = join(folder, 'node_modules/@par/cli/dist/bin.js');

interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(file: string, args: readonly string[], env = process.env): Promise<Run> {
  return new Promise((resolve) => {
    execFile(file, args, { env, timeout: 100_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

const programs: [script: string, args: string[], prints: RegExp][] = [
  ['squares.ts', [], /^sum of the squares of 0 … 999: 332833500$/m],
  ['monte-carlo-pi.ts', ['10'], /^π ≈ 3\.1\d+ ± /m],
  ['mandelbrot.ts', ['40'], /^ *@{20,}/m],
  ['tree-reduction.ts', ['37'], /^37 blocks of 1000 numbers added in 6 levels; the first sum is 666$/m],
  ['work-queue.ts', [], /= 0\.6666667 from 119 tasks; the narrowest interval is 2\^-17$/m],
  ['idle-workers.ts', ['15'], /^15 tasks done, 2 of them at the second attempt$/m],
  ['affinity.ts', ['30'], /^30 queries, 3 databases opened once each, on \d workers?:$/m],
  ['task-kinds.ts', [], /^11111111111 = 21649 · 513239$/m],
  ['limits.ts', [], /^export +12 done, at most 1 at once$/m],
  ['hyper-parameters.ts', ['4'], /^round 3: +1 candidate, best \d\d\.\d % with rate \d/m],
  ['flight-delays.ts', ['2500'], /^20000 flights in 8 blocks; latest JFK 16\.2 ± 3\.1 min/m],
  ['dependency-crawl.ts', ['vitest'], /^vitest stands on \d\d packages, [\d.]+ MB/m],
  ['parameter-server.ts', [], /^learned 3\.0\d*, -2\.0\d*, 0\.50, 1\.0\d* from 4 shards$/m],
  ['group-tasks.ts', [], /^brick +0\.9756 .* exactly 0\.9756$/m],
];

describe.each(programs)('%s', (script, args, prints) => {
  it('runs with node alone, without a word of others', async () => {
    const { status, stdout, stderr } = await run(process.execPath, [join(folder, script), ...args]);
    expect(stderr).toBe('');
    expect(stdout).toMatch(prints);
    expect(status).toBe(0);
  });

  // The roles share ranks in different ways on 2 and 3 ranks; that needs no second program to show.
  it.each(script === 'squares.ts' ? [2, 3, 4] : [4])('runs on %i ranks', async (ranks) => {
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

  it.each(SYSTEM_MPIS)('runs over MPI, started by $name alone', async (mpi) => {
    const { command, args } = mpi.command(4, [join(folder, 'squares.ts')]);
    const { status, stdout } = await run(command, args, { ...process.env, ...mpi.env });
    expect(stdout).toMatch(/332833500/);
    expect(status).toBe(0);
  });
});

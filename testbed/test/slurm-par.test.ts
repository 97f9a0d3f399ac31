import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { BIN, fixture, processesWith } from '../../packages/cli/test/launch.ts';
import { describeSlurm, slurm } from './cluster.ts';

const HELLO = fileURLToPath(new URL('../../examples/hello.ts', import.meta.url));
const par = [process.execPath, BIN];

describeSlurm('par on Slurm', () => {
  it('finds the nodes of its allocation and starts ranks there with srun', { timeout: 120_000 }, async () => {
    const { status, stdout, stderr } = await slurm.run([
      'salloc',
      '-N',
      '3',
      '--ntasks-per-node=2',
      ...par,
      'run',
      HELLO,
    ]);
    expect(status, stderr).toBe(0);
    const hosts = stdout.split('\n').flatMap((line) => / on (\S+) \(tcp\)/.exec(line)?.[1] ?? []);
    expect(hosts.sort()).toEqual(['n1', 'n1', 'n2', 'n2', 'n3', 'n3']);
  });

  it.each([
    ['lose.ts', '42', 42, /^par: rank 1 failed: exit status 42 \(host n2, pid \d+\)$/m],
    ['lose.ts', 'SIGKILL', 137, /^par: rank 1 failed: signal SIGKILL \(host n2, pid \d+\)$/m],
    ['lose.ts', 'throw', 1, /^par: rank 1 failed: exit status 1 \(host n2, pid \d+\)$/m],
    [
      'abort.ts',
      '300',
      44,
      /^par: rank 1 aborted the job: status 44 \(host n2, pid \d+\): rank 1 called abort\(300\)$/m,
    ],
  ])(
    '%s %s: the status is that of the first rank that failed, whose node is named',
    { timeout: 120_000 },
    async (program, how, expected, says) => {
      const job = [...par, 'run', '-np', '3', fixture(program), how];
      const { status, stderr } = await slurm.run(['salloc', '-N', '3', ...job]);
      expect(stderr).toMatch(says);
      expect(status).toBe(expected);
    },
  );

  it.each([
    ['SIGINT', ['ends.mjs', 'polite'], /(ready[\s\S]*){3}/, 130],
    ['SIGTERM', ['ends.mjs', 'polite'], /(ready[\s\S]*){3}/, 143],
    // salloc's own status, for a command that a signal ends.
    ['SIGKILL', ['family.mjs', 'spin'], /(has children[\s\S]*){3}/, 0],
  ] as const)(
    '%s of par ends every process on every node',
    { timeout: 120_000 },
    async (signal, [program, how], started, expected) => {
      const token = `slurm-${randomUUID()}`;
      const job = slurm.start(['salloc', '-N', '3', ...par, 'run', '-np', '3', fixture(program), how], {
        env: { PAR_TEST_TOKEN: token },
      });
      await job.said(started);
      const launcher = processesWith([token]).find((line) => line.includes(`${BIN} run`) && !line.includes('salloc'))!;
      process.kill(Number(launcher.split(' ')[0]), signal);
      const { status, stdout } = await job.finished;
      if (signal !== 'SIGKILL') expect(stdout.match(new RegExp(`rank \\d got ${signal}`, 'g'))).toHaveLength(3);
      expect(status).toBe(expected);
      await expect.poll(() => processesWith([token]), { timeout: 20_000 }).toEqual([]);
    },
  );

  it('par submit --now submits a job that runs on every node', { timeout: 120_000 }, async () => {
    const folder = join(slurm.home, 'submitted');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'where.sh'), 'echo "rank $PAR_RANK of $PAR_SIZE on $(hostname) with $WORD"');
    const options = ['-N', '3', '--ppn', '2', '--time', '5m', '-o', 'job.out', '-x', 'WORD=a b', '--now'];
    const submit = [...par, 'submit', 'slurm', ...options, 'sh', 'where.sh'];
    const submitted = await slurm.run(['env', `--chdir=${folder}`, ...submit]);
    const id = /^Submitted batch job (\d+)$/m.exec(submitted.stdout)?.[1];
    expect(id, submitted.stderr).toBeDefined();
    await slurm.run(['srun', '-n', '1', `--dependency=afterany:${id}`, 'true']);
    const lines = readFileSync(join(folder, 'job.out'), 'utf8')
      .split('\n')
      .filter((line) => line.startsWith('['));
    expect(lines.sort()).toEqual(
      [0, 1, 2, 3, 4, 5].map((rank) => `[${rank}] rank ${rank} of 6 on n${Math.floor(rank / 2) + 1} with a b`),
    );
  });
});

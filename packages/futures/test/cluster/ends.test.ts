import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { WHEEL_MPIS } from '../../../transport-mpi/test/mpis.ts';
import { runJob } from '../../../transport-mpi/test/run-job.ts';
import { LAUNCHERS, saidBy, type TestedLauncher } from './launchers.ts';

const program = join(import.meta.dirname, 'programs', 'ends.ts');

const ENDS: [when: string, how: string, env: Record<string, string>, status: number][] = [
  ['ends', 'end', {}, 0],
  ['ends while a task of its runs for ever', 'busy', {}, 0],
  ['calls process.exit(7)', 'exit', {}, 7],
  ['calls process.exit(0)', 'exit-0', {}, 0],
  ['closes its cluster', 'close', {}, 0],
  ['ends, its rank a worker too', 'end', { PAR_TEST_INCLUSIVE: '1' }, 0],
  ['ends while a task runs for ever on its own rank', 'busy', { PAR_TEST_INCLUSIVE: '1' }, 0],
  ['calls process.exit(7), its rank a worker too', 'exit', { PAR_TEST_INCLUSIVE: '1' }, 7],
];

/** All of them on sockets and the system's MPIs; the newer MPIs share them, each a third. */
const endsOn = (launcher: TestedLauncher): typeof ENDS => {
  const newer = WHEEL_MPIS.findIndex(({ name }) => name === launcher.name);
  return ENDS.filter((_, i) => newer < 0 || i % WHEEL_MPIS.length === newer);
};

describe.concurrent.each(LAUNCHERS)('a script on ranks over $name', (launcher) => {
  const { command, env } = launcher;
  it.each(endsOn(launcher))(
    'ends with the job, and in silence on success, when it %s',
    async (_, how, more, status) => {
      const job = await runJob(command(3, [program, how]), { ...env, ...more });
      expect({ status: job.status, said: saidBy(job) }).toMatchObject({
        status,
        said: status === 0 ? '' : expect.any(String),
      });
      expect(job.stdout).toMatch(/^pids/m);
    },
  );

  it('shows its error and fails when it throws', async () => {
    const job = await runJob(command(3, [program, 'throw']), env);
    expect(job.status).not.toBe(0);
    expect(job.stderr).toContain('the script failed');
  });
});

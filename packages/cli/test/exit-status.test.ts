import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { exitStatuses } from './exit-statuses.ts';
import { fixture, Launch, par } from './launch.ts';

exitStatuses(
  (args, options) => new Launch(['run', ...args], options),
  (launch) => launch.gone(),
);

test.each([
  ['5', 5],
  ['0', 1],
  ['256', 1],
  ['300', 44],
])('abort(%s) of one rank ends the job with %i', async (code, status) => {
  const end = await par(['run', '-np', '3', fixture('abort.ts'), code]);
  expect(end).toMatchObject({ status });
  expect(end.stderr).toMatch(/^par: rank 1 aborted the job: status \d+ .*\npar: 2 other ranks were ended$/m);
});

test.each([
  ['42', 42],
  ['SIGKILL', 137],
  ['SIGSEGV', 139],
])('ranks that fail because they lost the one that ended with %s do not take its place', async (how, status) => {
  const end = await par(['run', '-np', '4', fixture('lose.ts'), how]);
  expect(end).toMatchObject({ status });
  expect(end.stderr).toMatch(/par: rank 1 (failed|aborted)/);
});

test('a rank that exits because it lost another does not take its place, even when both ends are seen at once', async () => {
  const launch = new Launch(['run', '-np', '2', fixture('heed.ts'), 'waits']);
  await launch.until(({ stdout }) => stdout.split('pid').length === 3);
  const pid = (rank: number): number => Number(new RegExp(`rank ${rank} has pid (\\d+)`).exec(launch.stdout)![1]);
  launch.child.kill('SIGSTOP');
  process.kill(pid(1), 'SIGKILL');
  await expect.poll(() => readFileSync(`/proc/${pid(0)}/stat`, 'latin1'), { timeout: 20_000 }).toContain(') Z ');
  launch.child.kill('SIGCONT');
  expect(await launch.finished).toMatchObject({ status: 137, stderr: expect.stringContaining('par: rank 1 failed') });
  await launch.gone();
});

test('a rank that handles the loss of another itself ends as it wants to, and nothing is said for it', async () => {
  const end = await par(['run', '-np', '2', '--on-fail', 'wait', '--output', 'json', fixture('heed.ts')]);
  const said = end.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(said).toContainEqual({ rank: 0, stream: 'stdout', line: 'handled PAR_PEER_LOST' });
  expect(said).toContainEqual({ event: 'exit', rank: 0, end: { kind: 'exit', code: 7 } });
  expect(said.filter(({ stream }) => stream === 'stderr')).toEqual([]);
});

test('the summary names rank, host, pid, status, last lines of stderr and how many were ended', async () => {
  const { stderr, status } = await par(['run', '-np', '4', fixture('ends.mjs'), 'wait', 'wait', 'throw', 'wait']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/^par: rank 2 failed: exit status 1 \(host \S+, pid \d+\)$/m);
  expect(stderr).toMatch(/^par: 3 other ranks were ended$/m);
  expect(stderr).toMatch(/^par: \| Error: boom on rank 2$/m);
});

test('a job that ends well says nothing', async () => {
  expect((await par(['run', '-np', '1', fixture('ends.mjs'), '0'])).stderr).toBe('');
});

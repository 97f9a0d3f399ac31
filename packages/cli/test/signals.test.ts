import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { fixture, Launch, processesWith } from './launch.ts';

const ENDS = fixture('ends.mjs');

function count(text: string, pattern: RegExp): number {
  return text.match(new RegExp(pattern, 'g'))?.length ?? 0;
}

async function started(...args: string[]): Promise<Launch> {
  const launch = new Launch(['run', '-np', '2', ...args]);
  await launch.until(({ stdout }) => count(stdout, /ready|spin|wait/) === 2);
  return launch;
}

test.concurrent.each([
  ['SIGINT', 'SIGINT', 130],
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGHUP', 'SIGTERM', 143],
] as const)('%s reaches every rank as %s, which may end in its own time', async (signal, seen, status) => {
  const launch = await started(ENDS, 'polite');
  launch.child.kill(signal);
  const end = await launch.finished;
  expect(end).toMatchObject({ status, stderr: expect.stringMatching(/^par: 2 ranks were ended$/m) });
  expect(count(end.stdout, new RegExp(`rank \\d got ${seen}`))).toBe(2);
  await launch.gone();
});

test.concurrent('ranks that ignore the first interrupt are killed after the grace time', async () => {
  const launch = await started('--grace', '500ms', ENDS, 'deaf');
  const before = performance.now();
  launch.child.kill('SIGINT');
  expect(await launch.finished).toMatchObject({ status: 130 });
  expect(performance.now() - before).toBeGreaterThan(450);
  await launch.gone();
});

test.concurrent('the second interrupt kills at once', async () => {
  const launch = await started('--grace', '1h', ENDS, 'deaf');
  launch.child.kill('SIGINT');
  await launch.until(({ stdout }) => count(stdout, /deaf to SIGINT/) === 2);
  launch.child.kill('SIGINT');
  expect(await launch.finished).toMatchObject({ status: 130 });
  await launch.gone();
});

test.concurrent('SIGUSR2 is passed on and ends nothing', async () => {
  const launch = await started(ENDS, 'polite');
  launch.child.kill('SIGUSR2');
  await launch.until(({ stdout }) => count(stdout, /got SIGUSR2/) === 2);
  launch.child.kill('SIGTERM');
  expect(await launch.finished).toMatchObject({ status: 143 });
  await launch.gone();
});

test.concurrent('SIGTSTP stops the ranks and the launcher, SIGCONT lets both go on', async ({ expect }) => {
  const launch = await started(ENDS, 'polite');
  const stopped = () =>
    processesWith([launch.token]).filter((line) => {
      const pid = line.split(' ')[0];
      return /^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
    }).length;
  launch.child.kill('SIGTSTP');
  await expect.poll(stopped, { timeout: 10_000 }).toBe(3);
  launch.child.kill('SIGCONT');
  await expect.poll(stopped, { timeout: 10_000 }).toBe(0);
  launch.child.kill('SIGTERM');
  expect(await launch.finished).toMatchObject({ status: 143 });
  await launch.gone();
});

test.concurrent('a launcher that gets SIGKILL takes along ranks that spin in a synchronous loop', async () => {
  const launch = await started(ENDS, 'spin');
  launch.child.kill('SIGKILL');
  await once(launch.child, 'exit');
  await launch.gone();
});

test.concurrent('a launcher that gets SIGKILL takes along ranks that are deaf or stopped', async () => {
  const launch = await started(ENDS, 'deaf');
  const rank = processesWith([launch.token]).find((line) => line.includes('ends.mjs') && !line.includes('bin.js'));
  process.kill(Number(rank?.split(' ')[0]), 'SIGSTOP');
  launch.child.kill('SIGKILL');
  await launch.gone();
});

test.concurrent('children of ranks end with the job, in whatever session they are', async () => {
  for (const how of [['spin'], ['exit', '0'], ['exit', '3']]) {
    const launch = new Launch(['run', '-np', '2', '--grace', '300ms', fixture('family.mjs'), ...how]);
    if (how[0] === 'spin') {
      await launch.until(({ stdout }) => count(stdout, /has children/) === 2);
      launch.child.kill('SIGKILL');
    }
    await launch.finished;
    await launch.gone();
  }
});

test.concurrent('a reaper that is killed is replaced', async ({ expect }) => {
  const launch = await started(ENDS, 'spin');
  const reaper = () =>
    processesWith([launch.tmp])
      .find((line) => line.includes('par-reaper'))
      ?.split(' ')[0];
  const first = Number(reaper());
  process.kill(first, 'SIGKILL');
  await expect.poll(() => Number(reaper() ?? first), { timeout: 10_000 }).not.toBe(first);
  launch.child.kill('SIGKILL');
  await launch.gone();
});

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fixture, par } from './launch.ts';

const FAILS = 'echo "attempt $PAR_RESTART of rank $PAR_RANK"; [ $PAR_RESTART -ge $1 ] || exit 7';

test('--max-restarts starts all ranks again until they succeed, and keeps the logs of each attempt', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'par-logs-'));
  const options = ['--max-restarts', '3', '--log-dir', directory, '--on-fail', 'wait'];
  const { status, stdout, stderr } = await par(['run', '-np', '2', ...options, 'sh', '-c', FAILS, 'sh', '2']);
  expect(status).toBe(0);
  const lines = [0, 1, 2].flatMap((n) => [0, 1].map((rank) => `[${rank}] attempt ${n} of rank ${rank}`));
  expect(stdout.split('\n').filter(Boolean).sort()).toEqual(lines.sort());
  expect(stderr).toContain('par: starting all ranks again (2 of 3)\n');
  expect(readdirSync(directory).filter((name) => name.startsWith('restart'))).toEqual(['restart-1', 'restart-2']);
  rmSync(directory, { recursive: true });
});

test('the status is that of the last attempt, when they are used up', async () => {
  const { status, stderr } = await par(['run', '-np', '1', '--max-restarts', '1', 'sh', '-c', FAILS, 'sh', '9']);
  expect(status).toBe(7);
  expect(stderr.match(/starting all ranks again/g)).toHaveLength(1);
});

test.each([
  ['a timeout', ['--timeout', '300ms', fixture('endless.mjs')], 124],
  ['a program that does not exist', ['no-such-program'], 127],
])('%s is not started again', async (_name, args, status) => {
  const end = await par(['run', '-np', '1', '--max-restarts', '3', ...args]);
  expect(end).toMatchObject({ status });
  expect(end.stderr).not.toContain('again');
});

test('a replacement that never joins is tried five times', async () => {
  const { status, stderr } = await par(['run', '-np', '2', fixture('replaced.ts')]);
  expect(stderr.match(/takes its place: /g)).toHaveLength(5);
  expect(stderr).toContain('par: rank 6 is not replaced: exit status 3 before it joined, as 4 others before it\n');
  expect({ status, stderr }).toMatchObject({ status: 3, stderr: expect.stringContaining('par: rank 6 failed: ') });
});

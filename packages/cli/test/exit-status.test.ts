import { expect, test } from 'vitest';
import { fixture, Launch, par } from './launch.ts';

const ENDS = fixture('ends.mjs');

// LAUNCH §2, one row per sentence.
test.each([
  ['all ranks end with 0', ['-np', '4', ENDS, '0'], 0],
  ['one rank’s code', ['-np', '4', ENDS, 'wait', 'wait', '42', 'wait'], 42],
  ['128 + n for a signal', ['-np', '2', ENDS, 'wait', 'SIGKILL'], 137],
  ['128 + n for SIGTERM of its own', ['-np', '2', ENDS, 'SIGTERM', 'wait'], 143],
  ['an uncaught exception', ['-np', '2', ENDS, 'wait', 'throw'], 1],
  ['a top-level await that never settles', ['-np', '2', ENDS, 'wait', 'await'], 13],
  ['a rank that spins does not outlive another’s failure', ['-np', '2', ENDS, '3', 'spin'], 3],
  ['timeout', ['-np', '2', '--timeout', '500ms', ENDS, 'wait'], 124],
  ['timeout of ranks deaf to SIGTERM', ['-np', '2', '--timeout', '700ms', '--grace', '200ms', ENDS, 'deaf'], 124],
  ['no such script', ['-np', '2', 'no-such-script.ts'], 127],
  ['no such program', ['-np', '2', 'no-such-program-anywhere'], 127],
  ['no such program with a slash', ['-np', '2', './no-such-program'], 127],
  ['not executable', ['-np', '2', '/etc/passwd'], 126],
  ['a directory', ['-np', '2', '/tmp/'], 126],
  ['bad usage', ['-np', 'many', ENDS], 125],
  ['a program that is not Node’s', ['-np', '2', 'sh', '-c', 'exit $((PAR_RANK * 5))'], 5],
])('%s', async (_name, args, status) => {
  expect(await par(['run', ...args])).toMatchObject({ status, signal: null });
});

// The standard input of one rank ends once something has been seen.
test.each([
  [
    'the first in time, not the lowest rank',
    ['-np', '3', '--on-fail', 'wait', ENDS, 'input:5', '0', '6'],
    'exit of 2',
    6,
  ],
  [
    'a rank deaf to SIGTERM is killed after the grace time',
    ['-np', '2', '--grace', '300ms', ENDS, 'input:3', 'deaf'],
    'rank 1 ready',
    3,
  ],
  ['the status of what par ended does not count', ['-np', '2', ENDS, 'input:9', 'polite'], 'rank 1 ready', 9],
  [
    'on-fail wait: the others end by themselves',
    ['-np', '2', '--on-fail', 'wait', '--stdin', '1', ENDS, '4', 'input:0'],
    'exit of 0',
    4,
  ],
  ['on-fail ignore', ['-np', '2', '--on-fail', 'ignore', '--stdin', '1', ENDS, '4', 'input:0'], 'exit of 0', 0],
  [
    'on-fail ignore, but all failed',
    ['-np', '2', '--on-fail', 'ignore', '--stdin', '1', ENDS, '4', 'input:6'],
    'exit of 0',
    4,
  ],
])('%s', async (_name, args, seen, status) => {
  const launch = new Launch(['run', '--output', 'json', ...args], { input: 'open' });
  const words = seen.replace('exit of ', '"event":"exit","rank":');
  await launch.until(({ stdout }) => stdout.includes(words));
  launch.child.stdin?.end();
  expect(await launch.finished).toMatchObject({ status, signal: null });
  await launch.gone();
});

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

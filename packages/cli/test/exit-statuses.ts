import { expect, test } from 'vitest';
import { fixture, type Launch, type LaunchOptions } from './launch.ts';

const ENDS = fixture('ends.mjs');

/**
 * What every way of starting ranks ends with: LAUNCH §2, one row per sentence. `start`: `par run` with these arguments; `gone` settles
 * when nothing of it is left.
 */
export function exitStatuses(
  start: (args: readonly string[], options?: LaunchOptions) => Launch,
  gone: (launch: Launch) => Promise<void>,
): void {
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
    const launch = start(args);
    expect(await launch.finished).toMatchObject({ status, signal: null });
    await gone(launch);
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
    const launch = start(['--output', 'json', ...args], { input: 'open' });
    const words = seen.replace('exit of ', '"event":"exit","rank":');
    await launch.until(({ stdout }) => stdout.includes(words));
    launch.child.stdin?.end();
    expect(await launch.finished).toMatchObject({ status, signal: null });
    await gone(launch);
  });
}

import { PEER_LOST_STATUS as PEER_LOST_OF_RANKS } from '@par/comm-core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ExitPolicy, PEER_LOST_STATUS, type RankEnd } from '../src/run/exit-policy.ts';

const exit = (code: number): RankEnd => ({ kind: 'exit', code });
const killed = (signal: NodeJS.Signals): RankEnd => ({ kind: 'signal', signal });

test('the status by which ranks say that they are a consequence is comm-core’s', () => {
  expect(PEER_LOST_STATUS).toBe(PEER_LOST_OF_RANKS);
});

test('the status is that of the first rank to fail in time, whatever its number and whatever follows', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(7), fc.integer({ min: 0, max: 255 })), { minLength: 1 }),
      fc.constantFrom('kill', 'wait'),
      (ends, onFail) => {
        const policy = new ExitPolicy(onFail as 'kill' | 'wait');
        for (const [rank, code] of ends) policy.rankEnded(rank, exit(code), false);
        const failures = ends.map(([, code]) => code).filter((code) => code !== 0);
        const causes = failures.filter((code) => code !== PEER_LOST_STATUS);
        expect(policy.status).toBe(causes[0] ?? failures[0] ?? 0);
      },
    ),
  );
});

test('ranks that par ended never count', () => {
  const policy = new ExitPolicy('wait');
  expect(policy.rankEnded(0, killed('SIGTERM'), true)).toBe('nothing');
  expect(policy.rankEnded(1, exit(3), true)).toBe('nothing');
  expect(policy.status).toBe(0);
});

test('a signal is 128 plus its number', () => {
  for (const [signal, status] of [
    ['SIGKILL', 137],
    ['SIGSEGV', 139],
    ['SIGTERM', 143],
    ['SIGABRT', 134],
  ] as const) {
    const policy = new ExitPolicy('kill');
    expect(policy.rankEnded(0, killed(signal), false)).toBe('end');
    expect(policy.status).toBe(status);
  }
});

test('abort(c) gives c & 255, and 1 for 0', () => {
  for (const [given, status] of [
    [5, 5],
    [0, 1],
    [256, 1],
    [257, 1],
    [511, 255],
    [-1, 255],
  ] as const) {
    const policy = new ExitPolicy('wait');
    expect(policy.aborted(2, given, 'asked')).toBe('end');
    expect(policy.status).toBe(status);
  }
});

test('a rank that lost another one is only suspected, and its cause replaces it', () => {
  const policy = new ExitPolicy('kill');
  expect(policy.rankEnded(0, exit(PEER_LOST_STATUS), false)).toBe('suspect');
  expect(policy.rankEnded(3, killed('SIGSEGV'), false)).toBe('end');
  policy.noCauseFound();
  expect(policy.status).toBe(139);
});

test('a rank that fails after it lost another is reported after that one, whichever end is told of first', () => {
  for (const onFail of ['kill', 'wait'] as const) {
    const policy = new ExitPolicy(onFail);
    policy.missed(0, 1);
    expect(policy.rankEnded(0, exit(3), false)).toBe(onFail === 'kill' ? 'suspect' : 'nothing');
    expect(policy.rankEnded(1, killed('SIGKILL'), false)).toBe(onFail === 'kill' ? 'end' : 'nothing');
    expect(policy.status).toBe(137);
  }
  const known = new ExitPolicy('kill');
  known.missed(0, 1);
  known.rankEnded(1, exit(0), false);
  expect(known.rankEnded(0, exit(3), false)).toBe('end');
  expect(known.status).toBe(3);
});

test('a rank that says it is leaving is left to end before the others are, but not for ever', () => {
  const policy = new ExitPolicy('kill');
  expect(policy.rankLeaves(1, 3)).toBe('suspect');
  expect(policy.rankEnded(0, exit(4), false)).toBe('nothing');
  expect(policy.rankEnded(1, exit(3), false)).toBe('end');
  expect(policy.status).toBe(3);
  const stays = new ExitPolicy('kill');
  stays.rankLeaves(1, 3);
  expect(stays.noCauseFound()).toBe('end');
  expect(stays.status).toBe(3);
});

test('a consequence whose cause is never seen ends the job with its own status', () => {
  const policy = new ExitPolicy('kill');
  expect(policy.rankEnded(0, exit(PEER_LOST_STATUS), false)).toBe('suspect');
  expect(policy.noCauseFound()).toBe('end');
  expect(policy.status).toBe(PEER_LOST_STATUS);
});

test('wait lets the others go on, ignore does not count a failure unless all fail', () => {
  const wait = new ExitPolicy('wait');
  expect(wait.rankEnded(0, exit(4), false)).toBe('nothing');
  wait.rankEnded(1, exit(0), false);
  expect(wait.status).toBe(4);
  const ignore = new ExitPolicy('ignore');
  expect(ignore.rankEnded(0, exit(4), false)).toBe('nothing');
  ignore.rankEnded(1, exit(0), false);
  expect(ignore.status).toBe(0);
  const all = new ExitPolicy('ignore');
  all.rankEnded(0, exit(4), false);
  all.rankEnded(1, exit(5), false);
  expect(all.status).toBe(4);
});

test('the first interrupt is polite, the second is not; what came before it keeps the status', () => {
  const policy = new ExitPolicy('kill');
  expect(policy.interrupted('SIGINT')).toBe('end');
  expect(policy.interrupted('SIGINT')).toBe('kill');
  expect(policy.status).toBe(130);
  const failed = new ExitPolicy('kill');
  failed.rankEnded(1, exit(9), false);
  failed.interrupted('SIGINT');
  expect(failed.status).toBe(9);
});

test('the loss of an expendable rank is no failure, as long as another one is left', () => {
  const policy = new ExitPolicy('kill');
  for (const rank of [2, 3, 4]) policy.expendable(rank);
  expect(policy.rankEnded(3, { kind: 'signal', signal: 'SIGKILL' }, false)).toBe('spare');
  expect(policy.rankEnded(4, { kind: 'exit', code: 0 }, false)).toBe('nothing');
  expect(policy.status).toBe(0);
  expect(policy.rankEnded(2, { kind: 'exit', code: 5 }, false)).toBe('end');
  expect(policy.status).toBe(5);
});

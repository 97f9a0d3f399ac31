import { expect, test } from 'vitest';
import { fixture, par } from './launch.ts';

test('--secure encrypts what the launcher and the ranks say to each other', async () => {
  const { stdout, stderr, status } = await par(['run', '-np', '3', '--secure', fixture('secure.ts')]);
  expect(status, stderr).toBe(0);
  expect(stdout.trimEnd().split('\n').sort()).toEqual(['[0] 3 TLS', '[1] 3 TLS', '[2] 3 TLS']);
});

test('a rank that speaks plainly is not let into a secured job', async () => {
  const { stderr, status } = await par(['run', '-np', '2', '--secure', '--timeout', '60s', fixture('plain.ts')]);
  expect(status).not.toBe(0);
  expect(stderr).not.toContain('joined');
});

test('--secure is refused over MPI, in one line', async () => {
  const { stderr, status } = await par(['run', '-np', '2', '--transport', 'mpi', '--secure', fixture('secure.ts')]);
  expect(status).toBe(125);
  expect(stderr.trimEnd().split('\n')).toHaveLength(1);
});

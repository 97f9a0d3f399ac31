import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MPIS, PROGRAMS, SYSTEM_MPIS, type TestedMpi } from './mpis.ts';
import { linesOf, runJob } from './run-job.ts';

const BYTES = 2 ** 31 + 9;

async function vectors(mpi: TestedMpi, ...which: readonly string[]): Promise<void> {
  const finished = await runJob(mpi.command(2, [join(PROGRAMS, 'vectors.ts'), ...which]), mpi.env, 280_000);
  expect(finished.status, finished.stderr).toBe(0);
  expect(linesOf(finished)).toEqual(['{"wrong":0}', '{"wrong":0}']);
}

// One with counts larger than an int, and one without.
describe.each(SYSTEM_MPIS)('more than 2 GiB in one message, $name', { timeout: 300_000 }, (mpi) => {
  it('arrives whole, is broadcast whole, and is truncated where there is no room', async () => {
    const finished = await runJob(mpi.command(2, [join(PROGRAMS, 'large.ts')]), mpi.env, 280_000);
    expect(finished.status, finished.stderr).toBe(0);
    const found = finished.stdout.split('\n').filter((line) => line.startsWith('{'));
    expect(found.map((line) => JSON.parse(line)).sort((a) => (a.bytes ? 1 : -1))).toEqual([
      { broadcast: 0 },
      { bytes: BYTES, count: BYTES, received: 0, broadcast: 0, short: 'PAR_TRUNCATED' },
    ]);
  });

  // The other calls, types and MPIs: soak/vectors.ts.
  it('gathers a block of more than 2^31 - 1 elements', () => vectors(mpi, 'long', 'gather', 'int8'));
});

describe.each(MPIS)('displacements above 2^31 - 1 elements, $name', { timeout: 60_000 }, (mpi) => {
  it('are where blocks are gathered, scattered and exchanged, also when only one rank has them', () =>
    vectors(mpi, 'far'));
});

import { join } from 'node:path';
import { worldOf } from '@par/comm-core';
import { memoryTransports } from '@par/comm-core/memory';
import { initialize } from '@par/futures';
import { describe, expect, it, test } from 'vitest';
import { runJob } from '../../../transport-mpi/test/run-job.ts';
import { layoutOf } from '../../src/cluster/layout.ts';
import { LAUNCHERS, saidBy } from './launchers.ts';

const program = join(import.meta.dirname, 'programs', 'layouts.ts');

/** Of Dask-MPI's tests: size, rank of the client, rank of the scheduler, whether these do nothing else; then the workers. */
const LAYOUTS: [string, number[]][] = [
  ['[4,1,0,true]', [2, 3]],
  ['[4,2,3,true]', [0, 1]],
  ['[5,1,3,true]', [0, 2, 4]],
  ['[3,2,2,true]', [0, 1]],
  ['[2,0,0,false]', [0, 1]],
  ['[1,0,0,false]', [0]],
  ['[3,1,0,false]', [0, 1, 2]],
];

describe.each(LAUNCHERS)('over $name', ({ command, env }) => {
  it('every layout works on a part of the ranks, and all ranks go on together afterwards', async () => {
    const job = await runJob(command(5, [program, ...LAYOUTS.map(([layout]) => layout)]), env, 55_000);
    expect({ status: job.status, said: saidBy(job) }).toEqual({ status: 0, said: '' });
    const lines = job.stdout.split('\n').filter((line) => line.startsWith('{'));
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
      LAYOUTS.map(([layout, workers]) => ({
        layout,
        results: [{ workers, squares: [1, 4, 9, 16, 25], sum: 1e6, ran: workers }],
        ranks: 10,
      })),
    );
  });
});

test.each([
  [1, 1, 0, true],
  [1, 0, 0, true],
  [2, 1, 0, true],
  [3, 0, 3, false],
  [3, -1, 0, true],
])(
  '%i ranks with client %i, scheduler %i, exclusive workers %s: refused on every rank',
  async (size, client, scheduler, exclusiveWorkers) => {
    const refused = memoryTransports(size).map((transport) =>
      initialize({ comm: worldOf(transport), client, scheduler, exclusiveWorkers, exit: false }),
    );
    for (const one of refused) await expect(one).rejects.toMatchObject({ code: 'PAR_LAYOUT' });
  },
);

test('without a word about it, one rank is refused, two share the first, three have a role each', () => {
  expect(() => layoutOf(1, {})).toThrow('exclusiveWorkers: false');
  expect(layoutOf(2, {})).toMatchObject({ scheduler: 0, client: 0, workers: [1] });
  expect(layoutOf(3, {})).toMatchObject({ scheduler: 0, client: 1, workers: [2] });
  expect(layoutOf(1, { exclusiveWorkers: false })).toMatchObject({ scheduler: 0, client: 0, workers: [0] });
});

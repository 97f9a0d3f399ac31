import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MPIS, PROGRAMS } from './mpis.ts';
import { runJob } from './run-job.ts';

describe.each(MPIS)('memory lent to $name', { timeout: 60_000 }, (mpi) => {
  it('refuses to be detached until its last operation is over, and is then free again', async () => {
    const finished = await runJob(mpi.command(2, [join(PROGRAMS, 'lending.ts')]), mpi.env);
    expect(finished.status, finished.stderr).toBe(0);
    const found = finished.stdout.split('\n').filter((line) => line.startsWith('{'));
    const common = {
      receive: 5,
      shared: 5,
      arrived: true,
      send: 10,
      received: true,
      reduced: true,
      cancelled: 'PAR_TIMEOUT',
    };
    const free = [true, true, true, true];
    const expected = [
      { ...common, collective: 10, free },
      { ...common, free },
    ];
    expect(found.map((line) => JSON.parse(line)).sort((a) => (a.collective ? -1 : 1))).toEqual(expected);
  });
});

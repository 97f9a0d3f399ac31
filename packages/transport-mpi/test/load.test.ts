import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MPIS, PROGRAMS, type TestedMpi } from './mpis.ts';
import { runJob } from './run-job.ts';

/** What each rank printed. */
async function run(mpi: TestedMpi, np: number, load: string, flags: readonly string[] = []): Promise<Numbers[]> {
  const finished = await runJob(mpi.command(np, [...flags, join(PROGRAMS, 'load.ts'), load]), mpi.env, 170_000);
  expect(finished.status, finished.stderr).toBe(0);
  const lines = finished.stdout.split('\n').filter((line) => line.startsWith('{'));
  expect(lines).toHaveLength(np);
  return lines.map((line) => JSON.parse(line) as Numbers);
}
type Numbers = Record<string, number>;

describe.each(MPIS)('under load, $name', { timeout: 180_000 }, (mpi) => {
  it('timers fire and sockets are served between messages that all complete at once', async () => {
    // Without a turn for the loop neither would happen before the flood ends, which waits for both.
    for (const { median } of await run(mpi, 2, 'timers')) {
      expect(median).toBeLessThan(100);
    }
  });

  it('10,000 receives, of values and of buffers, are pending at once, and each gets its own message', async () => {
    expect(await run(mpi, 2, 'pending')).toEqual([{ wrong: 0 }, { wrong: 0 }]);
  });

  it('a rank that only talks to itself does not use up MPI', async () => {
    expect(await run(mpi, 1, 'self')).toEqual([{ wrong: 0 }]);
  });

  it('memory is kept for MPI until it is done, though the program has dropped it', async () => {
    expect(await run(mpi, 2, 'garbage', ['--expose-gc'])).toEqual([{ arrived: 20 }, { arrived: 20 }]);
  });

  it('many thousands of operations and duplicates leave no memory behind', async () => {
    for (const { rounds, duplicates } of await run(mpi, 2, 'memory', ['--expose-gc'])) {
      expect(rounds).toBeLessThan(10);
      expect(duplicates).toBeLessThan(60);
    }
  });

  it('a rank that awaits a message wakes up 200 times a second, and leaves its core to others', async () => {
    for (const { rank, share, turns, milliseconds } of await run(mpi, 2, 'idle')) {
      // Other load makes it fewer. Each costs about 80 µs, together the 2 % of a core that benchmarks see on a quiet machine.
      expect(turns, `turns of the loop of rank ${rank} in ${milliseconds} ms`).toBeLessThan(milliseconds! / 5 + 20);
      // Whatever else the process does.
      expect(share, `rank ${rank}`).toBeLessThan(0.1);
    }
  });
});

// A million operations and ten thousand duplicates on each MPI, two ranks: how much memory each leaves behind. About two minutes each.
// node packages/transport-mpi/test/soak/memory.ts [operations] [duplicates]
import { join } from 'node:path';
import { MPIS, PROGRAMS } from '../mpis.ts';
import { runJob } from '../run-job.ts';

const [operations = '1000000', duplicates = '10000'] = process.argv.slice(2);
// A round is four of them.
const load = [join(PROGRAMS, 'load.ts'), 'memory', String(Number(operations) / 4), duplicates];

for (const mpi of MPIS) {
  const { stdout, stderr, status } = await runJob(mpi.command(2, ['--expose-gc', ...load]), mpi.env, 600_000);
  const ranks = stdout.split('\n').filter((line) => line.startsWith('{'));
  const grown = ranks.map((line) => JSON.parse(line) as { rounds: number; duplicates: number });
  const [afterRounds, afterDuplicates] = (['rounds', 'duplicates'] as const).map((what) =>
    grown.map((rank) => `${rank[what].toFixed(1)} MiB`).join(', '),
  );
  console.log(
    `${mpi.name}: after ${operations} operations ${afterRounds}; after ${duplicates} duplicates ${afterDuplicates}`,
  );
  if (status !== 0) throw new Error(stderr);
}

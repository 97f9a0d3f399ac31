// Where one collective algorithm overtakes another: every algorithm at every size, and the fastest of each. Prints what
// THRESHOLDS in packages/comm-core/src/collectives/chooser.ts should say on this machine.
//   node benchmarks/collectives/crossover.ts [ranks, e.g. 2,4,8] [operations, e.g. ALLREDUCE,BCAST] [largest bytes]
import { execFileSync } from 'node:child_process';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ALGORITHMS: Readonly<Record<string, readonly string[]>> = {
  BARRIER: ['linear', 'dissemination'],
  BCAST: ['linear', 'binomial', 'pipelined', 'chain', 'scatter-allgather'],
  GATHER: ['linear', 'binomial'],
  SCATTER: ['linear', 'binomial'],
  ALLGATHER: ['linear', 'recursive-doubling', 'bruck', 'neighbor-exchange', 'ring'],
  ALLTOALL: ['scattered', 'pairwise', 'bruck'],
  REDUCE: ['binomial', 'rabenseifner'],
  ALLREDUCE: ['allgather', 'recursive-doubling', 'rabenseifner', 'ring'],
  REDUCE_SCATTER: ['recursive-halving', 'pairwise', 'ordered'],
  SCAN: ['recursive-doubling', 'linear', 'pipelined'],
};

const here = dirname(fileURLToPath(import.meta.url));
const par = join(here, '../node_modules/@par/cli/dist/bin.js');
const counts = (process.argv[2] ?? '2,4,8').split(',');
const operations = process.argv[3]?.split(',') ?? Object.keys(ALGORITHMS);
const largest = Number(process.argv[4] ?? 4 * 2 ** 20);

/** Microseconds by size. */
function measure(ranks: string, operation: string, algorithm: string, sizes: readonly number[]): Map<number, number> {
  const args = [par, 'run', '-np', ranks, '--no-label', join(here, 'rank.ts'), operation, sizes.join(',')];
  const env = { ...process.env, [`PAR_COLL_${operation}`]: algorithm };
  const out = execFileSync(process.execPath, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit'] });
  return new Map(
    out
      .trim()
      .split('\n')
      .map((line) => line.split(' ').map(Number) as [number, number]),
  );
}

console.log(
  `${availableParallelism()} cores (${cpus()[0]?.model.trim()}), Node ${process.version}; microseconds, medians`,
);
for (const operation of operations) {
  for (const ranks of counts) {
    const sizes: number[] = [];
    for (let bytes = 8; bytes <= (operation === 'BARRIER' ? 8 : largest); bytes *= 8) sizes.push(bytes);
    const algorithms = ALGORITHMS[operation]!;
    const rows = algorithms.map((algorithm) => measure(ranks, operation, algorithm, sizes));
    console.log(
      `\n${operation}, ${ranks} ranks\n${'bytes'.padStart(10)}${algorithms.map((name) => name.padStart(20)).join('')}  fastest`,
    );
    for (const bytes of sizes) {
      const times = rows.map((row) => row.get(bytes)!);
      const fastest = algorithms[times.indexOf(Math.min(...times))];
      console.log(`${String(bytes).padStart(10)}${times.map((us) => us.toFixed(1).padStart(20)).join('')}  ${fastest}`);
    }
  }
}

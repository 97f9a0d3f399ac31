/*
 * par over MPI next to C (and mpi4py where it is installed) on the same MPI, one after the other in the same run:
 *   node bench/run.ts [ranks …]        default 2; the medians of 21 repetitions, in µs, and the ratio
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MPIS, type TestedMpi } from '../test/mpis.ts';

interface Row {
  readonly name: string;
  readonly median: number;
  readonly best: number;
  readonly worst: number;
}

const here = import.meta.dirname;
const scratch = mkdtempSync(join(tmpdir(), 'par-bench-'));
const sizes = process.argv.slice(2).map(Number);

function measure(mpi: TestedMpi, np: number, program: readonly string[]): Map<string, Row> {
  const { command, args } = mpi.together([[np, program]]);
  const { stdout, stderr, status } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...mpi.env },
  });
  if (status !== 0) {
    console.log(`${program.join(' ')} ended with status ${status}: ${stderr.split('\n')[0]}`);
    return new Map();
  }
  const rows = stdout.split('\n').filter((line) => line.startsWith('{'));
  return new Map(rows.map((line) => JSON.parse(line) as Row).map((row) => [row.name, row]));
}

try {
  for (const mpi of MPIS) {
    const binary = join(scratch, mpi.family);
    const { status, stderr } = spawnSync(mpi.mpicc, ['-O2', '-o', binary, join(here, 'peer.c')], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`${mpi.mpicc}: ${stderr}`);
    for (const np of sizes.length > 0 ? sizes : [2]) {
      const c = measure(mpi, np, [binary]);
      const par = measure(mpi, np, [process.execPath, join(here, 'rank.ts')]);
      // Debian's mpi4py belongs to its Open MPI.
      const py = mpi.family === 'openmpi' ? measure(mpi, np, ['/usr/bin/python3', join(here, 'peer.py')]) : new Map();
      console.log(
        `\n${mpi.name}, ${np} ranks on ${availableParallelism()} cores, Node ${process.version}, median µs (best)`,
      );
      const cells = ({ median, best }: Row): string => `${median.toFixed(2)} (${best.toFixed(2)})`;
      const table = [...par.values()].map((row) => {
        const [inC, inPython] = [c.get(row.name), py.get(row.name) as Row | undefined];
        return {
          what: row.name,
          par: cells(row),
          C: inC ? cells(inC) : '',
          'par / C': inC ? (row.median / inC.median).toFixed(2) : '',
          mpi4py: inPython ? cells(inPython) : '',
          'par / mpi4py': inPython ? (row.median / inPython.median).toFixed(2) : '',
        };
      });
      console.table(table);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/*
 * par over MPI next to C (and mpi4py where it is installed) on the same MPI, one after the other in the same run:
 *   node bench/run.ts [family,family] [part,part] [name]     default: all of openmpi,mpich, of 2,4,8,idle, and all measurements
 * A part is a number of ranks (8: allreduce of 8 bytes with more ranks than cores, against an MPI told to yield) or `idle`.
 * Medians of 21 repetitions in µs, the best in brackets, ratios, and the ratios that are aimed at.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MPIS, type TestedMpi } from '../test/mpis.ts';

interface Row {
  readonly name: string;
  readonly median: number;
  readonly best?: number;
}

/** Largest ratios aimed at: to C, to mpi4py. */
const TARGETS: Readonly<Record<string, { readonly c?: number; readonly python?: number }>> = {
  'buffer 8 B one way': { c: 1.3, python: 0.7 },
  'buffer 1 MiB one way': { c: 1.03 },
  'buffer 16 MiB one way': { c: 1.03 },
  'value one way': { python: 0.5 },
  'allreduce 8 B': { c: 1.5 },
  'allreduce 1 MiB': { c: 1.05 },
};
const IDLE_TARGET = 2;
/** What has an MPI give its core away while it waits. */
const YIELDING = { OMPI_MCA_mpi_yield_when_idle: '1', MPIR_CVAR_POLLS_BEFORE_YIELD: '1' };

const here = import.meta.dirname;
const scratch = mkdtempSync(join(tmpdir(), 'par-bench-'));
const families = process.argv[2]?.split(',');
const parts = (process.argv[3] ?? '2,4,8,idle').split(',');
/** Part of the names of the measurements to make. */
const only = process.argv[4] ?? '';

function measure(mpi: TestedMpi, np: number, program: readonly string[]): Map<string, Row> {
  const { command, args } = mpi.together([[np, program]]);
  const { stdout, stderr, status } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...(np > availableParallelism() ? YIELDING : {}), ...mpi.env },
  });
  if (status !== 0) {
    console.log(`${program.join(' ')} ended with status ${status}: ${stderr.split('\n')[0]}`);
    return new Map();
  }
  const rows = stdout.split('\n').filter((line) => line.startsWith('{'));
  return new Map(rows.map((line) => JSON.parse(line) as Row).map((row) => [row.name, row]));
}

function compare(mpi: TestedMpi, np: number): void {
  const binary = join(scratch, mpi.family);
  const { status, stderr } = spawnSync(mpi.mpicc, ['-O2', '-o', binary, join(here, 'peer.c')], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${mpi.mpicc}: ${stderr}`);
  const c = measure(mpi, np, [binary, only]);
  const par = measure(mpi, np, [process.execPath, join(here, 'rank.ts'), only]);
  const python = mpi.mpi4py ? measure(mpi, np, [...mpi.mpi4py, join(here, 'peer.py'), only]) : new Map<string, Row>();
  const cells = (row: Row | undefined): string =>
    row ? `${row.median.toFixed(2)} (${row.best?.toFixed(2) ?? '–'})` : '';
  const ratio = (row: Row, to: Row | undefined): string => (to ? (row.median / to.median).toFixed(2) : '');
  const table = [...par.values()].map((row) => {
    const [inC, inPython] = [c.get(row.name), python.get(row.name)];
    const target = np <= availableParallelism() ? TARGETS[row.name] : np === 8 ? { c: 1 } : undefined;
    return {
      what: row.name,
      par: cells(row),
      C: cells(inC),
      'par / C': ratio(row, inC),
      'aimed at': target?.c ?? '',
      mpi4py: cells(inPython),
      'par / mpi4py': ratio(row, inPython),
      'at most': target?.python ?? '',
    };
  });
  console.table(table);
}

function idle(mpi: TestedMpi): void {
  const row = measure(mpi, 2, [process.execPath, join(here, 'rank.ts'), 'idle'])
    .values()
    .next().value;
  console.log(`${row?.name}: ${row?.median.toFixed(2)} (aimed at: at most ${IDLE_TARGET})`);
}

try {
  for (const mpi of MPIS.filter(({ family }) => families?.includes(family) ?? true)) {
    for (const part of parts) {
      const ranks = part === 'idle' ? 2 : Number(part);
      console.log(
        `\n${mpi.name}, ${ranks} ranks on ${availableParallelism()} cores, Node ${process.version}, median µs (best)`,
      );
      if (part === 'idle') idle(mpi);
      else compare(mpi, ranks);
    }
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

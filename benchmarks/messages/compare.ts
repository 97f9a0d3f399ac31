// par over sockets next to Open MPI over TCP (C) and bare node:net, in one run. Ratios below 1: par is faster.
//   node benchmarks/messages/compare.ts [ranks] [largest bytes]      needs mpicc and mpirun (Open MPI)
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const ranks = process.argv[2] ?? '2';
const largest = process.argv[3] ?? String(16 * 2 ** 20);
const par = join(here, '../node_modules/@par/cli/dist/bin.js');
const scratch = mkdtempSync(join(tmpdir(), 'par-bench-'));

type Row = Map<string, number>;
function measure(command: string, args: string[], env: Record<string, string> = {}): Row {
  const out = execFileSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const rows: Row = new Map();
  for (const line of out.split('\n')) {
    const [name, bytes, us] = line.trim().split(' ');
    if (us) rows.set(`${name} ${bytes}`, Number(us));
  }
  return rows;
}

function openMpi(): Row | undefined {
  const program = join(scratch, 'bench');
  try {
    execFileSync('mpicc.openmpi', ['-O2', '-o', program, join(here, 'bench.c')], { stdio: 'inherit' });
  } catch {
    console.log('Open MPI is not here (mpicc.openmpi): its column is left out.');
    return undefined;
  }
  const flags = [
    '--mca',
    'btl',
    'tcp,self',
    '--mca',
    'btl_tcp_if_include',
    'lo',
    '--mca',
    'pml',
    'ob1',
    '--oversubscribe',
    '--bind-to',
    'none',
  ];
  return measure('mpirun.openmpi', ['-np', ranks, ...flags, program, largest], {
    OMPI_ALLOW_RUN_AS_ROOT: '1',
    OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: '1',
  });
}

const parRun = (family: string) =>
  measure(process.execPath, [par, 'run', '-np', ranks, '--no-label', join(here, 'bench.ts'), largest], {
    PAR_TCP_FAMILY: family,
  });

console.log(
  `${ranks} ranks, ${availableParallelism()} cores (${cpus()[0]?.model.trim()}), Node ${process.version}; microseconds, medians`,
);
const mpi = openMpi();
const unix = parRun('unix');
const tcp = parRun('tcp');
const raw = ranks === '2' ? measure(process.execPath, [join(here, 'raw-sockets.ts')]) : undefined;
rmSync(scratch, { recursive: true });

const cell = (value: number | undefined, digits = 1): string =>
  (value === undefined ? '–' : value.toFixed(digits)).padStart(10);
console.log(
  `${'what'.padEnd(12)}${'bytes'.padStart(10)}${'unix'.padStart(10)}${'tcp'.padStart(10)}${'MPI tcp'.padStart(10)}${'unix/MPI'.padStart(10)}${'tcp/MPI'.padStart(10)}${'raw unix'.padStart(10)}${'raw tcp'.padStart(10)}`,
);
for (const [key, mine] of unix) {
  const [name, bytes] = key.split(' ') as [string, string];
  const peer = mpi?.get(name === 'value' ? `pingpong ${bytes}` : key);
  const there = tcp.get(key);
  const bare = (kind: string) => (name === 'pingpong' ? raw?.get(`raw-${kind}-turning ${bytes}`) : undefined);
  console.log(
    name.padEnd(12) +
      bytes.padStart(10) +
      cell(mine) +
      cell(there) +
      cell(peer) +
      cell(peer && mine / peer, 2) +
      cell(peer && there && there / peer, 2) +
      cell(bare('unix')) +
      cell(bare('tcp')),
  );
}

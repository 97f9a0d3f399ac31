import type { RunOptions } from '../command-line/parse-run.ts';
import { quote } from '../command-line/quote.ts';
import { parseHostList } from '../hosts/host-list.ts';

/** Why `par run --transport mpi` takes no hosts, and the commands that use them without par. Throws UsageError for a bad list. */
export function onOtherHosts({ host, hostFile, ppn, segments }: RunOptions): string {
  const names = host === undefined ? undefined : parseHostList(host, '--host').map(nameOf).join();
  const [{ count, program, args }] = segments as [RunOptions['segments'][number]];
  const openMpi = [
    ...(names === undefined ? [] : ['--host', names]),
    ...(hostFile === undefined ? [] : ['--hostfile', hostFile]),
    ...(ppn === undefined ? [] : ['--map-by', `ppr:${ppn}:node`]),
    ...(count === 'auto' ? [] : ['-np', `${count}`]),
  ];
  const mpich = [
    ...(names === undefined ? [] : ['-hosts', names]),
    ...(hostFile === undefined ? [] : ['-f', hostFile]),
    ...(ppn === undefined ? [] : ['-ppn', `${ppn}`]),
    ...(count === 'auto' ? [] : ['-n', `${count}`]),
  ];
  const words = /\.[cm]?[jt]s$/.test(program) ? ['node', program, ...args] : [program, ...args];
  const command = (launcher: string, options: readonly string[]): string =>
    [launcher, ...options, ...words].map(quote).join(' ');
  return (
    '--host, --hostfile, --ppn: with --transport mpi par starts and watches ranks on this host only. MPI’s own launcher starts them on ' +
    `others: ${command('mpirun', openMpi)} (Open MPI), ${command('mpiexec', mpich)} (MPICH), or srun; without --transport mpi, par does`
  );
}

function nameOf({ name, user, slots }: ReturnType<typeof parseHostList>[number]): string {
  return `${user === undefined ? '' : `${user}@`}${name}${slots === undefined ? '' : `:${slots}`}`;
}

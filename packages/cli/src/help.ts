import { RUN_OPTIONS, spell } from './command-line/options.ts';

const INDENT = 34;

export const HELP = `par: parallel programs in TypeScript

  par run -np 4 script.ts        run a script on 4 ranks of this machine
  par run -H h1,h2 script.ts     the same on other hosts, over ssh
  par cluster -np 4              a scheduler and workers for scripts started elsewhere
  par submit slurm script.ts     the script of a batch job that does it
  par env                        which rank this process would be, and why
  par run --transport mpi …      the same, started by the launcher of an MPI
  par doctor                     what is here and what works: machine, transports, MPIs
  par doctor -H h1,h2            the same, and every host: access, clock, names, routes
  par mpi build                  compile the addon for the MPIs found
  par help run                   the options of par run
  par --version
`;

/** `par help run`, made from the table the parser reads. */
export function runHelp(): string {
  const options = RUN_OPTIONS.map((option) => {
    const names = option.names.map((name) => spell(name)).join(', ');
    const hint = 'hint' in option ? option.hint : undefined;
    const value = hint === undefined ? '' : option.value === 'optional' ? `[=${hint}]` : ` ${hint}`;
    const left = `  ${names}${value}`;
    return left.length < INDENT - 1
      ? left.padEnd(INDENT) + option.help
      : `${left}\n${' '.repeat(INDENT)}${option.help}`;
  });
  return `usage: par run [options] program [arguments] [: -np N [options] program [arguments]]…

Starts one process per rank and ends with the status of the first rank that failed. A .js or .ts file runs under this
Node; anything else runs as it is. Everything after the program is passed on untouched. Programs separated by " : " form
one world; what is said before the first holds for the others too, except -np. After "--", ":" is an argument like others.

${options.join('\n')}

Exit status: 0 all ranks ended with 0 · otherwise that of the first rank to fail: its code, 128+n for signal n, c for
abort(c) · 124 --timeout · 130 Ctrl-C · 143 SIGTERM · 125 par could not start the job · 126 the program is not executable
· 127 the program was not found.
`;
}

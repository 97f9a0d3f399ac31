import { basename, extname, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parseChoice, parseDuration, parsePositive } from '../command-line/values.ts';
import { UsageError } from '../usage-error.ts';

export const SUBMIT_USAGE = `par submit slurm|pbs [options] program [arguments]

Prints the script of a batch job that runs a program on the ranks of an allocation; with --now, submits it.

  -N, --nodes N             nodes (default 1)
  --ppn N                   ranks on each node (default 1)
  --time TIME               longest time the job may take, such as 90m or 2h
  --name NAME               name of the job (default: that of the program)
  -o, --log FILE            where its output goes (default NAME.JOB.out)
  --queue NAME              partition of Slurm, queue of PBS
  --account NAME            whom it is charged to
  --module NAME             module to load first; may be repeated
  -x K[=V]                  environment of the program; K alone passes ours on; may be repeated
  --launcher par|srun       what starts the ranks: par run (default), or Slurm's srun
  --now                     submit it, and print what sbatch or qsub says
`;

export type Scheduler = 'slurm' | 'pbs';

/** A batch job as asked for. */
export interface SubmitRequest {
  readonly scheduler: Scheduler;
  readonly nodes: number;
  /** Ranks per node. */
  readonly ppn: number;
  readonly timeMs: number | undefined;
  readonly name: string;
  readonly log: string | undefined;
  readonly queue: string | undefined;
  readonly account: string | undefined;
  readonly modules: readonly string[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  readonly launcher: 'par' | 'srun';
  readonly now: boolean;
  readonly directory: string;
  /** The program and its arguments. */
  readonly command: readonly [string, ...string[]];
}

/** The arguments of `par submit`. Throws UsageError. */
export function parseSubmit(args: readonly string[], env: NodeJS.ProcessEnv): SubmitRequest {
  const scheduler = parseChoice<Scheduler>(args[0] ?? '', ['slurm', 'pbs'], 'par submit');
  const { values, command } = splitCommand(args.slice(1));
  const [program, ...rest] = command;
  if (program === undefined) throw new UsageError('no program given: par submit slurm -N 2 --ppn 4 script.ts');
  const read = <T>(text: string | undefined, parse: (text: string, option: string) => T, option: string) =>
    text === undefined ? undefined : parse(text, option);
  const launcher = read(
    values.launcher,
    (text, option) => parseChoice<'par' | 'srun'>(text, ['par', 'srun'], option),
    '--launcher',
  );
  if (launcher === 'srun' && scheduler === 'pbs') throw new UsageError('--launcher srun: PBS has no srun');
  const request: SubmitRequest = {
    scheduler,
    nodes: read(values.nodes, parsePositive, '--nodes') ?? 1,
    ppn: read(values.ppn, parsePositive, '--ppn') ?? 1,
    timeMs: read(values.time, parseDuration, '--time'),
    name: values.name ?? basename(program, extname(program)),
    log: values.log,
    queue: values.queue,
    account: values.account,
    modules: values.module ?? [],
    environment: (values.x ?? []).map((text) => parseVariable(text, env)),
    launcher: launcher ?? 'par',
    now: values.now ?? false,
    directory: resolve('.'),
    command: [program, ...rest],
  };
  for (const text of [request.name, request.log, request.queue, request.account, ...request.modules]) {
    // Each becomes a word of a directive or a command.
    if (text !== undefined && !/^[\w.%+=:,@/~-]+$/.test(text))
      throw new UsageError(`"${text}" has a character that no job's script can hold`);
  }
  return request;
}

function splitCommand(args: readonly string[]) {
  const options = {
    nodes: { type: 'string', short: 'N' },
    ppn: { type: 'string' },
    time: { type: 'string' },
    name: { type: 'string' },
    log: { type: 'string', short: 'o' },
    queue: { type: 'string' },
    account: { type: 'string' },
    module: { type: 'string', multiple: true },
    x: { type: 'string', short: 'x', multiple: true },
    launcher: { type: 'string' },
    now: { type: 'boolean' },
  } as const;
  try {
    // Everything from the program on is its own.
    const { tokens } = parseArgs({ args: [...args], options, allowPositionals: true, strict: false, tokens: true });
    const first = tokens.find(({ kind }) => kind === 'positional' || kind === 'option-terminator');
    const end = first === undefined ? args.length : first.index;
    const { values } = parseArgs({ args: args.slice(0, end), options });
    const command = args.slice(first?.kind === 'option-terminator' ? end + 1 : end);
    return { values, command };
  } catch (error) {
    throw new UsageError(`${(error as Error).message} (see par help submit)`);
  }
}

function parseVariable(text: string, env: NodeJS.ProcessEnv): readonly [string, string] {
  const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`-x: "${text}" has no variable name (write -x NAME=value)`);
  const found = value ?? env[name];
  if (found === undefined) throw new UsageError(`-x ${name}: not set here (write -x ${name}=value)`);
  return [name, found];
}

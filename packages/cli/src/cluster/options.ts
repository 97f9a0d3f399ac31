import { resolve } from 'node:path';
import { spell } from '../command-line/options.ts';
import { parseRun, type RunOptions } from '../command-line/parse-run.ts';
import { parseChoice, parsePositive } from '../command-line/values.ts';
import { UsageError } from '../usage-error.ts';
import { parseDoor } from './door.ts';

/** Where `par cluster` says how to join it, and clients look, unless told otherwise. */
const DEFAULT_FILE = 'par-scheduler.json';

const OPTIONS = {
  'scheduler-file': true,
  join: true,
  listen: true,
  nthreads: true,
  'memory-limit': true,
  'local-directory': true,
  name: true,
  resources: true,
  isolation: true,
  'inclusive-workers': false,
  'exclusive-workers': false,
} as const;
type Name = keyof typeof OPTIONS;

/** Options of `par run` that mean nothing for ranks without a program of the user's. */
const SENSELESS = ['watch', 'stdin', 'wdir', 'wd', 'timeout', 'stack-on-timeout', 'max-restarts', 'on-fail'];

/** What the workers are made with: options of the futures layer. */
export interface WorkerRole {
  readonly nthreads?: number;
  readonly memoryLimit?: number;
  readonly spillDirectory?: string;
  readonly name?: string;
  readonly resources?: Readonly<Record<string, number>>;
  readonly isolation?: 'thread' | 'process';
}

export interface ClusterRequest {
  readonly run: RunOptions;
  readonly schedulerFile: string;
  readonly role: WorkerRole;
  readonly part: Founding | Joining;
}

export interface Founding {
  readonly kind: 'founds';
  /** The scheduler's rank works too. */
  readonly inclusive: boolean;
  /** Where processes of other hosts may join, `tcp:host:port`. */
  readonly door: string | undefined;
}

/** More workers for a cluster that runs. */
export interface Joining {
  readonly kind: 'joins';
}

/** The arguments of `par cluster`; `program`: what every rank runs. Throws UsageError; 'help' when that is all that was asked for. */
export function parseCluster(
  argv: readonly string[],
  program: string,
  env: NodeJS.ProcessEnv,
): ClusterRequest | 'help' {
  const { own, rest } = split(argv);
  const parsed = parseRun([...rest, program]);
  if (parsed === 'help') return 'help';
  const [segment] = parsed.segments;
  if (parsed.segments.length > 1 || segment!.program !== program || segment!.args.length > 0) {
    throw new UsageError(
      `par cluster runs no program: start ${segment!.program} by itself, in another terminal, with PAR_SCHEDULER_FILE set`,
    );
  }
  if (parsed.transport === 'mpi') throw new UsageError('--transport mpi: a cluster that others can join needs sockets');
  const run = { ...parsed, stdin: { kind: 'none' } as const };
  const role = roleOf(own);
  const join = own.get('join');
  if (join !== undefined) {
    const senseless = (['scheduler-file', 'listen', 'inclusive-workers', 'exclusive-workers'] as const).find((name) =>
      own.has(name),
    );
    if (senseless)
      throw new UsageError(`${spell(senseless)} is for the cluster itself, and --join adds workers to one that runs`);
    return { run, schedulerFile: resolve(join), role, part: { kind: 'joins' } };
  }
  const inclusive = own.has('inclusive-workers');
  if (segment!.count === 1 && !inclusive) {
    throw new UsageError('-np 1 leaves no rank for workers: rank 0 is the scheduler (or say --inclusive-workers)');
  }
  const door = own.get('listen');
  return {
    run,
    schedulerFile: resolve(own.get('scheduler-file') ?? (env.PAR_SCHEDULER_FILE || DEFAULT_FILE)),
    role,
    part: { kind: 'founds', inclusive, door: door === undefined ? undefined : parseDoor(door, '--listen') },
  };
}

function split(argv: readonly string[]): { own: Map<Name, string>; rest: string[] } {
  const own = new Map<Name, string>();
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const token = argv[at]!;
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(token);
    const name = match?.[1] as Name | undefined;
    if (name !== undefined && SENSELESS.includes(name)) {
      throw new UsageError(`--${name} is for programs, and par cluster runs none`);
    }
    if (name === undefined || !(name in OPTIONS)) {
      rest.push(token);
      continue;
    }
    let value = match![2];
    if (!OPTIONS[name] && value !== undefined) throw new UsageError(`${spell(name)} takes no value`);
    if (OPTIONS[name]) value ??= argv[++at];
    if (value === undefined && OPTIONS[name]) throw new UsageError(`${spell(name)} needs a value`);
    own.set(name, value ?? '');
  }
  return { own, rest };
}

function roleOf(own: ReadonlyMap<Name, string>): WorkerRole {
  const read = <T>(name: Name, parse: (text: string, option: string) => T): T | undefined => {
    const text = own.get(name);
    return text === undefined ? undefined : parse(text, spell(name));
  };
  const nthreads = read('nthreads', parsePositive);
  const memoryLimit = read('memory-limit', parseBytes);
  const spillDirectory = read('local-directory', (path) => resolve(path));
  const name = own.get('name');
  const resources = read('resources', parseResources);
  const isolation = read('isolation', (text, option) =>
    parseChoice<'thread' | 'process'>(text, ['thread', 'process'], option),
  );
  return {
    ...(nthreads !== undefined && { nthreads }),
    ...(memoryLimit !== undefined && { memoryLimit }),
    ...(spillDirectory !== undefined && { spillDirectory }),
    ...(name !== undefined && { name }),
    ...(resources !== undefined && { resources }),
    ...(isolation !== undefined && { isolation }),
  };
}

const BYTES = { '': 0, k: 1, m: 2, g: 3, t: 4 } as const;

/** `500MB`, `4GiB`, `2g`; a bare number is bytes. */
function parseBytes(text: string, option: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b)?$/i.exec(text);
  if (!match) throw new UsageError(`${option}: "${text}" is not an amount of memory (write 500MB or 4GiB)`);
  const base = match[3]?.toLowerCase() === 'ib' ? 1024 : 1000;
  const bytes = Math.floor(Number(match[1]) * base ** BYTES[match[2]!.toLowerCase() as keyof typeof BYTES]);
  if (bytes < 1) throw new UsageError(`${option}: "${text}" is no memory at all`);
  return bytes;
}

/** `GPU=2,disk=1`. */
function parseResources(text: string, option: string): Record<string, number> {
  return Object.fromEntries(
    text.split(',').map((term) => {
      const match = /^([^=\s]+)=(\d+(?:\.\d+)?)$/.exec(term.trim());
      if (!match) throw new UsageError(`${option}: "${term}" is not a resource (write GPU=2,disk=1)`);
      return [match[1]!, Number(match[2])];
    }),
  );
}

export const CLUSTER_USAGE = `usage: par cluster [options]

Starts a scheduler (rank 0) and workers (all other ranks) that clients in other processes join: a script that calls
initialize({ schedulerFile: 'FILE' }), or plain initialize() with PAR_SCHEDULER_FILE=FILE in its environment. Workers that
die are replaced. Ends with Ctrl-C, or when a client calls client.shutdown().

  --scheduler-file FILE     where to write how it is joined (default PAR_SCHEDULER_FILE, or ./${DEFAULT_FILE}):
                            readable by you only, removed at the end
  --listen ADDRESS[:PORT]   let clients and workers of other hosts in, over TCP, at a network interface or address of this one
                            (default: only processes on the cluster's own hosts can join)
  --join FILE               add workers to the cluster of this scheduler file instead: -np of them, no scheduler
  -np N                     ranks: the scheduler and N-1 workers (default auto: one per available core)
  --nthreads N              tasks a worker runs at a time (default: its share of the cores)
  --memory-limit SIZE       memory a worker may use for data, such as 4GiB (default: its share)
  --local-directory DIR     where workers put data that memory has no room for
  --name NAME               workers are called NAME-RANK
  --resources GPU=2,...     abstract resources of every worker
  --isolation process       tasks run in a child process of the worker, which is started again when it crashes
  --inclusive-workers       rank 0 works too
  -H, --hostfile, --ppn, --ssh, --secure, -x, --node-args, --output, --log-dir, --grace, --heartbeat, --dry-run
                            as for par run (par help run)

Exit status: 0 a client has shut it down · 130 Ctrl-C · 143 SIGTERM · 125 par could not start it · otherwise that of the
scheduler. With --join: 0 the cluster was shut down · 113 it is gone.
`;

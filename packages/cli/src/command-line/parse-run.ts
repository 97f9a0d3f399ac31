import { UsageError } from '../usage-error.ts';
import { nearest } from './nearest.ts';
import { findOption, type OptionSpec, RUN_OPTIONS, type RunOptionName, spell } from './options.ts';
import { parseChoice, parseCount, parseDuration, parsePositive, parseRank, parseRanks, splitWords } from './values.ts';

/** One program of the job and how many ranks run it. */
export interface Segment {
  readonly count: number | 'auto';
  readonly program: string;
  readonly args: readonly string[];
  /** In the order given: later ones win. */
  readonly environment: readonly EnvironmentRequest[];
  readonly nodeArgs: readonly string[];
  readonly wdir: string | undefined;
}

export type EnvironmentRequest =
  | { readonly kind: 'set'; readonly name: string; readonly value: string }
  | { readonly kind: 'pass'; readonly pattern: string }
  | { readonly kind: 'file'; readonly path: string };

export type StdinMode = { readonly kind: 'none' | 'all' } | { readonly kind: 'rank'; readonly rank: number };

export interface RunOptions {
  readonly segments: readonly Segment[];
  readonly transport: 'tcp' | 'mpi' | 'auto';
  /** Hosts, as typed. */
  readonly host: string | undefined;
  readonly hostFile: string | undefined;
  /** Ranks per host. */
  readonly ppn: number | undefined;
  /** The program that reaches other hosts, with its arguments. */
  readonly ssh: string;
  /** Silence after which a host is lost. */
  readonly heartbeatMs: number;
  /** TLS 1.3 on every connection, with a key made from the job's secret. */
  readonly secure: boolean;
  readonly output: 'line' | 'raw' | 'group' | 'json';
  readonly labels: boolean;
  readonly timestamps: boolean;
  /** Ranks whose output is shown; undefined: all. */
  readonly ranks: readonly { readonly first: number; readonly last: number }[] | undefined;
  readonly logDir: string | undefined;
  readonly stdin: StdinMode;
  readonly onFail: 'kill' | 'wait' | 'ignore';
  readonly graceMs: number;
  /** How often a job that has failed is started again. */
  readonly maxRestarts: number;
  readonly timeoutMs: number | undefined;
  readonly stackOnTimeout: boolean;
  readonly inspect: { readonly flag: '--inspect' | '--inspect-brk'; readonly rank: number | undefined } | undefined;
  readonly cpuProf: boolean;
  readonly watch: boolean;
  readonly dryRun: boolean;
}

/** The arguments of `par run`. Throws UsageError; returns 'help' when that is all that was asked for. */
export function parseRun(argv: readonly string[]): RunOptions | 'help' {
  const global = new Map<RunOptionName, string>();
  const segments: Segment[] = [];
  let rest = argv;
  for (;;) {
    const { options, program, args, next } = parseSegment(rest, global);
    if (global.has('help')) return 'help';
    if (program === undefined) {
      // An option that lacks its value has taken the program for it: that is what has to be said.
      runOptions(global, segments);
      throw new UsageError(
        segments.length > 0 ? 'a program is missing after ":"' : 'no program given: par run -np 4 script.ts',
      );
    }
    const first = segments[0];
    segments.push({
      count: options.count ?? 'auto',
      program,
      args,
      environment: [...(first?.environment ?? []), ...options.environment],
      nodeArgs: [...(first?.nodeArgs ?? []), ...options.nodeArgs],
      wdir: options.wdir ?? first?.wdir,
    });
    if (options.count === undefined && (next !== undefined || segments.length > 1)) {
      throw new UsageError(`-np is missing before ${program}: each of several programs needs its own`);
    }
    if (next === undefined) break;
    rest = next;
  }
  return runOptions(global, segments);
}

interface SegmentOptions {
  count: number | 'auto' | undefined;
  environment: EnvironmentRequest[];
  nodeArgs: string[];
  wdir: string | undefined;
}

function parseSegment(tokens: readonly string[], global: Map<RunOptionName, string>) {
  const options: SegmentOptions = { count: undefined, environment: [], nodeArgs: [], wdir: undefined };
  let at = 0;
  // After "--" a lone ":" belongs to the script like everything else.
  let separates = true;
  for (; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token === '--') {
      separates = false;
      at++;
      break;
    }
    if (!token.startsWith('-') || token === '-') break;
    const { spec, name, attached } = readOption(token);
    let value = attached ?? '';
    if (spec.value === 'none' && attached !== undefined) throw new UsageError(`${spell(name)} takes no value`);
    if (spec.value === 'required' && attached === undefined) {
      const following = tokens[++at];
      if (following === undefined) throw new UsageError(`${spell(name)} needs a value: ${spell(name)} ${spec.hint}`);
      value = following;
    }
    apply(spec.names[0], spell(name), value, options, global);
  }
  const colon = separates ? tokens.indexOf(':', at) : -1;
  const end = colon < 0 ? tokens.length : colon;
  const next = colon < 0 ? undefined : tokens.slice(colon + 1);
  return { options, program: at < end ? tokens[at] : undefined, args: tokens.slice(at + 1, end), next };
}

function readOption(token: string): {
  spec: NonNullable<ReturnType<typeof findOption>>;
  name: string;
  attached?: string;
} {
  const count = /^-(np?)(\d+|auto)$/.exec(token);
  if (count) return { spec: findOption('np')!, name: count[1]!, attached: count[2]! };
  const match = /^--?([^=]+)(?:=(.*))?$/s.exec(token);
  const name = match?.[1] ?? token;
  const spec = findOption(name);
  if (spec) return match?.[2] === undefined ? { spec, name } : { spec, name, attached: match[2] };
  const known = RUN_OPTIONS.flatMap((option: OptionSpec) => [...option.names]);
  const meant = nearest(name, known);
  throw new UsageError(`unknown option ${token}${meant ? `; did you mean ${spell(meant)}?` : ' (see par help run)'}`);
}

function apply(
  option: RunOptionName,
  spelled: string,
  value: string,
  segment: SegmentOptions,
  global: Map<RunOptionName, string>,
): void {
  switch (option) {
    case 'np':
      segment.count = parseCount(value, spelled);
      return;
    case 'x':
      segment.environment.push(parseEnvironment(value));
      return;
    case 'env-file':
      segment.environment.push({ kind: 'file', path: value });
      return;
    case 'node-args':
      segment.nodeArgs.push(...splitWords(value, spelled));
      return;
    case 'wdir':
      segment.wdir = value;
      return;
    case 'host': {
      const before = global.get(option);
      global.set(option, before === undefined ? value : `${before},${value}`);
      return;
    }
    default:
      global.set(option, value);
  }
}

function parseEnvironment(text: string): EnvironmentRequest {
  const equals = text.indexOf('=');
  const name = equals < 0 ? text : text.slice(0, equals);
  if (!/^[^=\0]+$/.test(name)) throw new UsageError(`-x: "${text}" has no variable name (write -x NAME=value)`);
  return equals < 0 ? { kind: 'pass', pattern: name } : { kind: 'set', name, value: text.slice(equals + 1) };
}

function runOptions(given: ReadonlyMap<RunOptionName, string>, segments: readonly Segment[]): RunOptions {
  const read = <T>(name: RunOptionName, parse: (text: string, option: string) => T): T | undefined => {
    const text = given.get(name);
    return text === undefined ? undefined : parse(text, spell(name));
  };
  const choice = <T extends string>(name: RunOptionName, choices: readonly T[], otherwise: T): T =>
    read(name, (text, option) => parseChoice(text, choices, option)) ?? otherwise;

  const options: RunOptions = {
    segments,
    transport: choice('transport', ['tcp', 'mpi', 'auto'], 'auto'),
    host: given.get('host'),
    hostFile: given.get('hostfile'),
    ppn: read('ppn', parsePositive),
    ssh: given.get('ssh') ?? (process.env.PAR_SSH || 'ssh'),
    heartbeatMs: read('heartbeat', parseDuration) ?? 15_000,
    output: choice('output', ['line', 'raw', 'group', 'json'], 'line'),
    labels: !given.has('no-label'),
    timestamps: given.has('timestamps'),
    ranks: read('ranks', parseRanks),
    logDir: given.get('log-dir') ?? (given.has('cpu-prof') ? 'par-logs' : undefined),
    stdin: read('stdin', parseStdin) ?? { kind: 'rank', rank: 0 },
    onFail: choice('on-fail', ['kill', 'wait', 'ignore'], 'kill'),
    graceMs: read('grace', parseDuration) ?? 5000,
    maxRestarts: read('max-restarts', parseRestarts) ?? 0,
    timeoutMs: read('timeout', parseDuration),
    stackOnTimeout: given.has('stack-on-timeout'),
    inspect: read('inspect-brk', parseInspect('--inspect-brk')) ?? read('inspect', parseInspect('--inspect')),
    cpuProf: given.has('cpu-prof'),
    watch: given.has('watch'),
    secure: given.has('secure'),
    dryRun: given.has('dry-run'),
  };
  if (options.heartbeatMs < 500) throw new UsageError('--heartbeat: must be 500ms or longer');
  if (options.timeoutMs === 0) throw new UsageError('--timeout: must be longer than 0');
  if (options.stackOnTimeout && options.timeoutMs === undefined) {
    throw new UsageError('--stack-on-timeout needs a --timeout');
  }
  return options;
}

function parseRestarts(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new UsageError(`${option}: "${text}" is not a number`);
  return Number(text);
}

function parseStdin(text: string, option: string): StdinMode {
  if (text === 'none' || text === 'all') return { kind: text };
  if (!/^\d+$/.test(text)) throw new UsageError(`${option}: "${text}" is none of all, none and a rank`);
  return { kind: 'rank', rank: Number(text) };
}

function parseInspect(flag: '--inspect' | '--inspect-brk') {
  return (text: string, option: string) => ({ flag, rank: text === '' ? undefined : parseRank(text, option) });
}

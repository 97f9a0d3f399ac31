import { statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import type { RunOptions, Segment, StdinMode } from '../command-line/parse-run.ts';
import { UsageError } from '../usage-error.ts';
import { programEnvironment } from './environment.ts';
import { type Program, resolveProgram } from './program.ts';
import type { RankPlan } from './rank-process.ts';
import { inputBelongsToOthers } from './terminal.ts';

const INSPECTOR_PORT = 9229;

/** A program of the job, found, with the environment all its ranks share. */
export interface ResolvedSegment {
  readonly count: number;
  readonly program: Program;
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** Finds the programs and counts the ranks. Throws UsageError (125, 126, 127) before anything is started. */
export function resolveSegments(options: RunOptions): { segments: ResolvedSegment[]; size: number } {
  const segments = options.segments.map((segment) => resolveSegment(segment, options.transport === 'mpi'));
  const size = segments.reduce((sum, segment) => sum + segment.count, 0);
  checkRank(options.stdin.kind === 'rank' ? options.stdin.rank : undefined, size, '--stdin');
  checkRank(options.inspect?.rank, size, options.inspect?.flag ?? '');
  for (const { last } of options.ranks ?? []) checkRank(last, size, '--ranks');
  return { segments, size };
}

function checkRank(rank: number | undefined, size: number, option: string): void {
  if (rank !== undefined && rank >= size) {
    throw new UsageError(`${option}: there is no rank ${rank}, the last one is ${size - 1}`);
  }
}

function resolveSegment(
  { count, program, args, environment, nodeArgs, wdir }: Segment,
  configuresMpi: boolean,
): ResolvedSegment {
  const cwd = resolve(wdir ?? '.');
  if (wdir !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--wdir ${wdir}: no such directory`);
  }
  const env = programEnvironment(process.env, environment, configuresMpi);
  return {
    count: count === 'auto' ? availableParallelism() : count,
    program: resolveProgram(program, cwd, env.PATH),
    args,
    nodeArgs,
    env,
    cwd,
  };
}

/** The ranks of the job, in order. `environment`: what each is told; `preloads`: modules Node loads before the script. */
export function planRanks(
  segments: readonly ResolvedSegment[],
  options: RunOptions,
  environment: (rank: number, appnum: number) => Record<string, string>,
  preloads: readonly string[] = [],
): RankPlan[] {
  return segments
    .flatMap((segment, appnum) => Array.from({ length: segment.count }, () => ({ segment, appnum })))
    .map(({ segment, appnum }, rank) => {
      const { program } = segment;
      const node = program.kind === 'node' ? [...nodeArguments(options, rank), ...segment.nodeArgs] : [];
      const loads = program.kind === 'node' ? preloads.flatMap((url) => ['--import', url]) : [];
      return {
        rank,
        appnum,
        file: program.file,
        args: [...program.nodeArgs, ...loads, ...node, ...program.script, ...segment.args],
        env: { ...segment.env, ...environment(rank, appnum) },
        cwd: segment.cwd,
        stdin: stdinOf(options.stdin, rank),
      };
    });
}

function nodeArguments({ inspect, cpuProf, stackOnTimeout, logDir }: RunOptions, rank: number) {
  const args: string[] = [];
  if (inspect && (inspect.rank === undefined || inspect.rank === rank)) {
    args.push(`${inspect.flag}=127.0.0.1:${INSPECTOR_PORT + rank}`);
  } else if (stackOnTimeout) {
    // Opens nothing: where the debugger would listen if SIGUSR1 asked for it.
    args.push('--inspect-port=127.0.0.1:0');
  }
  if (cpuProf && logDir !== undefined) {
    args.push('--cpu-prof', `--cpu-prof-dir=${resolve(logDir)}`, `--cpu-prof-name=rank-${rank}.cpuprofile`);
  }
  return args;
}

function stdinOf(mode: StdinMode, rank: number): RankPlan['stdin'] {
  if (mode.kind === 'all') return 'pipe';
  return mode.kind === 'rank' && mode.rank === rank && !inputBelongsToOthers() ? 'inherit' : 'ignore';
}

export function rendezvousPath(directory: string): string {
  return join(directory, 'rendezvous.sock');
}

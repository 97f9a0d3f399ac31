import { statSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { availableCores } from '@par/comm-core';
import type { RunOptions, Segment, StdinMode } from '../command-line/parse-run.ts';
import { UsageError } from '../usage-error.ts';
import { requestedEnvironment, withoutLaunchers } from './environment.ts';
import { assumeProgram, type Program, resolveProgram } from './program.ts';
import type { RankPlan } from './rank-process.ts';
import { inputBelongsToOthers } from './terminal.ts';

export const INSPECTOR_PORT = 9229;

/** A program of the job, found, with the environment all its ranks share. */
export interface ResolvedSegment {
  readonly count: number;
  readonly program: Program;
  readonly args: readonly string[];
  readonly nodeArgs: readonly string[];
  /** What was asked for: all that ranks of other hosts get of it. */
  readonly requested: Readonly<Record<string, string>>;
  /** That and our own environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** The hosts of a job that has several. */
export interface Hosts {
  /** What `-np auto` means. */
  readonly totalSlots: number;
  /** This host is one of them. */
  readonly includesThis: boolean;
}

/** Finds the programs and counts the ranks. Throws UsageError (125, 126, 127) before anything is started. */
export function resolveSegments(options: RunOptions, hosts?: Hosts): { segments: ResolvedSegment[]; size: number } {
  const segments = options.segments.map((segment) => resolveSegment(segment, options.transport === 'mpi', hosts));
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
  hosts: Hosts | undefined,
): ResolvedSegment {
  const cwd = resolve(wdir ?? '.');
  const here = hosts?.includesThis ?? true;
  if (here && wdir !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new UsageError(`--wdir ${wdir}: no such directory`);
  }
  const requested = requestedEnvironment(process.env, environment);
  const env = { ...withoutLaunchers(process.env, configuresMpi), ...requested };
  return {
    count: count === 'auto' ? (hosts?.totalSlots ?? availableCores()) : count,
    // Other hosts look for it themselves.
    program: here ? resolveProgram(program, cwd, env.PATH) : assumeProgram(program),
    args,
    nodeArgs,
    requested,
    env,
    cwd,
  };
}

export interface Planning {
  /** What each rank is told. */
  environment(rank: number, appnum: number): Record<string, string>;
  /** Modules Node loads before the script. */
  readonly preloads?: readonly string[];
  /** Name of a rank's host; undefined: this one. Ranks elsewhere get the environment of their host. */
  otherHost?(rank: number): string | undefined;
}

/** The ranks of the job, in order. */
export function planRanks(
  segments: readonly ResolvedSegment[],
  options: RunOptions,
  { environment, preloads = [], otherHost = () => undefined }: Planning,
): RankPlan[] {
  return segments
    .flatMap((segment, appnum) => Array.from({ length: segment.count }, () => ({ segment, appnum })))
    .map(({ segment, appnum }, rank) => {
      const { program } = segment;
      const other = otherHost(rank);
      const node = program.kind === 'node' ? [...nodeArguments(options, rank), ...segment.nodeArgs] : [];
      const loads = program.kind === 'node' ? preloads.flatMap((url) => ['--import', url]) : [];
      return {
        rank,
        appnum,
        file: program.file,
        args: [...program.nodeArgs, ...loads, ...node, ...program.script, ...segment.args],
        env: { ...(other === undefined ? segment.env : segment.requested), ...environment(rank, appnum) },
        cwd: segment.cwd,
        stdin: stdinOf(options.stdin, rank, other !== undefined),
        host: other ?? hostname(),
        stacks: options.stackOnTimeout && program.kind === 'node',
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

function stdinOf(mode: StdinMode, rank: number, elsewhere: boolean): RankPlan['stdin'] {
  if (mode.kind === 'all') return 'pipe';
  if (mode.kind !== 'rank' || mode.rank !== rank || inputBelongsToOthers()) return 'ignore';
  return elsewhere ? 'pipe' : 'inherit';
}

export function rendezvousPath(directory: string): string {
  return join(directory, 'rendezvous.sock');
}

import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { basename, join } from 'node:path';
import type { RunOptions } from '../command-line/parse-run.ts';
import { signalGroup } from '../run/end-group.ts';
import { isPeerLoss, type RankEnd } from '../run/exit-policy.ts';
import { planRanks, type ResolvedSegment } from '../run/plan.ts';
import type { Rank, RankEvents, RankPlan } from '../run/rank-process.ts';
import type { Setting, Starter, StarterEvents } from '../run/starter.ts';
import { Tail } from '../run/stderr-tail.ts';
import { UsageError } from '../usage-error.ts';
import { choosePair } from './choose.ts';
import { type LauncherCommand, launcherCommand } from './command.ts';
import { Fifo, FifoInput, makeFifos } from './fifo.ts';
import { endOfStatus, MpiRank } from './mpi-rank.ts';
import { loadMpiPackage } from './package.ts';
import { wrapperCommand } from './rank-wrapper.ts';

/** Loaded by every Node rank. */
const REPORT_EXIT = new URL('report-exit.js', import.meta.url).href;

/** How long a launcher whose rank was ended by a signal has to end the others, itself and its words, and a rank that is leaving to do so. */
const CAUSE_MS = 5000;
/** What a launcher gets to tidy up after its ranks were killed. */
const TIDY_MS = 2000;
/** How often ranks that outlive their launcher are looked at. */
const LOOK_MS = 50;
/** Words of the launcher wait this long: just before a failure, they are about that. */
const WORDS_MS = 300;

interface MpiCommand extends LauncherCommand {
  readonly plans: readonly RankPlan[];
}

/** What is started. Throws UsageError for what MPI cannot do. */
async function jobCommand({ options, segments, id, directory }: Setting): Promise<MpiCommand> {
  const wrapper = wrapperCommand(directory);
  return command(options, segments, {
    wrapper,
    directory,
    preloads: [REPORT_EXIT],
    env: { PAR_JOB: id, PAR_RUN_DIRECTORY: directory },
  });
}

/** For --dry-run: a command that does the same without par watching over it. */
export function plainCommand(options: RunOptions, segments: readonly ResolvedSegment[]): Promise<LauncherCommand> {
  return command(options, segments, { wrapper: [], directory: undefined, preloads: [], env: {} });
}

interface Watch {
  readonly wrapper: readonly string[];
  readonly directory: string | undefined;
  readonly preloads: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

async function command(
  options: RunOptions,
  segments: readonly ResolvedSegment[],
  { wrapper, directory, preloads, env }: Watch,
): Promise<MpiCommand> {
  checkOptions(options);
  const { tools, module } = await loadMpiPackage(join(segments[0]!.cwd, options.segments[0]!.program));
  const { launcher, addon } = choosePair(tools, process.env);
  const environment = (_rank: number, appnum: number): Record<string, string> => ({
    ...env,
    PAR_APPNUM: String(appnum),
    PAR_TRANSPORT: 'mpi',
    PAR_TRANSPORT_MODULE: module,
    PAR_MPI_ADDON: addon.path,
    ...(segments[appnum]!.env.PAR_MPI_RANKS === undefined && { PAR_MPI_RANKS: parRanks(segments) }),
  });
  const plans = planRanks(segments, options, { environment, preloads });
  const launch = launcherCommand({
    launcher,
    plans,
    wrapper,
    cwd: process.cwd(),
    root: process.getuid?.() === 0,
    directory,
  });
  return { ...launch, plans };
}

/** Ranks that are programs of Node and so run par, which must know when others do not; programs that start Node themselves say PAR_MPI_RANKS=all. */
function parRanks(segments: readonly ResolvedSegment[]): string {
  const kinds = segments.flatMap(({ count, program }) => Array.from({ length: count }, () => program.kind));
  const ranks = kinds.flatMap((kind, rank) => (kind === 'node' ? [rank] : []));
  return ranks.length === 0 || ranks.length === kinds.length ? 'all' : ranks.join();
}

function checkOptions({ onFail, stackOnTimeout, secure }: RunOptions): void {
  if (secure) throw new UsageError('--secure: MPI has its own network; leave it out with --transport mpi');
  if (onFail !== 'kill') {
    throw new UsageError(`--on-fail ${onFail}: MPI ends all ranks when one fails; leave it out with --transport mpi`);
  }
  if (stackOnTimeout) throw new UsageError('--stack-on-timeout: not with --transport mpi; use --transport tcp');
}

/** Ranks that MPI ends because another one failed end by these. */
function isConsequence(end: RankEnd): boolean {
  return isPeerLoss(end) || (end.kind === 'signal' && (end.signal === 'SIGTERM' || end.signal === 'SIGKILL'));
}

/** Ranks started by the launcher of an MPI, on this host. */
export async function mpiStarter(setting: Setting, events: StarterEvents): Promise<Starter> {
  const command = await jobCommand(setting);
  const launch = new MpiLaunch(setting, command, events);
  return {
    plans: command.plans,
    causeMs: CAUSE_MS,
    isConsequence,
    start: (rankEvents) => launch.start(rankEvents),
    started: () => Promise.resolve(),
    rankEnded: () => Promise.resolve(),
    pending: () => Promise.reject(new Error('ranks of MPI cannot be asked')),
    close: () => launch.close(),
  };
}

/** The launcher's process, and what the ranks report through the control FIFO. */
class MpiLaunch {
  readonly #setting: Setting;
  readonly #command: MpiCommand;
  readonly #events: StarterEvents;
  readonly #control: Fifo;
  readonly #name: string;
  readonly #words = new Tail();
  readonly #ended = Promise.withResolvers<void>();
  #ranks: readonly MpiRank[] = [];
  #child: ChildProcess | undefined;
  #unfinished = '';
  #look: NodeJS.Timeout | undefined;
  #tidying: NodeJS.Timeout | undefined;
  #said = '';
  #saying: NodeJS.Timeout | undefined;

  constructor(setting: Setting, command: MpiCommand, events: StarterEvents) {
    this.#setting = setting;
    this.#command = command;
    this.#events = events;
    this.#name = basename(command.file);
    const { directory } = setting;
    const names = command.plans.flatMap(({ rank, stdin }) =>
      ['stdout', 'stderr', ...(stdin === 'ignore' ? [] : ['stdin'])].map((stream) => `${rank}.${stream}`),
    );
    makeFifos(['control', ...names].map((name) => join(directory, name)));
    this.#control = new Fifo(join(directory, 'control'));
  }

  start(events: RankEvents): readonly Rank[] {
    const { directory, reaper } = this.#setting;
    const { plans, file, args, env } = this.#command;
    this.#ranks = plans.map((plan) => {
      const path = (name: string): string => join(directory, `${plan.rank}.${name}`);
      const streams = { stdout: new Fifo(path('stdout')), stderr: new Fifo(path('stderr')) };
      const input = plan.stdin === 'ignore' ? undefined : new FifoInput(path('stdin'));
      return new MpiRank({ plan, events, reaper, streams, input, onKill: () => this.#tidyUp() });
    });
    this.#control.stream.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    const child = spawn(file, args, { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    child.on('error', (error) => this.#launcherEnded(125, error.message));
    if (child.pid === undefined) return this.#ranks;
    reaper.add(child.pid);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Uint8Array) => this.#say(chunk));
    child.on('close', (code, signal) => this.#launcherEnded(code ?? 128 + constants.signals[signal!], undefined));
    return this.#ranks;
  }

  async close(): Promise<void> {
    // All ranks have ended, and MPI's launcher follows them, unless it hangs.
    this.#tidyUp();
    await this.#ended.promise;
    clearTimeout(this.#tidying);
    clearInterval(this.#look);
    this.#control.release();
    this.#control.stream.destroy();
  }

  /** Lines "start RANK PID GROUP", "exit RANK PID CODE", "end RANK STATUS" and our own "launcher STATUS". */
  #hear(text: string): void {
    const lines = (this.#unfinished + text).split('\n');
    this.#unfinished = lines.pop()!;
    for (const line of lines) {
      const [word, ...numbers] = line.split(' ');
      const [first, second, third] = numbers.map(Number) as [number, number, number];
      const rank = this.#ranks[first];
      if (word === 'launcher') this.#launcherGone(first);
      else if (word === 'start') rank?.started(second, third);
      else if (word === 'end') this.#rankEnded(rank, second);
      else if (word === 'exit' && rank?.pid === second) {
        rank.leaves(third);
        if (third !== 0) this.#events.job()?.rankLeaves(first, third);
      }
    }
  }

  #rankEnded(rank: MpiRank | undefined, status: number): void {
    if (rank === undefined) return;
    // The launcher ends the others of a rank that failed just as par would.
    if (!rank.failed && this.#failed && isConsequence(endOfStatus(status))) rank.signalled = true;
    rank.ended(status);
  }

  get #failed(): boolean {
    return this.#ranks.some((rank) => rank.failed);
  }

  #launcherEnded(status: number, problem: string | undefined): void {
    if (problem !== undefined) this.#words.push(Buffer.from(`${problem}\n`));
    if (this.#child?.pid !== undefined) this.#setting.reaper.delete(this.#child.pid);
    // Behind everything its ranks have reported.
    this.#control.write(`launcher ${status}`);
    clearTimeout(this.#tidying);
    this.#ended.resolve();
  }

  #launcherGone(status: number): void {
    clearTimeout(this.#saying);
    const job = this.#events.job();
    const complete = this.#ranks.every((rank) => !rank.alive);
    const none = this.#ranks.every((rank) => rank.pid === undefined);
    job?.launcherEnded({ name: this.#name, status: none ? 125 : status, words: this.#words.lines }, complete);
    if (!job?.ending) this.#flushWords();
    if (complete) return;
    const look = (): void => {
      for (const rank of this.#ranks) rank.orphaned();
      if (this.#ranks.every((rank) => !rank.alive)) clearInterval(this.#look);
    };
    this.#look = setInterval(look, LOOK_MS);
    look();
  }

  /** What the launcher says itself: shown as it comes, but not when a failure follows, which the summary describes. */
  #say(chunk: Uint8Array): void {
    this.#words.push(chunk);
    this.#said += Buffer.from(chunk).toString();
    this.#saying ??= setTimeout(() => this.#flushWords(), WORDS_MS);
  }

  #flushWords(): void {
    this.#saying = undefined;
    const lines = this.#said.split('\n').filter((line) => line.trim() !== '');
    this.#said = '';
    if (this.#failed || this.#events.job()?.ending) return;
    for (const line of lines) this.#events.note(`${this.#name}: ${line}`);
  }

  #tidyUp(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    this.#tidying ??= setTimeout(() => signalGroup(pid, 'SIGKILL'), TIDY_MS);
  }
}

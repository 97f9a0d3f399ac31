import { type ChildProcess, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { StreamName } from '../output/output.ts';
import { DebuggerLines } from './debugger-lines.ts';
import { endGroup, type Remains, signalGroup } from './end-group.ts';
import type { RankEnd } from './exit-policy.ts';
import { stackOf } from './rank-stack.ts';
import type { Reaper } from './reaper.ts';

/** Everything needed to start one rank. */
export interface RankPlan {
  readonly rank: number;
  readonly appnum: number;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly stdin: 'ignore' | 'inherit' | 'pipe';
  /** Name of the host it runs on. */
  readonly host: string;
  /** Its stack may be asked for: a Node program started with a debugger that is closed. */
  readonly stacks: boolean;
}

export interface RankEvents {
  output(rank: number, stream: StreamName, chunk: Uint8Array): void;
  outputEnded(rank: number, stream: StreamName): void;
  ended(rank: number, end: RankEnd): void;
  /** Ended, and both streams read to their ends. */
  closed(rank: number): void;
}

/** A started rank, whoever its parent is. */
export interface Rank {
  readonly plan: RankPlan;
  readonly startedAt: Date;
  readonly endedAt: Date | undefined;
  readonly end: RankEnd | undefined;
  /** Undefined until it is known, or when it could not be started. */
  readonly pid: number | undefined;
  /** Its standard input, if par writes there. */
  readonly stdin: Writable | undefined;
  readonly alive: boolean;
  /** par has sent it a signal that ends processes, so its end is not its own. */
  signalled: boolean;
  /** Sends a signal to the rank's whole process group; false when nothing is left of it. */
  signal(signal: NodeJS.Signals): boolean;
  /** Stops or goes on reading what the rank writes; its pipes fill up meanwhile and it waits. */
  pause(paused: boolean): void;
  /** Of a rank that has ended: ends what it left behind, and stops reading after `graceMs` without output. */
  endGroup(graceMs: number): void;
  /** Where its program is, innermost call first, or words that say why that is unknown. */
  stack(signal: AbortSignal): Promise<string | readonly string[]>;
}

/** Status a shell gives for a program that could not be started. */
const NOT_STARTED: Readonly<Record<string, number>> = { ENOENT: 127, EACCES: 126, ENOEXEC: 126 };

/** One rank: a process in a session and process group of its own, so that signals reach its children and only them. */
export class RankProcess implements Rank {
  readonly plan: RankPlan;
  readonly startedAt = new Date();
  endedAt: Date | undefined;
  end: RankEnd | undefined;
  signalled = false;
  readonly #child: ChildProcess | undefined;
  readonly #events: RankEvents;
  readonly #reaper: Reaper;
  readonly #debugger: DebuggerLines | undefined;
  #openStreams = 2;
  #lastOutput = 0;
  #paused = false;

  constructor(plan: RankPlan, events: RankEvents, reaper: Reaper) {
    this.plan = plan;
    this.#events = events;
    this.#reaper = reaper;
    this.#debugger = plan.stacks ? new DebuggerLines() : undefined;
    try {
      this.#child = spawn(plan.file, plan.args, {
        cwd: plan.cwd,
        env: plan.env,
        detached: true,
        stdio: [plan.stdin, 'pipe', 'pipe'],
      });
    } catch (error) {
      queueMicrotask(() => this.#notStarted(error as NodeJS.ErrnoException));
      return;
    }
    if (this.#child.pid === undefined) {
      this.#child.on('error', (error) => this.#notStarted(error));
      return;
    }
    reaper.add(this.#child.pid);
    this.#child.on('exit', (code, signal) => this.#exited(code, signal));
    this.#child.on('error', () => {});
    this.#read('stdout', this.#child.stdout!);
    this.#read('stderr', this.#child.stderr!);
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get stdin(): Writable | undefined {
    return this.#child?.stdin ?? undefined;
  }

  get alive(): boolean {
    return this.end === undefined;
  }

  /** Everything has ended: the process and its output. */
  get done(): boolean {
    return !this.alive && this.#openStreams === 0;
  }

  signal(signal: NodeJS.Signals): boolean {
    const pid = this.pid;
    return pid !== undefined && !this.done && signalGroup(pid, signal);
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    for (const stream of [this.#child?.stdout, this.#child?.stderr]) {
      if (paused) stream?.pause();
      else stream?.resume();
    }
  }

  #read(name: StreamName, stream: Readable): void {
    const { rank } = this.plan;
    stream.on('data', (chunk: Uint8Array) => {
      this.#lastOutput = performance.now();
      const shown = name === 'stderr' && this.#debugger ? this.#debugger.filter(chunk) : chunk;
      if (shown.length > 0) this.#events.output(rank, name, shown);
    });
    stream.on('error', () => {});
    stream.on('close', () => {
      this.#events.outputEnded(rank, name);
      this.#openStreams--;
      if (this.done) this.#events.closed(rank);
    });
  }

  #exited(code: number | null, signal: NodeJS.Signals | null): void {
    this.#finish(signal === null ? { kind: 'exit', code: code ?? 0 } : { kind: 'signal', signal });
    if (this.done) this.#events.closed(this.plan.rank);
  }

  #notStarted(error: NodeJS.ErrnoException): void {
    this.#openStreams = 0;
    this.#finish({ kind: 'not-started', status: NOT_STARTED[error.code ?? ''] ?? 125, message: error.message });
    this.#events.outputEnded(this.plan.rank, 'stdout');
    this.#events.outputEnded(this.plan.rank, 'stderr');
    this.#events.closed(this.plan.rank);
  }

  #finish(end: RankEnd): void {
    this.end = end;
    this.endedAt = new Date();
    this.#events.ended(this.plan.rank, end);
  }

  async stack(signal: AbortSignal): Promise<string | readonly string[]> {
    if (this.#debugger === undefined) return 'unknown: not a Node program';
    return stackOf(this.pid!, this.#debugger, signal);
  }

  endGroup(graceMs: number): void {
    const group = this.pid;
    if (group === undefined) return;
    const remains: Remains = {
      group,
      done: () => this.done,
      paused: () => this.#paused,
      lastOutput: () => this.#lastOutput,
      giveUp: () => {
        this.#child?.stdout?.destroy();
        this.#child?.stderr?.destroy();
      },
    };
    endGroup(remains, this.#reaper, graceMs);
  }
}

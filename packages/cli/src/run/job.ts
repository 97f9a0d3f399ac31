import { setTimeout as after } from 'node:timers/promises';
import { type Action, ExitPolicy, type LauncherEnd, type RankEnd } from './exit-policy.ts';
import type { Rank, RankEvents } from './rank-process.ts';

/** What starts another rank in place of one that has ended in this way; undefined: it is not to be replaced, or cannot be. */
export type Replacing = (rank: number, end: RankEnd) => ((events: RankEvents) => Rank) | undefined;

export interface JobOptions {
  /** Starts all ranks. */
  readonly start: (events: RankEvents) => readonly Rank[];
  /** Undefined: lost ranks are not replaced. */
  readonly replacing: Replacing | undefined;
  /** How long the cause of a consequence (a rank that ended because it lost another) is waited for. */
  readonly causeMs: number;
  /** Whether a rank that ended in this way did so because another one had. */
  readonly isConsequence: (end: RankEnd) => boolean;
  readonly onFail: 'kill' | 'wait' | 'ignore';
  readonly graceMs: number;
  readonly output: Pick<RankEvents, 'output' | 'outputEnded' | 'ended'>;
  /** A rank's process has ended; settles when all that it has said to par is heard. */
  lastWords(rank: number, end: RankEnd): Promise<void>;
  /** A rank is lost, and the job goes on without it, or with another in its place. */
  onSpare(lost: Rank, end: RankEnd, substitute: Rank | undefined): void;
  /** Ranks that did not end by themselves in the grace time are being killed. */
  onKill(): void;
}

/** The processes of one job, from the first to the last, and what is done when one of them fails. */
export class Job {
  /** In the order of their start. */
  readonly ranks: Rank[];
  readonly policy: ExitPolicy;
  /** Settles when every rank has ended and all it wrote has been read. */
  readonly ended: Promise<void>;
  /** par has begun to end it. */
  ending = false;
  readonly startedAt = new Date();
  readonly #graceMs: number;
  readonly #causeMs: number;
  readonly #onKill: () => void;
  readonly #onSpare: JobOptions['onSpare'];
  readonly #replacing: Replacing | undefined;
  readonly #events: RankEvents;
  readonly #leaving = new Set<number>();
  /** By rank: settled once its end was judged. */
  readonly #judged = new Map<number, Promise<void>>();
  #open: number;
  #settle: () => void = () => {};
  #graceTimer: NodeJS.Timeout | undefined;
  #causeTimer: NodeJS.Timeout | undefined;

  constructor(options: JobOptions) {
    const { start, replacing, causeMs, isConsequence, onFail, graceMs, output, lastWords, onSpare, onKill } = options;
    this.policy = new ExitPolicy(onFail, isConsequence);
    this.#causeMs = causeMs;
    this.#graceMs = graceMs;
    this.#onKill = onKill;
    this.#onSpare = onSpare;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    this.#replacing = replacing;
    this.#events = {
      output: (rank, stream, chunk) => output.output(rank, stream, chunk),
      outputEnded: (rank, stream) => output.outputEnded(rank, stream),
      ended: (rank, end) => {
        output.ended(rank, end);
        this.#process(rank).endGroup(graceMs);
        // That it aborts the job, or misses another, may be on its way still; a process it has left behind may hold the channel open.
        const heard = Promise.race([lastWords(rank, end), after(causeMs, undefined, { ref: false })]);
        this.#judged.set(
          rank,
          heard.then(() => this.#rankEnded(rank, end)),
        );
      },
      closed: (rank) => void this.#judged.get(rank)!.then(() => this.#rankClosed()),
    };
    this.ranks = [...start(this.#events)];
    this.#open = this.ranks.length;
  }

  /** Ranks that were told to end before they did so by themselves. */
  get endedByPar(): number {
    return this.ranks.filter((rank) => rank.signalled).length;
  }

  /** A rank aborts the job; it is left to end by itself. */
  abort(rank: number, status: number, reason: string): void {
    this.#leaving.add(rank);
    this.#act(this.policy.aborted(rank, status, reason), 'SIGTERM');
  }

  /** Kills a rank that the others have given up: its end is its own. False when there is no such process. */
  evict(rank: number): boolean {
    return this.ranks.find(({ plan, alive }) => alive && plan.rank === rank)?.signal('SIGKILL') ?? false;
  }

  /** A rank says that it is about to exit with `code`, not 0; it is left to do so by itself. */
  rankLeaves(rank: number, code: number): void {
    this.#leaving.add(rank);
    this.#act(this.policy.rankLeaves(rank, code), 'SIGTERM');
  }

  /** The MPI's launcher has ended; `complete`: after all its ranks. */
  launcherEnded(end: LauncherEnd, complete: boolean): void {
    this.#act(this.policy.launcherEnded(end, complete), 'SIGTERM');
  }

  timeout(): void {
    this.#act(this.policy.timedOut(), 'SIGTERM');
  }

  /** The person wants it to end: the first time politely, with the signal that came. */
  interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
    this.#act(this.policy.interrupted(signal), signal);
  }

  /** Ends it, to be started again by somebody else. */
  restart(): void {
    this.#act(this.policy.restarted(), 'SIGTERM');
  }

  /** `what` cannot be written, for the reason of this system's code. */
  outputLost(code: string, what?: string): void {
    this.#act(this.policy.outputLost(code, what), 'SIGTERM');
  }

  forward(signal: NodeJS.Signals): void {
    for (const rank of this.ranks) rank.signal(signal);
  }

  pause(paused: boolean): void {
    for (const rank of this.ranks) rank.pause(paused);
  }

  kill(): void {
    clearTimeout(this.#graceTimer);
    this.ending = true;
    for (const rank of this.ranks) {
      if (rank.alive && !this.#leaving.has(rank.plan.rank)) rank.signalled = true;
      rank.signal('SIGKILL');
    }
    this.#onKill();
  }

  #rankEnded(rank: number, end: RankEnd): void {
    const process = this.#process(rank);
    const start = this.ending ? undefined : this.#replacing?.(rank, end);
    const action = this.policy.rankEnded(rank, end, process.signalled, start !== undefined);
    if (action === 'spare') this.#onSpare(process, end, start && this.#replace(start));
    else this.#act(action, 'SIGTERM');
  }

  #process(rank: number): Rank {
    return this.ranks.find(({ plan }) => plan.rank === rank)!;
  }

  #replace(start: (events: RankEvents) => Rank): Rank {
    const substitute = start(this.#events);
    this.#open++;
    this.ranks.push(substitute);
    this.policy.expendable(substitute.plan.rank);
    return substitute;
  }

  #rankClosed(): void {
    if (--this.#open > 0) return;
    clearTimeout(this.#graceTimer);
    clearTimeout(this.#causeTimer);
    this.#settle();
  }

  #act(action: Action, signal: NodeJS.Signals): void {
    if (action === 'kill') this.kill();
    else if (action === 'end') this.#end(signal);
    else if (action === 'suspect') {
      this.#causeTimer ??= setTimeout(() => this.#act(this.policy.noCauseFound(), 'SIGTERM'), this.#causeMs);
    }
  }

  #end(signal: NodeJS.Signals): void {
    this.ending = true;
    clearTimeout(this.#causeTimer);
    for (const rank of this.ranks) {
      if (!rank.alive || this.#leaving.has(rank.plan.rank)) continue;
      rank.signalled = true;
      rank.signal(signal);
      // A stopped process only sees the signal once it goes on.
      rank.signal('SIGCONT');
    }
    this.#graceTimer ??= setTimeout(() => this.kill(), this.#graceMs);
  }
}

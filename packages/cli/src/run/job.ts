import { type Action, ExitPolicy, type RankEnd } from './exit-policy.ts';
import { type RankEvents, type RankPlan, RankProcess } from './rank-process.ts';
import type { Reaper } from './reaper.ts';

/** How long the cause of a consequence (a rank that ended because it lost another) is waited for. */
const CAUSE_MS = 500;

export interface JobOptions {
  readonly plans: readonly RankPlan[];
  readonly reaper: Reaper;
  readonly onFail: 'kill' | 'wait' | 'ignore';
  readonly graceMs: number;
  readonly output: Pick<RankEvents, 'output' | 'outputEnded' | 'ended'>;
  /** Ranks that did not end by themselves in the grace time are being killed. */
  onKill(): void;
}

/** The processes of one job, from the first to the last, and what is done when one of them fails. */
export class Job {
  readonly ranks: readonly RankProcess[];
  readonly policy: ExitPolicy;
  /** Settles when every rank has ended and all it wrote has been read. */
  readonly ended: Promise<void>;
  /** par has begun to end it. */
  ending = false;
  readonly startedAt = new Date();
  readonly #graceMs: number;
  readonly #onKill: () => void;
  #open: number;
  #settle: () => void = () => {};
  #graceTimer: NodeJS.Timeout | undefined;
  #causeTimer: NodeJS.Timeout | undefined;

  constructor({ plans, reaper, onFail, graceMs, output, onKill }: JobOptions) {
    this.policy = new ExitPolicy(onFail);
    this.#graceMs = graceMs;
    this.#open = plans.length;
    this.#onKill = onKill;
    this.ended = new Promise((resolve) => {
      this.#settle = resolve;
    });
    const events: RankEvents = {
      output: (rank, stream, chunk) => output.output(rank, stream, chunk),
      outputEnded: (rank, stream) => output.outputEnded(rank, stream),
      ended: (rank, end) => {
        output.ended(rank, end);
        this.#rankEnded(rank, end);
      },
      closed: () => this.#rankClosed(),
    };
    this.ranks = plans.map((plan) => new RankProcess(plan, events, reaper));
  }

  /** Ranks that were told to end before they did so by themselves. */
  get endedByPar(): number {
    return this.ranks.filter((rank) => rank.signalled).length;
  }

  abort(rank: number, status: number, reason: string): void {
    this.#act(this.policy.aborted(rank, status, reason), 'SIGTERM');
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

  outputLost(code: string): void {
    this.#act(this.policy.outputLost(code), 'SIGTERM');
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
      if (rank.alive) rank.signalled = true;
      rank.signal('SIGKILL');
    }
    this.#onKill();
  }

  #rankEnded(rank: number, end: RankEnd): void {
    const process = this.ranks[rank]!;
    process.endGroup(this.#graceMs);
    this.#act(this.policy.rankEnded(rank, end, process.signalled), 'SIGTERM');
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
      this.#causeTimer ??= setTimeout(() => this.#act(this.policy.noCauseFound(), 'SIGTERM'), CAUSE_MS);
    }
  }

  #end(signal: NodeJS.Signals): void {
    this.ending = true;
    clearTimeout(this.#causeTimer);
    for (const rank of this.ranks) {
      if (!rank.alive) continue;
      rank.signalled = true;
      rank.signal(signal);
      // A stopped process only sees the signal once it goes on.
      rank.signal('SIGCONT');
    }
    this.#graceTimer ??= setTimeout(() => this.kill(), this.#graceMs);
  }
}

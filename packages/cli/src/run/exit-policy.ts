import { constants } from 'node:os';

/**
 * Status with which a rank ends because another one was lost (comm-core's PEER_LOST_STATUS): a consequence, so the
 * job's status is looked for elsewhere. Not imported, to keep the launcher's start short; a test compares them.
 */
export const PEER_LOST_STATUS = 113;

const TOLD_TO_END = 128 + constants.signals.SIGTERM;

/** What happened to one process, as its parent sees it. */
export type RankEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly status: number; readonly message: string }
  /** Nothing is known of it: the connection to its host broke. */
  | { readonly kind: 'host-lost'; readonly message: string };

/** Consequences among ranks that par started itself. */
export function isPeerLoss(end: RankEnd): boolean {
  return end.kind === 'exit' && end.code === PEER_LOST_STATUS;
}

/** How the MPI's launcher ended. */
export interface LauncherEnd {
  readonly name: string;
  readonly status: number;
  /** Its last lines. */
  readonly words: readonly string[];
}

/** Why the job ends, or ended, with another status than 0. */
export type Cause =
  | { readonly kind: 'rank'; readonly rank: number; readonly end: RankEnd }
  | { readonly kind: 'abort'; readonly rank: number; readonly status: number; readonly reason: string }
  | ({ readonly kind: 'launcher' } & LauncherEnd)
  | { readonly kind: 'timeout' }
  | { readonly kind: 'interrupt'; readonly signal: 'SIGINT' | 'SIGTERM' }
  | { readonly kind: 'output'; readonly code: string; readonly what: string }
  | { readonly kind: 'restart' };

/** What the launcher has to do about an event. `suspect`: wait a moment for the cause of a consequence, or for the end of a rank that is leaving. */
export type Action = 'nothing' | 'end' | 'kill' | 'suspect' | 'spare';

function statusOf(end: RankEnd): number {
  if (end.kind === 'exit') return end.code;
  if (end.kind === 'signal') return 128 + (constants.signals[end.signal] ?? 0);
  if (end.kind === 'host-lost') return 125;
  return end.status;
}

/** Decides, event by event, whether a job goes on and what its exit status is. Knows no processes and no clock. */
export class ExitPolicy {
  readonly #onFail: 'kill' | 'wait' | 'ignore';
  readonly #isConsequence: (end: RankEnd) => boolean;
  #cause: Cause | undefined;
  /** Ranks that ended by themselves with a status other than 0, in time. */
  readonly failures: { readonly rank: number; readonly end: RankEnd }[] = [];
  #consequence: Cause | undefined;
  readonly #expendable = new Set<number>();
  /** Ranks that each rank has lost its connection to. */
  readonly #missed = new Map<number, number[]>();
  readonly #ended = new Set<number>();
  #interrupts = 0;
  #succeeded = false;

  constructor(onFail: 'kill' | 'wait' | 'ignore', isConsequence: (end: RankEnd) => boolean = isPeerLoss) {
    this.#onFail = onFail;
    this.#isConsequence = isConsequence;
  }

  /** The loss of this rank ends the job only if it is the last one of which that is true: somebody has to do the work. */
  expendable(rank: number): void {
    this.#expendable.add(rank);
  }

  /** A rank has lost its connection to another: until the end of that is known, its own may be a consequence. */
  missed(rank: number, lost: number): void {
    this.#missed.set(rank, [...(this.#missed.get(rank) ?? []), lost]);
  }

  /**
   * A rank has ended. `signalled`: par had told it to, so it does not count. `replaced`: another can be started in its place. `spare`:
   * it is lost, and the others go on.
   */
  rankEnded(rank: number, end: RankEnd, signalled: boolean, replaced = false): Action {
    const status = statusOf(end);
    this.#ended.add(rank);
    const wasExpendable = this.#expendable.delete(rank);
    if (status === 0) {
      this.#succeeded = true;
      return 'nothing';
    }
    if (signalled) return 'nothing';
    const somebodyWorks = replaced || this.#expendable.size > 0;
    if (wasExpendable && somebodyWorks && this.#cause === undefined && !this.#isConsequence(end)) return 'spare';
    this.failures.push({ rank, end });
    const cause: Cause = { kind: 'rank', rank, end };
    if ((this.#isConsequence(end) || this.#awaitsCause(rank)) && !this.#isCause(rank)) {
      this.#consequence ??= cause;
      return this.#cause === undefined && this.#onFail === 'kill' ? 'suspect' : 'nothing';
    }
    if (this.#cause !== undefined && !this.#isCause(rank)) return 'nothing';
    this.#cause ??= cause;
    return this.#onFail === 'kill' ? 'end' : 'nothing';
  }

  /**
   * A rank is about to exit with this code, not 0. It still has its stack to print, and an MPI's launcher that sees another rank end
   * kills it: so the others are ended after it.
   */
  rankLeaves(rank: number, code: number): Action {
    if (this.#cause !== undefined) return 'nothing';
    this.#cause = { kind: 'rank', rank, end: { kind: 'exit', code } };
    return 'suspect';
  }

  /**
   * The MPI's launcher has ended, and with it what could be learnt of causes. Its own status counts when the ranks cannot tell:
   * some have no end, or all we saw is that they were told to end (MPI_Abort in a program that is not Node's).
   */
  launcherEnded(launcher: LauncherEnd, complete: boolean): Action {
    if (this.#cause !== undefined) return complete ? 'nothing' : 'end';
    const consequence = this.#consequence;
    const told = consequence?.kind === 'rank' && statusOf(consequence.end) === TOLD_TO_END;
    const knows = ![0, TOLD_TO_END, constants.signals.SIGTERM].includes(launcher.status);
    if (consequence && !(told && knows)) this.#cause = consequence;
    else if (consequence || !complete) this.#cause = { kind: 'launcher', ...launcher };
    return this.#cause === undefined ? 'nothing' : 'end';
  }

  /** Two that have ended are not told of in the order of their ends: the system keeps none. */
  #awaitsCause(rank: number): boolean {
    return this.#missed.get(rank)?.some((lost) => !this.#ended.has(lost)) ?? false;
  }

  #isCause(rank: number): boolean {
    return this.#cause?.kind === 'rank' && this.#cause.rank === rank;
  }

  /** A rank called abort: this ends the job under every policy. */
  aborted(rank: number, status: number, reason: string): Action {
    if (this.#cause !== undefined) return 'nothing';
    if ((status & 255) === PEER_LOST_STATUS) {
      this.#consequence ??= { kind: 'abort', rank, status, reason };
      return 'suspect';
    }
    this.#cause = { kind: 'abort', rank, status, reason };
    return 'end';
  }

  /** The moment is over: a consequence without a cause is all we know. */
  noCauseFound(): Action {
    this.#cause ??= this.#consequence;
    return 'end';
  }

  timedOut(): Action {
    this.#cause ??= { kind: 'timeout' };
    return 'end';
  }

  interrupted(signal: 'SIGINT' | 'SIGTERM'): Action {
    this.#cause ??= { kind: 'interrupt', signal };
    return ++this.#interrupts > 1 ? 'kill' : 'end';
  }

  /** The job is to be started again. */
  restarted(): Action {
    this.#cause ??= { kind: 'restart' };
    return 'end';
  }

  /** What ranks write can be written nowhere: `code` EPIPE when nobody reads it any more. */
  outputLost(code: string, what = 'the output'): Action {
    if (this.#cause !== undefined) return 'nothing';
    this.#cause = { kind: 'output', code, what };
    return 'end';
  }

  get cause(): Cause | undefined {
    const cause = this.#cause ?? this.#consequence;
    if (this.#onFail === 'ignore' && cause?.kind === 'rank' && this.#succeeded) return undefined;
    return cause;
  }

  get status(): number {
    return this.cause === undefined ? 0 : statusOfCause(this.cause);
  }
}

function statusOfCause(cause: Cause): number {
  switch (cause.kind) {
    case 'rank':
      return statusOf(cause.end);
    case 'abort':
      return cause.status & 255 || 1;
    case 'launcher':
      return cause.status || 125;
    case 'timeout':
      return 124;
    case 'restart':
      return 0;
    case 'interrupt':
      return 128 + constants.signals[cause.signal];
    case 'output':
      return cause.code === 'EPIPE' ? 128 + constants.signals.SIGPIPE : 125;
  }
}

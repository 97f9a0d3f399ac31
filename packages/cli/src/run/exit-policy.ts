import { constants } from 'node:os';

/**
 * Status with which a rank ends because another one was lost (comm-core's PEER_LOST_STATUS): a consequence, so the
 * job's status is looked for elsewhere. Not imported, to keep the launcher's start short; a test compares them.
 */
export const PEER_LOST_STATUS = 113;

/** What happened to one process, as its parent sees it. */
export type RankEnd =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not-started'; readonly status: number; readonly message: string };

/** Why the job ends, or ended, with another status than 0. */
export type Cause =
  | { readonly kind: 'rank'; readonly rank: number; readonly end: RankEnd }
  | { readonly kind: 'abort'; readonly rank: number; readonly status: number; readonly reason: string }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'interrupt'; readonly signal: 'SIGINT' | 'SIGTERM' }
  | { readonly kind: 'output'; readonly code: string }
  | { readonly kind: 'restart' };

/** What the launcher has to do about an event. `suspect`: a consequence was seen, wait a moment for its cause. */
export type Action = 'nothing' | 'end' | 'kill' | 'suspect';

function statusOf(end: RankEnd): number {
  if (end.kind === 'exit') return end.code;
  if (end.kind === 'signal') return 128 + (constants.signals[end.signal] ?? 0);
  return end.status;
}

/** Decides, event by event, whether a job goes on and what its exit status is. Knows no processes and no clock. */
export class ExitPolicy {
  readonly #onFail: 'kill' | 'wait' | 'ignore';
  #cause: Cause | undefined;
  /** Ranks that ended by themselves with a status other than 0, in time. */
  readonly failures: { readonly rank: number; readonly end: RankEnd }[] = [];
  #consequence: Cause | undefined;
  #interrupts = 0;
  #succeeded = false;

  constructor(onFail: 'kill' | 'wait' | 'ignore') {
    this.#onFail = onFail;
  }

  /** A rank has ended. `signalled`: par had told it to, so it does not count. */
  rankEnded(rank: number, end: RankEnd, signalled: boolean): Action {
    const status = statusOf(end);
    if (status === 0) {
      this.#succeeded = true;
      return 'nothing';
    }
    if (signalled) return 'nothing';
    this.failures.push({ rank, end });
    const cause: Cause = { kind: 'rank', rank, end };
    if (end.kind === 'exit' && status === PEER_LOST_STATUS) {
      this.#consequence ??= cause;
      return this.#cause === undefined && this.#onFail === 'kill' ? 'suspect' : 'nothing';
    }
    if (this.#cause !== undefined) return 'nothing';
    this.#cause = cause;
    return this.#onFail === 'kill' ? 'end' : 'nothing';
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

  /** No cause was found for a consequence: it is all we know. */
  noCauseFound(): Action {
    if (this.#cause !== undefined) return 'nothing';
    this.#cause = this.#consequence;
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
  outputLost(code: string): Action {
    if (this.#cause !== undefined) return 'nothing';
    this.#cause = { kind: 'output', code };
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

import type { CancelReason } from '../protocol/index.ts';

/** Codes of the errors of this package; they never change between releases, messages may. */
export type FuturesErrorCode =
  | 'PAR_FUTURE_CANCELLED'
  | 'PAR_KILLED_WORKER'
  | 'PAR_ACTOR_LOST'
  | 'PAR_UNRUNNABLE'
  | 'PAR_TASK_ERROR'
  | 'PAR_RESULT_TOO_LARGE'
  | 'PAR_CLIENT_CLOSED'
  | 'PAR_SCHEDULER_LOST'
  | 'PAR_FUTURE_RELEASED'
  | 'PAR_FOREIGN_FUTURE'
  | 'PAR_LAYOUT'
  | 'PAR_LOCAL_CLUSTER'
  | 'PAR_SCHEDULER_FILE'
  | 'PAR_NOT_INITIALIZED'
  | 'PAR_NOT_FOUND'
  | 'PAR_EXISTS'
  | 'PAR_CLOSED'
  | 'PAR_NO_WORKERS'
  | 'PAR_EXECUTOR_BROKEN'
  | 'PAR_ARGUMENT'
  | 'PAR_TIMEOUT';

/** What goes wrong in this layer, told apart by `code`. */
export class FuturesError extends Error {
  readonly code: FuturesErrorCode;
  constructor(code: FuturesErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

const REASONS: Readonly<Record<CancelReason, string>> = {
  requested: 'it was cancelled',
  dependency: 'a task it depends on was cancelled',
  'data-lost': 'data that cannot be computed again was lost with its worker',
  released: 'a future it depends on was released before',
  restart: 'the cluster was restarted',
  'client-closed': 'its client was closed',
};

/** A future whose result will never come, because somebody or something cancelled it. */
export class FutureCancelledError extends FuturesError {
  readonly reason: CancelReason;
  constructor(task: string, reason: CancelReason, message?: string) {
    super('PAR_FUTURE_CANCELLED', `task ${task}: ${REASONS[reason]}${message === undefined ? '' : ` (${message})`}`);
    this.reason = reason;
  }
}

/** A task that took down more workers than `allowedFailures`. */
export class KilledWorkerError extends FuturesError {
  /** Workers that died while they had the task. */
  readonly deaths: number;
  /** Rank of the last of them. */
  readonly worker: number | undefined;
  constructor(task: string, deaths: number, worker: number | undefined, text: string) {
    const last = worker === undefined ? '' : `, the last of them rank ${worker}`;
    super(
      'PAR_KILLED_WORKER',
      `task ${task}: ${deaths} ${deaths === 1 ? 'worker' : 'workers'} died running it${last}: ${text}; it is not tried again`,
    );
    this.deaths = deaths;
    this.worker = worker;
  }
}

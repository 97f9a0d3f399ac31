/** Every error par raises carries one of these; they never change between releases, messages may. */
export type ParErrorCode =
  | 'PAR_RANK'
  | 'PAR_TAG'
  | 'PAR_COUNT'
  | 'PAR_OP'
  | 'PAR_BUFFER'
  | 'PAR_ARGUMENT'
  | 'PAR_NOT_SERIALIZABLE'
  | 'PAR_TRUNCATED'
  | 'PAR_MISMATCH'
  | 'PAR_PEER_LOST'
  | 'PAR_TIMEOUT'
  | 'PAR_CANCELLED'
  | 'PAR_ABORTED'
  | 'PAR_FREED'
  | 'PAR_PROTOCOL'
  | 'PAR_ENVIRONMENT'
  | 'PAR_TRANSPORT';

/** Anything that goes wrong while a program runs. */
export class ParError extends Error {
  readonly code: ParErrorCode;
  constructor(code: ParErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** An argument of the wrong type, refused before anything is sent. */
export class ArgumentTypeError extends TypeError {
  readonly code: ParErrorCode;
  constructor(code: ParErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArgumentTypeError';
    this.code = code;
  }
}

/** An argument outside its range (rank, root, tag, count), refused before anything is sent. */
export class ArgumentRangeError extends RangeError {
  readonly code: ParErrorCode;
  constructor(code: ParErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ArgumentRangeError';
    this.code = code;
  }
}

/** A transport cannot run on this machine as it is. Nothing has been started, so another one can still be used. */
export class TransportUnavailableError extends ParError {
  constructor(message: string, options?: ErrorOptions) {
    super('PAR_TRANSPORT', message, options);
  }
}

/** A message was longer than the buffer it was received into. The message is consumed. */
export class TruncationError extends ParError {
  /** Bytes the message had. */
  readonly bytes: number;
  /** Bytes the buffer had room for. */
  readonly capacity: number;
  constructor(
    bytes: number,
    capacity: number,
    where: string,
    advice = 'receive into a larger buffer, or probe for the size first',
  ) {
    super('PAR_TRUNCATED', `${where}: the message has ${bytes} bytes, the buffer ${capacity}; ${advice}`);
    this.bytes = bytes;
    this.capacity = capacity;
  }
}

/** A value met a buffer receive, a buffer met a value receive, element types differ, or ranks disagree on a collective. */
export class MismatchError extends ParError {
  constructor(message: string) {
    super('PAR_MISMATCH', message);
  }
}

/** A rank this operation needs is gone. */
export class PeerLostError extends ParError {
  /** World rank of the peer. */
  readonly rank: number;
  constructor(rank: number, message: string, options?: ErrorOptions) {
    super('PAR_PEER_LOST', message, options);
    this.rank = rank;
  }
}

/** The job was aborted, here or by another rank. */
export class AbortedError extends ParError {
  /** Exit status the job ends with. */
  readonly status: number;
  /** World rank whose loss made another rank abort; undefined when somebody wanted the job to end. */
  readonly lost: number | undefined;
  /** What the one that aborted gave as its reason. */
  readonly reason: string;
  constructor(
    status: number,
    message: string,
    { reason = message, lost }: { reason?: string; lost?: number | undefined } = {},
  ) {
    super('PAR_ABORTED', message);
    this.status = status;
    this.reason = reason;
    this.lost = lost;
  }
}

/**
 * The error a wait ends with when its AbortSignal fires: `PAR_TIMEOUT` (name `TimeoutError`) for
 * `AbortSignal.timeout`, otherwise `PAR_CANCELLED` (name `AbortError`); `cause` is the signal's reason.
 */
export function cancelled(signal: AbortSignal, what: string): ParError {
  const timeout = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  const error = timeout
    ? new ParError('PAR_TIMEOUT', `${what}: timed out`, { cause: signal.reason })
    : new ParError('PAR_CANCELLED', `${what}: cancelled`, { cause: signal.reason });
  error.name = timeout ? 'TimeoutError' : 'AbortError';
  return error;
}

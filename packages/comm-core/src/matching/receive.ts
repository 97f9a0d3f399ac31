import { ANY_SOURCE, ANY_TAG } from '../constants.ts';
import { cancelled } from '../errors.ts';
import type { BufferEnvelope, BufferView, EncodedMessage, Envelope, MatchedMessage } from '../transport/index.ts';
import type { Plane } from './plane.ts';
import type { Linked, Queue } from './queue.ts';

export const RECV_VALUE = 0;
export const RECV_BUFFER = 1;
export const MPROBE = 2;
export const PROBE = 3;

export type Outcome = EncodedMessage | BufferEnvelope | Envelope | MatchedMessage;

// One executor for all promises: a closure per operation shows in the 8-byte ping-pong.
let takenResolve: (outcome: Outcome) => void;
let takenReject: (error: Error) => void;
function takeSettlers(resolve: (outcome: Outcome) => void, reject: (error: Error) => void): void {
  takenResolve = resolve;
  takenReject = reject;
}

/** A receive or probe that waits for its message or, matched, for the rest of its payload. */
export class Receive implements Linked<Receive> {
  readonly plane: Plane;
  readonly kind: number;
  /** World rank, or ANY_SOURCE. */
  readonly source: number;
  readonly tag: number;
  readonly into: BufferView | undefined;
  /** Of `into`, taken when it was posted: the caller's array may be detached before a message comes. */
  readonly memory: Uint8Array | undefined;
  readonly promise: Promise<Outcome>;
  /** `performance.now()` when it was posted. */
  readonly since: number;
  /** Position in posting order. */
  order = 0;
  prev: Receive | undefined = undefined;
  next: Receive | undefined = undefined;
  /** Undefined once matched. */
  queue: Queue<Receive> | undefined = undefined;
  private readonly signal: AbortSignal | undefined;
  private readonly resolve: (outcome: Outcome) => void;
  private readonly reject: (error: Error) => void;

  constructor(
    plane: Plane,
    kind: number,
    source: number,
    tag: number,
    into: BufferView | undefined,
    signal: AbortSignal | undefined,
  ) {
    this.plane = plane;
    this.kind = kind;
    this.source = source;
    this.tag = tag;
    this.into = into;
    this.memory = into?.bytes;
    this.signal = signal;
    this.since = performance.now();
    this.promise = new Promise<Outcome>(takeSettlers);
    this.resolve = takenResolve;
    this.reject = takenReject;
    plane.engine.await();
    if (signal !== undefined) signal.addEventListener('abort', this);
  }

  /** Takes it out of matching: from now on it cannot be cancelled. */
  matched(): void {
    if (this.queue !== undefined) {
      this.queue.remove(this);
      this.queue = undefined;
    }
    if (this.signal !== undefined) this.signal.removeEventListener('abort', this);
  }

  succeed(outcome: Outcome): void {
    this.plane.engine.arrived();
    this.resolve(outcome);
  }

  fail(error: Error): void {
    this.plane.engine.arrived();
    this.reject(error);
  }

  settle(outcome: Outcome | Error): void {
    if (outcome instanceof Error) this.fail(outcome);
    else this.succeed(outcome);
  }

  /** The signal fired before a message matched. */
  handleEvent(): void {
    this.matched();
    this.fail(cancelled(this.signal!, this.toString()));
  }

  toString(): string {
    return describeReceive(this.plane, this.kind, this.source, this.tag);
  }
}

const NAMES = ['recv', 'recvInto', 'mprobe', 'probe'];

/** `source` is a world rank or ANY_SOURCE. */
export function describeReceive(plane: Plane, kind: number, source: number, tag: number): string {
  const from = source === ANY_SOURCE ? 'ANY_SOURCE' : plane.rankOf[source];
  return `${NAMES[kind]} source=${from} tag=${tag === ANY_TAG ? 'ANY_TAG' : tag} on ${plane.label}`;
}

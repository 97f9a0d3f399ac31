import { cancelled } from '../errors.ts';
import { CANCEL } from './header.ts';
import type { Peer } from './peer.ts';
import type { Plane } from './plane.ts';

/** WAITING for an answer; CANCELLING: taken back, the answer decides; TRANSFERRING: matched, data flows; then DONE. */
export const WAITING = 0;
export const CANCELLING = 1;
export const TRANSFERRING = 2;
export const DONE = 3;

/** A send whose promise settles later: rendezvous, or synchronous eager. */
export class Outgoing {
  readonly plane: Plane;
  readonly peer: Peer;
  readonly id: number;
  readonly tag: number;
  readonly segments: readonly Uint8Array[];
  readonly total: number;
  /** The payload went with the announcement. */
  readonly eager: boolean;
  readonly since = performance.now();
  readonly promise: Promise<void>;
  private readonly signal: AbortSignal | undefined;
  state = WAITING;
  /** What it rejects with once the peer has given it back. */
  reason: Error | undefined = undefined;
  sent = 0;
  /** Chunks whose memory the link still needs. */
  unsettled = 0;
  private resolve!: () => void;
  private reject!: (error: Error) => void;
  private segment = 0;
  private offset = 0;

  constructor(
    plane: Plane,
    peer: Peer,
    id: number,
    tag: number,
    segments: readonly Uint8Array[],
    total: number,
    eager: boolean,
    signal: AbortSignal | undefined,
  ) {
    this.plane = plane;
    this.peer = peer;
    this.id = id;
    this.tag = tag;
    this.segments = segments;
    this.total = total;
    this.eager = eager;
    this.signal = signal;
    this.promise = new Promise<void>((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    plane.engine.begun();
    plane.engine.await();
    signal?.addEventListener('abort', this);
  }

  /** Next part, at most `limit` bytes and never across segments. Only while `sent < total`. */
  nextChunk(limit: number): Uint8Array {
    let segment = this.segments[this.segment]!;
    while (this.offset === segment.length) {
      segment = this.segments[++this.segment]!;
      this.offset = 0;
    }
    const chunk = segment.subarray(this.offset, Math.min(segment.length, this.offset + limit));
    this.offset += chunk.length;
    this.sent += chunk.length;
    return chunk;
  }

  /** Asks the peer for it back; rejects with `reason` when the peer agrees, or goes on when it was matched already. */
  takeBack(reason: Error): void {
    if (this.state !== WAITING) return;
    this.state = CANCELLING;
    this.reason = reason;
    this.signal?.removeEventListener('abort', this);
    this.plane.engine.control(this.peer, CANCEL, 0, 0, this.id, 0);
  }

  /** The peer wants the data. */
  matched(): void {
    this.state = TRANSFERRING;
    this.signal?.removeEventListener('abort', this);
    this.plane.engine.arrived();
  }

  /** Settles it, in whatever state it is. */
  end(error: Error | undefined): void {
    if (this.state === DONE) return;
    const { engine } = this.plane;
    if (this.state !== TRANSFERRING) engine.arrived();
    this.state = DONE;
    this.signal?.removeEventListener('abort', this);
    this.peer.outgoing.delete(this.id);
    if (error === undefined) this.resolve();
    else this.reject(error);
    engine.done();
  }

  /** The signal fired before the peer answered. */
  handleEvent(): void {
    this.takeBack(cancelled(this.signal!, this.toString()));
  }

  toString(): string {
    return describeSend(this.plane, this.peer.rank, this.tag, this.total);
  }
}

/** `dest` is a world rank. */
export function describeSend(plane: Plane, dest: number, tag: number, bytes?: number): string {
  return `send dest=${plane.rankOf[dest]} tag=${tag}${bytes === undefined ? '' : ` (${bytes} bytes)`} on ${plane.label}`;
}

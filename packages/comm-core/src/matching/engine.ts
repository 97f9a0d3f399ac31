import { ParError } from '../errors.ts';
import type { FrameTransport } from '../transport/index.ts';
import type { MatchingContext } from './context.ts';
import { CREDIT, CTS, EAGER, HeaderWriter, REFUSE, REFUSED_CANCELLED, RELEASED } from './header.ts';
import { MAX_CONTEXT } from './limits.ts';
import type { Message } from './message.ts';
import { Peer } from './peer.ts';
import { MatchQueues } from './queues.ts';
import { type Refusal, reasonOf } from './refusal.ts';

/** What all planes of one transport share: peers, queues by plane number, and the way out. */
export class Engine {
  readonly frames: FrameTransport;
  readonly rank: number;
  /** Ranks there are, or can be. */
  readonly size: number;
  /** Those anything was exchanged with, or that are gone: of thousands that can come, few do. */
  readonly peers: Peer[] = [];
  readonly contexts = new Map<number, MatchingContext>();
  /** By plane number; those of freed contexts are gone. */
  readonly queues = new Map<number, MatchQueues>();
  /** Some peer is gone. */
  troubled = false;
  /** Set when nothing is received any more: aborted, or closing. */
  ended: Refusal | undefined = undefined;

  private readonly byRank: (Peer | undefined)[];
  private readonly header = new HeaderWriter();
  private awaited = 0;
  private unfinished = 0;
  private whenFinished: (() => void) | undefined = undefined;
  private contextsMade = 0;
  private readonly freed = new Set<number>();
  private readonly freedQueues = new MatchQueues(-1);
  private recent = this.freedQueues;

  constructor(frames: FrameTransport) {
    this.frames = frames;
    this.rank = frames.rank;
    this.size = frames.size;
    this.byRank = new Array<Peer | undefined>(this.size).fill(undefined);
    this.freedQueues.refusal = { kind: 'freed' };
  }

  peer(rank: number): Peer {
    return this.byRank[rank] ?? this.meet(rank);
  }

  private meet(rank: number): Peer {
    const peer = new Peer(rank);
    this.byRank[rank] = peer;
    this.peers.push(peer);
    return peer;
  }

  /** Why nothing can be exchanged with this rank any more. */
  gone(rank: number): Refusal | undefined {
    return this.byRank[rank]?.gone;
  }

  /** One more operation that only an arriving frame can settle. */
  await(): void {
    if (this.awaited++ === 0) this.frames.waiting(true);
  }

  arrived(): void {
    if (--this.awaited === 0) this.frames.waiting(false);
  }

  /** One more send or rendezvous receive that `flushed` waits for. */
  begun(): void {
    this.unfinished++;
  }

  done(): void {
    if (--this.unfinished === 0) this.whenFinished?.();
  }

  /** Settles when every send that has begun and every rendezvous receive has ended. */
  flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.whenFinished = resolve;
      if (this.unfinished === 0) resolve();
    });
  }

  send(
    peer: Peer,
    kind: number,
    flags: number,
    detail: number,
    plane: number,
    tag: number,
    id: number,
    extra: number,
    payload: Uint8Array | undefined,
  ): Promise<void> | undefined {
    const length = payload === undefined ? 0 : payload.length;
    return this.frames.send(
      peer.rank,
      this.header.write(kind, flags, detail, plane, tag, id, length, extra),
      length === 0 ? undefined : payload,
    );
  }

  /** Sends a frame without payload, unless there is nobody left to send it to. */
  control(peer: Peer, kind: number, flags: number, detail: number, id: number, extra: number): void {
    if (peer.gone === undefined && this.ended?.kind !== 'aborted') {
      this.send(peer, kind, flags, detail, 0, 0, id, extra, undefined);
    }
  }

  /** Queues of a plane; made when messages come before their context exists here. */
  queuesOf(plane: number): MatchQueues {
    if (this.recent.id === plane) return this.recent;
    let queues = this.queues.get(plane);
    if (queues === undefined) {
      if (this.freed.has(plane >>> 1)) return this.freedQueues;
      queues = new MatchQueues(plane);
      queues.refusal = this.ended;
      this.queues.set(plane, queues);
    }
    this.recent = queues;
    return queues;
  }

  /** Frames of a freed context that are still on their way are turned down. */
  forget(context: number): void {
    this.freed.add(context);
    this.contexts.delete(context);
    this.queues.delete(context * 2);
    this.queues.delete(context * 2 + 1);
    this.recent = this.freedQueues;
  }

  /** A context number no other rank ever gives out: it has this rank's remainder. World is 0. */
  newContextNumber(): number {
    const context = ++this.contextsMade * this.size + this.rank;
    if (context >= MAX_CONTEXT) {
      throw new ParError(
        'PAR_TRANSPORT',
        `rank ${this.rank} of the world has made ${this.contextsMade} communicators, all there are; use them again instead of making new ones`,
      );
    }
    return context;
  }

  /** Takes an unexpected message out of matching. */
  take(message: Message): void {
    message.queues.removeMessage(message);
    if (message.awaitsAnswer) this.peer(message.source).announced.delete(message.id);
  }

  /** An eager message that was out of matching has been received. */
  consumed(message: Message): void {
    const peer = this.peer(message.source);
    if (message.awaitsAnswer) this.control(peer, CTS, RELEASED, 0, message.id, 0);
    this.returnCredit(peer, message.payload.length);
  }

  returnCredit(peer: Peer, length: number): void {
    const credits = peer.receiveCredits;
    if (!credits.consume(length)) return;
    this.control(peer, CREDIT, 0, 0, credits.owedMessages, credits.owedBytes);
    credits.returned();
  }

  /** A message that is out of matching will not be received; `refusal` undefined: because its sender takes it back. */
  dispose(message: Message, refusal: Refusal | undefined): void {
    const peer = this.peer(message.source);
    if (message.awaitsAnswer) this.refuse(peer, message.id, refusal);
    if (message.kind === EAGER) this.returnCredit(peer, message.payload.length);
  }

  refuse(peer: Peer, id: number, refusal: Refusal | undefined): void {
    const reason = refusal === undefined ? REFUSED_CANCELLED : reasonOf(refusal);
    this.control(peer, REFUSE, 0, reason, id, refusal?.kind === 'lost' ? refusal.rank : 0);
  }
}

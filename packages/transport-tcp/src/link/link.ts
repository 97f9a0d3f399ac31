import { PeerLostError } from '@par/comm-core';
import type { Capabilities, FrameSink, FrameTransport, Replacement } from '@par/comm-core/transport';
import { parseAddress } from '../address.ts';
import type { Control } from '../rendezvous/control.ts';
import type { Member } from '../rendezvous/messages.ts';
import { greet } from '../wire/greet.ts';
import { type Credentials, Refusal, type Verdict } from '../wire/handshake.ts';
import type { Listener } from '../wire/listener.ts';
import type { ByteConsumer, Wire } from '../wire/wire.ts';
import { DISCARD } from './discard-sink.ts';
import { type FrameWriter, rejected } from './frame-writer.ts';
import { KeepAlive } from './keep-alive.ts';
import { Loopback } from './loopback.ts';
import { Peer, type PeerHost } from './peer.ts';
import { Turning } from './turning.ts';

/** Jobs up to this size connect every pair of ranks at the start; larger ones connect a pair when it first talks. */
export const MESH_RANKS = 32;

/** How long `close` waits without any progress of a peer, in milliseconds. */
const CLOSE_PATIENCE_MS = 30_000;
/** How long a peer whose connection fails may take to be explained by the launcher. */
const VERDICT_MS = 1_000;
/** A connection that the peer was too busy for is tried again, after a pause that grows by this many milliseconds. */
const CONNECT_ATTEMPTS = 10;
const RETRY_MS = 20;

export interface LinkOptions {
  readonly credentials: Credentials;
  /** By rank. */
  readonly members: readonly (Member | undefined)[];
  /** This rank joins a job under way. */
  readonly newcomer: boolean;
  /** Default: all ranks. */
  readonly worldSize: number | undefined;
  readonly listeners: readonly Listener[];
  readonly control: Control;
  /** Milliseconds a waiting rank keeps its event loop turning. */
  readonly turning: number;
  readonly mesh: boolean;
  /** Gives back directories and the like, once nothing listens any more. */
  readonly release: () => void;
}

/** Is told of a rank that has joined a job under way, and what it is there for. */
export type ArrivalListener = (rank: number, role: string) => void;

/** Frames over sockets: one connection per pair of ranks, none to itself. */
export class SocketLink implements FrameTransport, PeerHost {
  readonly name = 'tcp';
  readonly rank: number;
  readonly size: number;
  readonly worldSize: number;
  readonly hosts: string[];
  readonly hostIds: string[];
  readonly capabilities: Capabilities = { detectsMismatch: true, survivesPeerLoss: true };
  sink: FrameSink = DISCARD;
  closing = false;
  readonly #options: LinkOptions;
  readonly #members: (Member | undefined)[];
  /** Of this rank itself, and of ranks nothing was heard of yet: undefined. */
  readonly #peers: (Peer | undefined)[];
  /** Ranks to connect to as soon as they join. */
  readonly #awaited = new Set<number>();
  readonly #arrivals: ArrivalListener[] = [];
  readonly #keepAlive = new KeepAlive();
  readonly #turning: Turning;
  /** Ranks whose connection this rank has begun and not been refused. */
  readonly #began = new Set<number>();
  readonly #finished = new Set<number>();
  #loopback: Loopback | undefined;
  #ticking: FrameWriter[] = [];
  #aborted = false;
  #listening = true;
  #onChange: () => void = () => {};
  readonly #endTick = (): void => {
    const writers = this.#ticking;
    this.#ticking = [];
    for (const writer of writers) writer.endTick();
  };

  constructor(options: LinkOptions) {
    this.#options = options;
    this.rank = options.credentials.rank;
    this.size = options.credentials.size;
    this.worldSize = options.worldSize ?? this.size;
    this.#members = [...options.members];
    this.hosts = this.#members.map((member) => member?.hostname ?? '');
    this.hostIds = this.#members.map((member) => member?.host ?? '');
    this.#turning = new Turning(this.#keepAlive, options.turning);
    this.#peers = this.#members.map((member, rank) =>
      rank === this.rank || member === undefined ? undefined : new Peer(rank, this),
    );
  }

  start(sink: FrameSink): void {
    this.sink = sink;
    this.#loopback = new Loopback(this.rank, sink);
    for (const listener of this.#options.listeners) {
      listener.serve({ judge: (from) => this.#judge(from), accepted: (from, wire) => this.#open(from, wire) });
    }
    this.#options.control.start({
      joined: (rank, member) => this.#joined(rank, member),
      lost: (rank, reason) => this.#reportedLost(rank, reason),
      finished: (rank) => this.#reportedFinished(rank),
      aborted: (status, reason, rank, lost) => this.#abortedBy(status, reason, rank, lost),
      broken: (error) => this.#abortedBy(1, error.message, -1, undefined),
    });
  }

  /**
   * Connects what is to be connected from the start; resolves when it is (or is known to be gone). Ranks of a mesh connect to a
   * newcomer, so that they need to listen no longer than until they know each other.
   */
  connected(): Promise<void> {
    if (!this.#options.mesh || this.#options.newcomer) return Promise.resolve();
    for (const peer of this.#peers.slice(0, this.rank)) if (peer?.state === 'absent') this.#connect(peer);
    this.#keepAlive.hold();
    return this.#until(() =>
      this.#peers.every((peer) => peer === undefined || (peer.state !== 'absent' && peer.state !== 'connecting')),
    ).then(() => {
      this.#keepAlive.release();
      this.#stopListening();
    });
  }

  send(dest: number, header: Uint8Array, payload: Uint8Array | undefined): Promise<void> | undefined {
    if (dest === this.rank) return this.#loopback!.send(header, payload);
    const peer = this.#peer(dest);
    if (peer.error !== undefined) return rejected(peer.error);
    if (peer.state === 'absent' && !this.#options.mesh) this.#reach(peer);
    return peer.writer.send(header, payload);
  }

  waiting(active: boolean): void {
    this.#turning.waiting(active);
  }

  abort(status: number, reason: string, lost?: number): void {
    this.#aborted = true;
    this.#options.control.abort(status, reason, lost);
    for (const peer of this.#peers) if (peer?.state === 'open') peer.abort(status, reason, lost);
  }

  expendable(replacement?: Replacement): void {
    this.#options.control.expendable(replacement);
  }

  evict(rank: number, reason: string): void {
    this.#options.control.evict(rank, reason);
  }

  leave(): void {
    this.closing = true;
    for (const peer of this.#peers) if (peer?.state === 'open') peer.bye();
    this.#options.control.finished();
    this.#stopListening();
  }

  async close(): Promise<void> {
    if (this.closing) return;
    this.closing = true;
    this.#turning.waiting(false);
    this.#keepAlive.hold();
    this.sink = DISCARD;
    for (const peer of this.#peers) {
      peer?.redirect(DISCARD);
      if (peer?.state === 'open') peer.bye();
    }
    await this.#until(() => this.#peers.every((peer) => peer === undefined || hasLeft(peer)), CLOSE_PATIENCE_MS);
    for (const peer of this.#peers) peer?.end(undefined);
    this.#options.control.finished();
    this.#stopListening();
    await this.#options.control.close();
    this.#keepAlive.release();
    this.#keepAlive.close();
  }

  atEndOfTick(writer: FrameWriter): void {
    if (this.#ticking.push(writer) === 1) process.nextTick(this.#endTick);
  }

  blocked(active: boolean): void {
    if (active) this.#keepAlive.hold();
    else this.#keepAlive.release();
    if (this.closing) this.changed();
  }

  arrived(): void {
    this.#turning.arrived();
  }

  peerEnded(peer: Peer, error: Error | undefined): void {
    if (this.closing || this.#aborted) return;
    if (error !== undefined) this.#options.control.missed(peer.rank);
    this.sink.lost(peer.rank, error);
  }

  peerAborted(peer: Peer, status: number, reason: string, lost: number | undefined): void {
    this.#abortedBy(status, reason, peer.rank, lost);
  }

  changed(): void {
    this.#onChange();
  }

  #peer(rank: number): Peer {
    this.#peers[rank] ??= new Peer(rank, this);
    return this.#peers[rank];
  }

  onArrival(listener: ArrivalListener): void {
    this.#arrivals.push(listener);
    this.#members.forEach((member, rank) => {
      if (member?.role !== undefined) listener(rank, member.role);
    });
  }

  #joined(rank: number, member: Member): void {
    if (this.closing) return;
    this.#members[rank] = member;
    this.hosts[rank] = member.hostname;
    this.hostIds[rank] = member.host;
    const peer = this.#peer(rank);
    if (peer.state === 'absent' && (this.#options.mesh || this.#awaited.delete(rank))) this.#connect(peer);
    if (member.role !== undefined) for (const listener of this.#arrivals) listener(rank, member.role);
  }

  #reach(peer: Peer): void {
    if (this.#members[peer.rank] === undefined) this.#awaited.add(peer.rank);
    else this.#connect(peer);
  }

  #connect(peer: Peer, attempt = 1): void {
    peer.state = 'connecting';
    const { rank } = peer;
    this.#began.add(rank);
    greet(this.#addressOf(rank), {
      credentials: this.#options.credentials,
      purpose: 'peer',
      to: rank,
      deadline: undefined,
      accepted: (wire) => {
        return this.#open(rank, wire);
      },
      declined: () => {
        this.#began.delete(rank); // the peer's own connection wins, or its end explains this
      },
      failed: (error) => {
        this.#began.delete(rank);
        if (peer.state !== 'connecting') return;
        if (attempt < CONNECT_ATTEMPTS && isPassing(error)) {
          setTimeout(() => peer.state === 'connecting' && this.#connect(peer, attempt + 1), attempt * RETRY_MS);
        } else {
          this.#unreachable(peer, error);
        }
      },
    });
  }

  #addressOf(rank: number): ReturnType<typeof parseAddress> {
    const member = this.#members[rank]!;
    const own = this.#members[this.rank]!;
    if (member.unix !== undefined && own.unix !== undefined && member.host === own.host) {
      return { family: 'unix', path: member.unix };
    }
    return parseAddress(member.tcp!);
  }

  /** Two ranks that connect to each other at once keep the connection that the lower one began. */
  #judge(from: number): Verdict {
    const { state } = this.#peer(from);
    if (state === 'absent') return 'accept';
    const began = this.#began.has(from);
    if (state === 'connecting') return began && from > this.rank ? 'busy' : 'accept';
    return began ? 'busy' : 'duplicate';
  }

  #open(rank: number, wire: Wire): ByteConsumer {
    const peer = this.#peer(rank);
    const reader = peer.open(wire);
    if (this.closing) peer.bye();
    this.changed();
    return reader;
  }

  #unreachable(peer: Peer, cause: Error): void {
    setTimeout(() => {
      if (peer.state !== 'connecting') return;
      if (this.#finished.has(peer.rank)) peer.end(undefined);
      else peer.end(new PeerLostError(peer.rank, `rank ${peer.rank} cannot be reached: ${cause.message}`, { cause }));
    }, VERDICT_MS);
  }

  /** The launcher saw a rank end. Its own connection says so too, after its last frames; silence is not waited for long. */
  #reportedLost(rank: number, reason: string): void {
    if (rank === this.rank || this.closing) return;
    const peer = this.#peer(rank);
    const lose = (): void => peer.end(new PeerLostError(rank, `rank ${rank} is lost: ${reason}`));
    if (peer.state === 'open') setTimeout(lose, VERDICT_MS).unref();
    else lose();
  }

  #reportedFinished(rank: number): void {
    this.#finished.add(rank);
    const peer = rank === this.rank ? undefined : this.#peer(rank);
    if (peer?.state === 'absent') peer.end(undefined);
  }

  #abortedBy(status: number, reason: string, rank: number, lost: number | undefined): void {
    if (this.#aborted) return;
    this.#aborted = true;
    this.sink.aborted(status, reason, rank, lost);
  }

  #stopListening(): void {
    if (!this.#listening) return;
    this.#listening = false;
    for (const listener of this.#options.listeners) listener.close();
    this.#options.release();
  }

  /** Resolves when the condition holds; with `patience`, also after that time without any byte taken by any peer. */
  #until(condition: () => boolean, patience?: number): Promise<void> {
    return new Promise((resolve) => {
      const progress = (): number => this.#peers.reduce((sum, peer) => sum + (peer?.writer.progress ?? 0), 0);
      let seen = progress();
      const done = (): void => {
        clearInterval(timer);
        this.#onChange = () => {};
        resolve();
      };
      const timer =
        patience === undefined
          ? undefined
          : setInterval(() => {
              const now = progress();
              if (now === seen) done();
              seen = now;
            }, patience);
      this.#onChange = () => {
        if (condition()) done();
      };
      this.#onChange();
    });
  }
}

function hasLeft(peer: Peer): boolean {
  if (peer.state === 'absent' || peer.state === 'gone') return true;
  return peer.acknowledged && peer.writer.idle;
}

/** Its queue of connections was full, or this process was too busy to answer in time: no word about the peer's life. */
function isPassing(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return (
    code === 'EAGAIN' || code === 'ECONNRESET' || code === 'EPIPE' || (error instanceof Refusal && error.kind === 'eof')
  );
}

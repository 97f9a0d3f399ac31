import { dirname } from 'node:path';
import { ParError } from '@par/comm-core';
import type { Replacement } from '@par/comm-core/transport';
import { type Address, formatAddress, parseAddress } from '../address.ts';
import { makePrivate } from '../private-directory.ts';
import { Discard } from '../wire/fixed-frame.ts';
import { Credentials, NEWCOMER, RENDEZVOUS } from '../wire/handshake.ts';
import { Listener } from '../wire/listener.ts';
import type { ByteConsumer, Wire } from '../wire/wire.ts';
import { Exchanges } from './exchanges.ts';
import { type Announcement, type FromRank, type Member, MessageReader, sendMessage } from './messages.ts';
import { type Seat, Seats } from './seats.ts';
import { type Patience, Waiting } from './waiting.ts';

export interface RendezvousOptions extends Patience {
  /** `unix:/path/socket` (its directory is created with mode 0700 when missing) or `tcp:host:port`, port 0 for any. */
  readonly listen: string;
  /** Where else it listens, for ranks of other hosts, `tcp:host:port`; ranks then listen on TCP as those of several hosts do. */
  readonly door?: string | undefined;
  /** All ranks there can ever be. */
  readonly size: number;
  /** Ranks that start together, from 0: the others may join later, each once. Default: all. */
  readonly initial?: number | undefined;
  /** Whoever knows the secret and asks for a rank gets a free one. Default false. */
  readonly newcomers?: boolean | undefined;
  /** Name of the job; ranks of another job are refused. */
  readonly job: string;
  /** 32 random bytes every rank of the job knows. */
  readonly secret: Uint8Array;
  /** Encrypts the channels with TLS 1.3; ranks need the same option. Default false. */
  readonly secure?: boolean | undefined;
  /** Where refused connections are told, one line per kind. Default: standard error. */
  readonly log?: ((line: string) => void) | undefined;
  /** A rank aborted the job (rank −1: ranks did not join in time). Every other rank has been told. */
  readonly onAbort?: ((rank: number, status: number, reason: string) => void) | undefined;
  /** The loss of this rank need not end the job, or is to be made good. */
  readonly onExpendable?: ((rank: number, replacement: Replacement | undefined) => void) | undefined;
  /** A rank misses another: what it does from now on may be for that reason. */
  readonly onMissed?: ((rank: number, lost: number) => void) | undefined;
  /** A rank counts as lost to the others: its process is to be killed. */
  readonly onEvict?: ((rank: number, reason: string) => void) | undefined;
  /** A rank has said goodbye: its end is no loss. */
  readonly onFinished?: ((rank: number) => void) | undefined;
  /** A rank's channel broke without goodbye. Every other rank has been told that it is lost. */
  readonly onLost?: ((rank: number, error: Error | undefined) => void) | undefined;
}

/** The meeting point of a job, and afterwards the channel between its launcher and every rank. */
export interface Rendezvous {
  /** What ranks are given as PAR_RENDEZVOUS. */
  readonly address: string;
  /** The other address it listens at, with the port the system chose. */
  readonly door: string | undefined;
  /** Settles when every rank that starts has joined and was sent the table; rejects when the job ends before. */
  readonly complete: Promise<readonly Member[]>;
  announcement(rank: number): Announcement | undefined;
  /** A rank that nobody else gets, for a process that is to join later; undefined: there is none left. */
  reserve(): number | undefined;
  /** Tells all ranks that a rank is gone for good: for a process that ended without ever joining. Joined ranks are noticed. */
  lost(rank: number, reason: string): void;
  /** Tells all ranks that the job ends; `rank` is who wants it to, default −1: the launcher; `lost`: whose loss is behind it. */
  abort(status: number, reason: string, rank?: number, lost?: number): void;
  /** Asks a rank; answered by the handler it registered under this name (`pending`: its pending operations). */
  request(rank: number, name: string, data?: unknown, signal?: AbortSignal): Promise<unknown>;
  /** Registers what answers the ranks' questions of this name. */
  onRequest(name: string, handler: (data: unknown, rank: number) => unknown): void;
  /** Stops listening: whoever has joined is all there will be. */
  seal(): void;
  /** Settles when none of these ranks (default: no rank at all) is connected any more, and keeps the process alive until then. */
  drained(ranks?: readonly number[]): Promise<void>;
  /** Ends all channels; ranks go on without. What it says has left when it returns. */
  close(): Promise<void>;
}

/** Starts the rendezvous of one job in this process. Throws ParError PAR_ENVIRONMENT for a bad address or secret. */
export async function startRendezvous(options: RendezvousOptions): Promise<Rendezvous> {
  const server = new RendezvousServer(options);
  try {
    await server.listen();
  } catch (error) {
    void server.close();
    throw error;
  }
  return server;
}

class RendezvousServer implements Rendezvous {
  address = '';
  door: string | undefined;
  readonly complete: Promise<readonly Member[]>;
  readonly #options: RendezvousOptions;
  readonly #initial: number;
  readonly #credentials: Credentials;
  readonly #log: (line: string) => void;
  readonly #listeners: Listener[] = [];
  readonly #seats: Seats;
  readonly #gone = new Map<number, string>();
  readonly #handlers = new Map<string, (data: unknown, rank: number) => unknown>();
  readonly #waiting: Waiting;
  readonly #resolve: (members: readonly Member[]) => void;
  readonly #reject: (error: Error) => void;
  #table: (Member | undefined)[] | undefined;
  #listening: boolean;
  /** Of rank 0. */
  #host = '';
  /** The ranks that started together are on one host, and others are not expected elsewhere. */
  #loopback: boolean;
  #ended: { status: number; reason: string; rank: number; lost: number | undefined } | undefined;
  #nextFree: number;

  constructor(options: RendezvousOptions) {
    this.#options = options;
    this.#initial = options.initial ?? options.size;
    this.#nextFree = this.#initial;
    this.#listening = options.door !== undefined;
    this.#loopback = !this.#listening;
    this.#log = options.log ?? ((line: string): void => void process.stderr.write(`par: rendezvous: ${line}\n`));
    this.#credentials = new Credentials(RENDEZVOUS, options.size, options.job, options.secret, options.secure);
    this.#seats = new Seats(options.size);
    const { promise, resolve, reject } = Promise.withResolvers<readonly Member[]>();
    promise.catch(() => {}); // whoever does not wait for it learns of the end through onAbort
    this.complete = promise;
    this.#waiting = new Waiting(
      options,
      this.#initial,
      () => this.#seats.unannounced(this.#initial),
      (reason) => this.#end(-1, 1, reason),
    );
    this.#resolve = resolve;
    this.#reject = reject;
  }

  async listen(): Promise<void> {
    const { listen, door } = this.#options;
    const address = parseAddress(listen);
    if (address.family === 'unix') makePrivate(dirname(address.path));
    this.address = await this.#listenAt(address);
    if (door !== undefined) this.door = await this.#listenAt(parseAddress(door));
  }

  async #listenAt(address: Address): Promise<string> {
    const listener = new Listener(this.#credentials, this.#log);
    const bound = await listener.listen(address);
    this.#listeners.push(listener);
    listener.serve({
      judge: (from) => (this.#seats.at(from) === undefined && !this.#gone.has(from) ? 'accept' : 'duplicate'),
      accepted: (from, wire) => (from === NEWCOMER ? this.#receiveNewcomer(wire) : this.#seat(from, wire)),
    });
    return formatAddress(bound);
  }

  reserve(): number | undefined {
    return this.#nextFree < this.#options.size ? this.#nextFree++ : undefined;
  }

  announcement(rank: number): Announcement | undefined {
    return this.#seats.at(rank)?.announcement;
  }

  lost(rank: number, reason: string): void {
    if (this.#gone.has(rank) || this.#seats.at(rank)?.finished) return;
    this.#gone.set(rank, reason);
    const table = this.#table;
    for (const [other, { wire }] of this.#seats.taken()) {
      // Who is only joining a job under way learns of it together with the table.
      const listens = other !== rank && (table === undefined || table[other] !== undefined);
      if (listens) sendMessage(wire, { type: 'lost', rank, reason });
    }
    if (this.#table !== undefined) this.#table[rank] = undefined;
    else if (rank < this.#initial) this.#reject(new ParError('PAR_PEER_LOST', `rank ${rank} is gone: ${reason}`));
  }

  abort(status: number, reason: string, rank = -1, lost?: number): void {
    this.#end(rank, status, reason, lost);
  }

  request(rank: number, name: string, data?: unknown, signal?: AbortSignal): Promise<unknown> {
    const seat = this.#seats.at(rank);
    if (seat === undefined || seat.wire.socket.destroyed) {
      return Promise.reject(
        new ParError('PAR_TRANSPORT', `rank ${rank} has no control channel: it has not called init, or has ended`),
      );
    }
    return seat.exchanges.request(name, data, signal);
  }

  onRequest(name: string, handler: (data: unknown, rank: number) => unknown): void {
    this.#handlers.set(name, handler);
  }

  seal(): void {
    for (const listener of this.#listeners) listener.close();
  }

  drained(ranks?: readonly number[]): Promise<void> {
    return this.#seats.drained(ranks);
  }

  close(): Promise<void> {
    this.#waiting.end();
    this.seal();
    if (this.#table === undefined) this.#reject(new ParError('PAR_ABORTED', 'the rendezvous was closed'));
    return this.#seats.close();
  }

  #receiveNewcomer(wire: Wire): ByteConsumer {
    const rank = this.#options.newcomers ? this.reserve() : undefined;
    if (rank !== undefined) {
      sendMessage(wire, { type: 'seat', rank });
      return this.#seat(rank, wire);
    }
    const reason = this.#options.newcomers
      ? `all ${this.#options.size} ranks this job can have over its life have been given away; start it again`
      : 'this job takes nobody in';
    refuse(wire, reason);
    return new Discard();
  }

  #seat(rank: number, wire: Wire): ByteConsumer {
    const exchanges = new Exchanges(
      (message) => sendMessage(wire, message),
      (name) => {
        const handler = this.#handlers.get(name);
        return handler && ((data) => handler(data, rank));
      },
    );
    const seat: Seat = { wire, exchanges, announcement: undefined, tcp: undefined, finished: false, left: false };
    this.#seats.take(rank, seat);
    wire.socket.setKeepAlive(true, 10_000);
    wire.onClosed = (error) => this.#left(rank, seat, error);
    if (this.#ended !== undefined) sendMessage(wire, { type: 'abort', ...this.#ended });
    // Who joins later learns of these together with the table.
    if (this.#table === undefined) this.#tellGone(wire);
    return new MessageReader<FromRank>(wire, (message) => this.#receive(rank, seat, message));
  }

  #receive(rank: number, seat: Seat, message: FromRank): void {
    const { wire } = seat;
    switch (message.type) {
      case 'announce':
        seat.announcement = announcementIn(message);
        if (this.#listening) sendMessage(wire, { type: 'listen', loopback: this.#loopback });
        else this.#complete(rank, seat);
        break;
      case 'listening':
        seat.tcp = message.address;
        this.#complete(rank, seat);
        break;
      case 'abort':
        this.#end(rank, message.status, message.reason, message.lost);
        break;
      case 'expendable':
        this.#options.onExpendable?.(rank, message.replacement);
        break;
      case 'missed':
        this.#options.onMissed?.(rank, message.rank);
        break;
      case 'evict':
        this.#options.onEvict?.(message.rank, message.reason);
        break;
      case 'finished':
        seat.finished = true;
        if (this.#table !== undefined) this.#table[rank] = undefined;
        this.#seats.broadcast({ type: 'finished', rank }, rank);
        this.#options.onFinished?.(rank);
        break;
      default:
        seat.exchanges.receive(message);
    }
  }

  /** The rank has said all that the others need to know. */
  #complete(rank: number, seat: Seat): void {
    if (this.#table !== undefined) {
      this.#admit(rank, seat);
      return;
    }
    this.#waiting.begin();
    this.#advance();
  }

  /** Sends the table once nothing is missing: at once on one host, after every rank's TCP address otherwise. */
  #advance(): void {
    const members: Member[] = [];
    for (let rank = 0; rank < this.#initial; rank++) {
      const seat = this.#seats.at(rank);
      if (seat?.announcement === undefined) return;
      members.push({ ...seat.announcement, tcp: seat.tcp });
    }
    this.#host = members[0]!.host;
    this.#loopback = this.door === undefined && members.every(({ host }) => host === members[0]!.host);
    if (!this.#loopback || members.some(({ unix }) => unix === undefined)) {
      if (!this.#listening) {
        this.#listening = true;
        this.#seats.broadcast({ type: 'listen', loopback: this.#loopback });
      }
      if (members.some(({ tcp }) => tcp === undefined)) return;
    }
    this.#waiting.end();
    this.#table = members;
    this.#seats.broadcast({ type: 'table', members, initial: this.#initial });
    this.#resolve(members);
    // Whoever of the others was faster than the last of these.
    for (const [rank, seat] of this.#seats.taken()) {
      const known = seat.announcement !== undefined && (!this.#listening || seat.tcp !== undefined);
      if (rank >= this.#initial && known) this.#admit(rank, seat);
    }
  }

  /** A rank that joins a job under way. */
  #admit(rank: number, seat: Seat): void {
    const table = this.#table!;
    const member: Member = { ...seat.announcement!, tcp: seat.tcp };
    if (!this.#listening && (member.host !== this.#host || member.unix === undefined)) {
      refuse(
        seat.wire,
        'the ranks that are there meet in Unix domain sockets of one host, which this rank cannot enter',
      );
      return;
    }
    table[rank] = member;
    sendMessage(seat.wire, {
      type: 'table',
      members: Array.from(table, (other) => other ?? null),
      initial: this.#initial,
    });
    this.#tellGone(seat.wire);
    this.#seats.broadcast({ type: 'joined', rank, member }, rank);
  }

  #tellGone(wire: Wire): void {
    for (const [rank, reason] of this.#gone) sendMessage(wire, { type: 'lost', rank, reason });
    for (const [rank, { finished }] of this.#seats.taken()) {
      if (finished) sendMessage(wire, { type: 'finished', rank });
    }
  }

  #left(rank: number, seat: Seat, error: Error | undefined): void {
    seat.left = true;
    seat.exchanges.close(new ParError('PAR_TRANSPORT', `rank ${rank} closed its control channel`));
    if (seat.finished) return;
    this.lost(rank, error?.message ?? 'its process ended without goodbye');
    this.#options.onLost?.(rank, error);
  }

  #end(rank: number, status: number, reason: string, lost?: number): void {
    if (this.#ended !== undefined) return;
    this.#ended = { status, reason, rank, lost };
    this.#waiting.end();
    this.#seats.broadcast({ type: 'abort', ...this.#ended }, rank);
    this.#reject(new ParError('PAR_ABORTED', reason));
    this.#options.onAbort?.(rank, status, reason);
  }
}

function announcementIn({ host, hostname, pid, unix, role }: Announcement): Announcement {
  return { host, hostname, pid, unix, role };
}

function refuse(wire: Wire, reason: string): void {
  sendMessage(wire, { type: 'refused', reason });
  wire.socket.end();
}

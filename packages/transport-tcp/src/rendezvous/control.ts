import { AbortedError, ParError, PeerLostError } from '@par/comm-core';
import type { Replacement } from '@par/comm-core/transport';
import { type Address, formatAddress } from '../address.ts';
import { greet } from '../wire/greet.ts';
import { type Credentials, RENDEZVOUS } from '../wire/handshake.ts';
import type { Wire } from '../wire/wire.ts';
import { Exchanges, type RequestHandler } from './exchanges.ts';
import { type Announcement, type FromRank, type Member, MessageReader, sendMessage, type ToRank } from './messages.ts';

/** What a rank hears from the rendezvous while it runs. */
export interface ControlEvents {
  /** A rank that was not in the table is there now. */
  joined(rank: number, member: Member): void;
  lost(rank: number, reason: string): void;
  finished(rank: number): void;
  aborted(status: number, reason: string, rank: number, lost: number | undefined): void;
  /** The channel broke: the launcher is gone. Not called after its goodbye or after `leave`. */
  broken(error: Error): void;
}

/** The other end of a handshake knows the job and does not want this rank. */
export class Declined extends ParError {}

/**
 * Connects to a rendezvous and goes through the handshake, within `deadline` milliseconds; nothing is announced yet. Rejects with
 * Declined when this rank has joined already, otherwise with why there is no genuine rendezvous at this address.
 */
export function connectControl(
  address: Address,
  credentials: Credentials,
  deadline: number,
  holder: Holder = 'launcher',
): Promise<Control> {
  return new Promise((resolve, reject) => {
    greet(address, {
      credentials,
      purpose: 'rendezvous',
      to: RENDEZVOUS,
      deadline,
      accepted: (wire) => {
        const control = new Control(wire, holder);
        resolve(control);
        return control.reader;
      },
      declined: () =>
        reject(
          new Declined(
            'PAR_TRANSPORT',
            `rank ${credentials.rank} has joined already: two processes were given the same rank`,
          ),
        ),
      failed: reject,
    });
  });
}

/** Starts to listen on TCP. `route`: address of this end of the connection to the rendezvous, if that is TCP. */
type Listen = (loopback: boolean, route: string | undefined) => Promise<Address>;

/** Where the rendezvous lives, and so what its sudden end means. */
export type Holder = 'launcher' | 'rank 0';

/** A rank's end of the control channel. */
export class Control {
  readonly reader: MessageReader<ToRank>;
  /** By rank; those without an entry may join later. */
  members: readonly (Member | undefined)[] = [];
  /** Ranks that started together. */
  initial = 0;
  readonly #wire: Wire;
  readonly #holder: Holder;
  readonly #exchanges: Exchanges;
  readonly #joined: Promise<void>;
  readonly #seat = Promise.withResolvers<number>();
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  /** What came after the table and before `start`. */
  readonly #early: ((events: ControlEvents) => void)[] = [];
  #events: ControlEvents | undefined;
  #listen: Listen | undefined;
  #left = false;

  constructor(wire: Wire, holder: Holder) {
    this.#wire = wire;
    this.#holder = holder;
    this.#exchanges = new Exchanges(
      (message) => sendMessage(wire, message),
      (name) => this.#handlers.get(name),
    );
    this.reader = new MessageReader<ToRank>(wire, (message) => this.#receive(message));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    promise.catch(() => {}); // it may end before `join` is called
    this.#seat.promise.catch(() => {});
    this.#joined = promise;
    this.#resolve = resolve;
    this.#reject = (error) => {
      reject(error);
      this.#seat.reject(error);
    };
    wire.socket.setKeepAlive(true, 10_000);
    wire.onClosed = (error) => this.#closed(error);
  }

  /** The rank a newcomer is given. Rejects with PAR_TRANSPORT when there is none for it. */
  seated(): Promise<number> {
    return this.#seat.promise;
  }

  /**
   * Joins the job; resolves once every rank has that is there from the start. Rejects with PAR_PEER_LOST, PAR_ABORTED or
   * PAR_TRANSPORT.
   */
  join(announcement: Announcement, listen: Listen): Promise<void> {
    this.#listen = listen;
    this.#send({ type: 'announce', ...announcement });
    return this.#joined;
  }

  /** The job is to end here, for this reason: as if the channel to its launcher had broken. */
  break(error: Error): void {
    this.#reject(error);
    if (!this.#left) this.#event((events) => events.broken(error));
  }

  /** Gives up joining. */
  abandon(): void {
    this.#left = true;
    this.#wire.destroy();
  }

  /** From now on the channel does not keep the process alive. */
  start(events: ControlEvents): void {
    this.#events = events;
    this.#wire.socket.unref();
    for (const event of this.#early.splice(0)) event(events);
  }

  onRequest(name: string, handler: RequestHandler): void {
    this.#handlers.set(name, handler);
  }

  request(name: string, data?: unknown, signal?: AbortSignal): Promise<unknown> {
    return this.#exchanges.request(name, data, signal);
  }

  abort(status: number, reason: string, lost?: number): void {
    this.#send({ type: 'abort', status, reason, lost });
  }

  /** Says that the loss of this process need not end the job, and what to start in its place. */
  expendable(replacement: Replacement | undefined): void {
    this.#send({ type: 'expendable', replacement });
  }

  /** Says that the connection to a rank ended without goodbye: what this rank does from now on may be for that reason. */
  missed(rank: number): void {
    this.#send({ type: 'missed', rank });
  }

  /** Asks for the end of a rank that counts as lost. */
  evict(rank: number, reason: string): void {
    this.#send({ type: 'evict', rank, reason });
  }

  /** Says that the end of this process is no loss. */
  finished(): void {
    this.#left = true;
    this.#send({ type: 'finished' });
  }

  /** Settles when what was said has left. */
  close(): Promise<void> {
    this.#left = true;
    if (this.#wire.socket.destroyed) return Promise.resolve();
    return new Promise((resolve) => {
      this.#wire.socket.ref();
      this.#wire.socket.once('close', () => resolve());
      this.#wire.socket.end();
    });
  }

  #send(message: FromRank): void {
    sendMessage(this.#wire, message);
  }

  #receive(message: ToRank): void {
    switch (message.type) {
      case 'listen':
        this.#listen!(message.loopback, this.#wire.socket.localAddress).then(
          (address) => this.#send({ type: 'listening', address: formatAddress(address) }),
          (error: Error) => this.#wire.destroy(error),
        );
        break;
      case 'seat':
        this.#seat.resolve(message.rank);
        break;
      case 'refused':
        this.#left = true;
        this.#reject(new ParError('PAR_TRANSPORT', message.reason));
        break;
      case 'table':
        this.members = message.members.map((member) => member ?? undefined);
        this.initial = message.initial;
        this.#resolve();
        break;
      case 'joined':
        this.#event((events) => events.joined(message.rank, message.member));
        break;
      case 'lost':
        this.#reject(
          new PeerLostError(message.rank, `rank ${message.rank} was lost while the job started: ${message.reason}`),
        );
        this.#event((events) => events.lost(message.rank, message.reason));
        break;
      case 'finished':
        this.#event((events) => events.finished(message.rank));
        break;
      case 'abort':
        this.#reject(
          new AbortedError(message.status, `the job was aborted while it started: ${message.reason}`, message),
        );
        this.#event((events) => events.aborted(message.status, message.reason, message.rank, message.lost));
        break;
      case 'goodbye':
        this.#left = true;
        break;
      default:
        this.#exchanges.receive(message);
    }
  }

  #event(event: (events: ControlEvents) => void): void {
    if (this.#events === undefined) this.#early.push(event);
    else event(this.#events);
  }

  #closed(error: Error | undefined): void {
    const how = error?.message ?? 'its process ended without goodbye';
    const gone =
      this.#holder === 'launcher'
        ? new ParError('PAR_TRANSPORT', `the launcher is gone: ${how}`)
        : new PeerLostError(0, `rank 0, where the ranks meet, is lost: ${how}`);
    this.#exchanges.close(gone);
    if (!(gone instanceof PeerLostError)) {
      this.break(gone);
      return;
    }
    this.#reject(gone);
    if (!this.#left) this.#event((events) => events.lost(0, how));
  }
}

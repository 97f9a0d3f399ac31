import { AbortedError, ParError, PeerLostError } from '@par/comm-core';
import { type Address, formatAddress } from '../address.ts';
import { greet } from '../wire/greet.ts';
import { type Credentials, RENDEZVOUS } from '../wire/handshake.ts';
import type { Wire } from '../wire/wire.ts';
import { Exchanges, type RequestHandler } from './exchanges.ts';
import { type Announcement, type FromRank, type Member, MessageReader, sendMessage, type ToRank } from './messages.ts';

/** What a rank hears from the launcher while it runs. */
export interface ControlEvents {
  /** A rank that was not in the table is there now. */
  joined(rank: number, member: Member): void;
  lost(rank: number, reason: string): void;
  finished(rank: number): void;
  aborted(status: number, reason: string, rank: number): void;
  /** The channel broke: the launcher is gone. Not called after its goodbye or after `leave`. */
  broken(error: Error | undefined): void;
}

export interface JoinOptions {
  readonly rendezvous: Address;
  readonly credentials: Credentials;
  readonly announcement: Announcement;
  /** Starts to listen on TCP. `route`: address of this end of the connection to the rendezvous, if that is TCP. */
  readonly listen: (loopback: boolean, route: string | undefined) => Promise<Address>;
  /** How long the rendezvous may take to appear, in milliseconds. */
  readonly connectTimeout: number;
}

/** Pause between two attempts to reach a rendezvous that is not there yet, in milliseconds. */
const RETRY_MS = 20;

/** Joins the job; resolves once every rank has that is there from the start. */
export async function joinJob(options: JoinOptions): Promise<Control> {
  const deadline = performance.now() + options.connectTimeout;
  for (;;) {
    try {
      const control = await connectControl(options, Math.max(1, deadline - performance.now()));
      await control.joined;
      return control;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const absent = code === 'ENOENT' || code === 'ECONNREFUSED';
      if (!absent || performance.now() > deadline) {
        if (error instanceof AbortedError || error instanceof PeerLostError) throw error;
        const { message } = error as Error;
        throw new ParError(
          'PAR_TRANSPORT',
          `rank ${options.credentials.rank} cannot join at ${formatAddress(options.rendezvous)}: ${message}; is the launcher still running?`,
          { cause: error },
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function connectControl(options: JoinOptions, deadline: number): Promise<Control> {
  return new Promise((resolve, reject) => {
    greet(options.rendezvous, {
      credentials: options.credentials,
      purpose: 'rendezvous',
      to: RENDEZVOUS,
      deadline,
      accepted: (wire) => {
        const control = new Control(wire, options);
        resolve(control);
        return control.reader;
      },
      declined: () => reject(new Error('this rank has joined already; two processes were given the same PAR_RANK')),
      failed: reject,
    });
  });
}

/** A rank's end of the control channel. */
export class Control {
  readonly reader: MessageReader<ToRank>;
  readonly joined: Promise<void>;
  /** By rank; those without an entry may join later. */
  members: readonly (Member | undefined)[] = [];
  /** Ranks that started together. */
  initial = 0;
  readonly #wire: Wire;
  readonly #options: JoinOptions;
  readonly #exchanges: Exchanges;
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #resolve: () => void;
  readonly #reject: (error: Error) => void;
  /** What came after the table and before `start`. */
  readonly #early: ((events: ControlEvents) => void)[] = [];
  #events: ControlEvents | undefined;
  #left = false;

  constructor(wire: Wire, options: JoinOptions) {
    this.#wire = wire;
    this.#options = options;
    this.#exchanges = new Exchanges(
      (message) => sendMessage(wire, message),
      (name) => this.#handlers.get(name),
    );
    this.reader = new MessageReader<ToRank>(wire, (message) => this.#receive(message));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.joined = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    wire.socket.setKeepAlive(true, 10_000);
    wire.onClosed = (error) => this.#closed(error);
    this.#send({ type: 'announce', ...options.announcement });
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

  abort(status: number, reason: string): void {
    this.#send({ type: 'abort', status, reason });
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
        this.#options.listen(message.loopback, this.#wire.socket.localAddress).then(
          (address) => this.#send({ type: 'listening', address: formatAddress(address) }),
          (error: Error) => this.#wire.destroy(error),
        );
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
        this.#reject(new AbortedError(message.status, `the job was aborted while it started: ${message.reason}`));
        this.#event((events) => events.aborted(message.status, message.reason, message.rank));
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
    const gone = new ParError(
      'PAR_TRANSPORT',
      `the launcher is gone: ${error?.message ?? 'it closed the control channel'}`,
    );
    this.#exchanges.close(gone);
    this.#reject(gone);
    if (!this.#left) this.#event((events) => events.broken(gone));
  }
}

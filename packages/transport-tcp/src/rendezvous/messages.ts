import { ParError } from '@par/comm-core';
import type { Replacement } from '@par/comm-core/transport';
import type { ByteConsumer, Wire } from '../wire/wire.ts';

/** What a rank says of itself when it joins. */
export interface Announcement {
  /** Host identity: equal exactly for ranks that can meet in Unix domain sockets. */
  readonly host: string;
  readonly hostname: string;
  readonly pid: number;
  /** Path of its Unix domain socket; undefined when it wants TCP. */
  readonly unix: string | undefined;
  /** What a rank that joins a job under way is there for. */
  readonly role?: string | undefined;
}

/** A line of the table every rank gets; its position is the rank. */
export interface Member extends Announcement {
  /** Address of its TCP listener; undefined when Unix domain sockets serve all its peers. */
  readonly tcp: string | undefined;
}

/** Questions either end of a control channel may ask the other, by name. */
export type Exchange =
  | { readonly type: 'request'; readonly id: number; readonly name: string; readonly data: unknown }
  | { readonly type: 'response'; readonly id: number; readonly data: unknown; readonly error: string | undefined };

/** The end of the job; `lost`: the rank whose loss is behind it. */
interface Abort {
  readonly status: number;
  readonly reason: string;
  readonly lost?: number | undefined;
}

export type FromRank =
  | Exchange
  | ({ readonly type: 'announce' } & Announcement)
  | { readonly type: 'listening'; readonly address: string }
  | ({ readonly type: 'abort' } & Abort)
  | { readonly type: 'finished' }
  /** The loss of this rank need not end the job. */
  | { readonly type: 'expendable'; readonly replacement: Replacement | undefined }
  /** This rank's connection to the sender ended without goodbye. */
  | { readonly type: 'missed'; readonly rank: number }
  /** This rank counts as lost, and its process is to end. */
  | { readonly type: 'evict'; readonly rank: number; readonly reason: string };

export type ToRank =
  | Exchange
  /** The rank of a newcomer. */
  | { readonly type: 'seat'; readonly rank: number }
  /** This process cannot join the job. */
  | { readonly type: 'refused'; readonly reason: string }
  /** The sockets of this host are not enough: listen on TCP (`loopback`: all ranks are on one host) and tell the address. */
  | { readonly type: 'listen'; readonly loopback: boolean }
  /** `initial` ranks started together. Ranks without a line may join later: see `joined`. */
  | { readonly type: 'table'; readonly members: readonly (Member | null)[]; readonly initial: number }
  | { readonly type: 'joined'; readonly rank: number; readonly member: Member }
  | { readonly type: 'lost'; readonly rank: number; readonly reason: string }
  | { readonly type: 'finished'; readonly rank: number }
  /** `rank`: who wants it, −1: the launcher. */
  | ({ readonly type: 'abort'; readonly rank: number } & Abort)
  /** The server closes on purpose: the channel ends, the job goes on. */
  | { readonly type: 'goodbye' };

/** Largest control message, 16 MiB: a table of thousands of ranks, or the stacks of one. */
const MAX_BYTES = 2 ** 24;

/** Control messages are JSON after a 4-byte length. Only ever spoken after the handshake. */
export function sendMessage(wire: Wire, message: FromRank | ToRank): void {
  if (wire.socket.destroyed) return;
  const text = JSON.stringify(message);
  const frame = Buffer.allocUnsafe(4 + Buffer.byteLength(text));
  frame.writeUInt32LE(frame.length - 4);
  frame.write(text, 4);
  wire.socket.write(frame);
}

/** Cuts the bytes of a control channel into messages. A message no par process sends closes the wire. */
export class MessageReader<M extends FromRank | ToRank> implements ByteConsumer {
  readonly #wire: Wire;
  readonly #onMessage: (message: M) => void;
  readonly #head = Buffer.alloc(4);
  #memory = this.#head;
  #filled = 0;

  constructor(wire: Wire, onMessage: (message: M) => void) {
    this.#wire = wire;
    this.#onMessage = onMessage;
  }

  target(): Uint8Array {
    return this.#memory.subarray(this.#filled);
  }

  received(bytes: number): void {
    this.#filled += bytes;
    if (this.#filled < this.#memory.length) return;
    const memory = this.#memory;
    this.#filled = 0;
    if (memory === this.#head) {
      const length = memory.readUInt32LE();
      if (length === 0 || length > MAX_BYTES) {
        this.#wire.destroy(new ParError('PAR_PROTOCOL', `control message of ${length} bytes`));
      } else {
        this.#memory = Buffer.allocUnsafe(length);
      }
      return;
    }
    this.#memory = this.#head;
    let message: M;
    try {
      message = JSON.parse(memory.toString()) as M;
    } catch (cause) {
      this.#wire.destroy(new ParError('PAR_PROTOCOL', 'control message that is not JSON', { cause }));
      return;
    }
    this.#onMessage(message);
  }
}

import type { ParError } from '../errors.ts';
import { ReceiveCredits, SendCredits } from './credits.ts';
import type { Incoming } from './incoming.ts';
import type { Message } from './message.ts';
import type { Outgoing } from './outgoing.ts';
import type { MatchQueues } from './queues.ts';
import type { Receive } from './receive.ts';
import type { Refusal } from './refusal.ts';

/** What this rank knows of one rank of the world, itself included. */
export class Peer {
  readonly rank: number;
  /** Set when it is lost or has said goodbye. */
  gone: Refusal | undefined = undefined;
  readonly sendCredits = new SendCredits();
  readonly receiveCredits = new ReceiveCredits();

  /** Sends that wait for an answer or are being transferred, by message id. */
  readonly outgoing = new Map<number, Outgoing>();
  /** Those with data to send now, next one first. */
  readonly transfers: Outgoing[] = [];
  chunksInFlight = 0;
  resuming = false;
  /** Unmatched messages the peer waits for an answer to, by its message id. */
  readonly announced = new Map<number, Message>();
  /** Matched rendezvous messages whose data arrives, by the peer's message id. */
  readonly incoming = new Map<number, Incoming>();
  private lastId = 0;

  // The frame between `begin` and `end`; kind 0: none, or nothing is left to do at its end.
  kind = 0;
  flags = 0;
  detail = 0;
  queues: MatchQueues | undefined = undefined;
  tag = 0;
  id = 0;
  length = 0;
  total = 0;
  memory: Uint8Array | undefined = undefined;
  /** Receive that was matched at `begin`, and why it will fail, if so. */
  receive: Receive | undefined = undefined;
  objection: ParError | undefined = undefined;
  transfer: Incoming | undefined = undefined;

  constructor(rank: number) {
    this.rank = rank;
  }

  nextId(): number {
    do this.lastId = (this.lastId + 1) >>> 0;
    while (this.outgoing.has(this.lastId));
    return this.lastId;
  }
}

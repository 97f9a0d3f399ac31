import { ANY_TAG } from '../constants.ts';
import { ParError } from '../errors.ts';
import { ELEMENT_TYPES } from '../transport/element-type.ts';
import type { FrameSink } from '../transport/frames.ts';
import { objectionTo, receiveEager, valueOutcome } from './deliver.ts';
import { elementCode, elementCount, elementsMatch } from './element.ts';
import type { Engine } from './engine.ts';
import {
  CANCEL,
  CREDIT,
  CTS,
  DATA,
  EAGER,
  REFUSE,
  RELEASED,
  RTS,
  readF64,
  readI32,
  readU16,
  readU32,
  SYNCHRONOUS,
  VALUE,
} from './header.ts';
import { EAGER_LIMIT, MAX_SEGMENTS } from './limits.ts';
import type { Losses } from './loss.ts';
import { Matched } from './matched.ts';
import { Message } from './message.ts';
import type { Peer } from './peer.ts';
import { accepts, type MatchQueues } from './queues.ts';
import { MPROBE, RECV_BUFFER, type Receive } from './receive.ts';
import { concerns } from './refusal.ts';
import { continueReceive, startReceive } from './rendezvous-receive.ts';
import { answered, refused } from './rendezvous-send.ts';
import { allocate, tableBytes } from './segments.ts';

const EMPTY = new Uint8Array(0);

/** Where links hand over frames. Checks every header, finds the receive it is for, and the memory its payload goes to. */
export class Arrivals implements FrameSink {
  private readonly engine: Engine;
  private readonly losses: Losses;
  /** Payloads nobody wants are written here. */
  private waste = EMPTY;

  constructor(engine: Engine, losses: Losses) {
    this.engine = engine;
    this.losses = losses;
  }

  begin(source: number, header: Uint8Array, length: number): Uint8Array {
    const peer = this.engine.peer(source);
    peer.kind = 0;
    if (this.engine.ended !== undefined && this.engine.ended.kind === 'aborted') return this.discard(length);
    switch (header[0]) {
      case EAGER:
        return this.beginEager(peer, header, length);
      case RTS:
        return this.beginAnnouncement(peer, header, length);
      case DATA:
        return this.beginData(peer, header, length);
      default:
        if (length !== 0) throw garbage(peer, `${length} bytes with a frame of kind ${header[0]}`);
        this.control(peer, header);
        return EMPTY;
    }
  }

  end(source: number): void {
    const peer = this.engine.peer(source);
    const { kind } = peer;
    peer.kind = 0;
    if (kind === EAGER) this.endEager(peer);
    else if (kind === DATA) {
      const transfer = peer.transfer!;
      peer.transfer = undefined;
      continueReceive(this.engine, peer, transfer, peer.length);
    } else if (kind === RTS) {
      const { queues, flags, detail, tag, id, memory, total } = peer;
      peer.memory = undefined;
      this.arrive(peer, new Message(queues!, RTS, flags, detail, source, tag, id, memory!, total));
    }
  }

  lost(rank: number, error: Error | undefined): void {
    this.losses.lose(rank, error);
  }

  aborted(status: number, reason: string, rank: number, lost: number | undefined): void {
    this.losses.abort(status, reason, rank, lost);
  }

  private beginEager(peer: Peer, header: Uint8Array, length: number): Uint8Array {
    const flags = header[1]!;
    const detail = readU16(header, 2);
    const tag = readI32(header, 8);
    const isValue = (flags & VALUE) !== 0;
    if (
      length > EAGER_LIMIT ||
      (flags & ~(VALUE | SYNCHRONOUS)) !== 0 ||
      tag === ANY_TAG ||
      (isValue ? tableBytes(detail) > length : detail >= ELEMENT_TYPES.length)
    ) {
      throw garbage(
        peer,
        `an eager message of ${length} bytes, flags ${flags}, type or segments ${detail}, tag ${tag}`,
      );
    }
    const queues = this.engine.queuesOf(readU32(header, 4));
    checkMember(peer, queues);
    if (!peer.receiveCredits.hold(length)) throw garbage(peer, 'more eager messages than it has credit for');
    peer.kind = EAGER;
    peer.flags = flags;
    peer.detail = detail;
    peer.queues = queues;
    peer.tag = tag;
    peer.id = readU32(header, 12);
    peer.length = length;
    if (queues.refusal !== undefined && concerns(queues.refusal, tag)) return this.discard(length);
    const receive = queues.firstPosted(peer.rank, tag);
    if (receive === undefined || receive.kind === MPROBE) {
      peer.memory = length === 0 ? EMPTY : allocate(length);
      return peer.memory;
    }
    receive.matched();
    peer.receive = receive;
    const { into, memory } = receive;
    if (into !== undefined && memory !== undefined) {
      if (!isValue && length <= memory.length && elementsMatch(elementCode(into.type), detail)) {
        return length === memory.length ? memory : memory.subarray(0, length);
      }
    } else if (isValue) {
      peer.memory = allocate(length);
      return peer.memory;
    }
    const bytes = isValue ? length - tableBytes(detail) : length;
    peer.objection = objectionTo(receive.plane, receive.kind, into, peer.rank, tag, isValue, detail, bytes);
    return this.discard(length);
  }

  private endEager(peer: Peer): void {
    const { receive, length, flags, tag, detail } = peer;
    if (receive !== undefined) {
      peer.receive = undefined;
      this.finishEager(peer, receive);
      return;
    }
    const queues = peer.queues!;
    const { refusal } = queues;
    if (refusal !== undefined && concerns(refusal, tag)) {
      if ((flags & SYNCHRONOUS) !== 0) this.engine.refuse(peer, peer.id, refusal);
      this.engine.returnCredit(peer, length);
      return;
    }
    const bytes = (flags & VALUE) !== 0 ? length - tableBytes(detail) : length;
    const message = new Message(queues, EAGER, flags, detail, peer.rank, tag, peer.id, peer.memory!, bytes);
    peer.memory = undefined;
    this.arrive(peer, message);
  }

  /** The payload of an eager message is where the receive that was posted for it wanted it. */
  private finishEager(peer: Peer, receive: Receive): void {
    const { objection, memory, length, tag } = peer;
    peer.memory = undefined;
    if ((peer.flags & SYNCHRONOUS) !== 0) this.engine.control(peer, CTS, RELEASED, 0, peer.id, 0);
    this.engine.returnCredit(peer, length);
    if (objection !== undefined) {
      peer.objection = undefined;
      receive.fail(objection);
    } else if (receive.kind === RECV_BUFFER) {
      const source = receive.plane.rankOf[peer.rank]!;
      receive.succeed({ source, tag, bytes: length, count: elementCount(length, receive.into!.type) });
    } else {
      receive.settle(valueOutcome(receive.plane, peer.rank, tag, memory!, peer.detail));
    }
  }

  private beginAnnouncement(peer: Peer, header: Uint8Array, length: number): Uint8Array {
    const flags = header[1]!;
    const detail = readU16(header, 2);
    const tag = readI32(header, 8);
    const id = readU32(header, 12);
    const total = readF64(header, 24);
    const isValue = (flags & VALUE) !== 0;
    if (
      (isValue ? length % 8 !== 0 || length > MAX_SEGMENTS * 8 : length !== 0 || detail >= ELEMENT_TYPES.length) ||
      (flags & ~VALUE) !== 0 ||
      tag === ANY_TAG ||
      !Number.isSafeInteger(total) ||
      total < 0 ||
      peer.announced.has(id) ||
      peer.incoming.has(id)
    ) {
      throw garbage(
        peer,
        `announcement ${id} of ${total} bytes with ${length} bytes of lengths, flags ${flags}, tag ${tag}`,
      );
    }
    const queues = this.engine.queuesOf(readU32(header, 4));
    checkMember(peer, queues);
    peer.queues = queues;
    peer.kind = RTS;
    peer.flags = flags;
    peer.detail = detail;
    peer.tag = tag;
    peer.id = id;
    peer.total = total;
    peer.memory = length === 0 ? EMPTY : allocate(length);
    return peer.memory;
  }

  private beginData(peer: Peer, header: Uint8Array, length: number): Uint8Array {
    const id = readU32(header, 12);
    const offset = readF64(header, 24);
    const transfer = peer.incoming.get(id);
    const target = transfer?.target(offset, length);
    if (target === undefined)
      throw garbage(peer, `${length} bytes at ${offset} of message ${id}, which were not asked for`);
    peer.kind = DATA;
    peer.transfer = transfer;
    peer.length = length;
    return target;
  }

  private control(peer: Peer, header: Uint8Array): void {
    const { engine } = this;
    const id = readU32(header, 12);
    switch (header[0]) {
      case CTS:
        if (!answered(engine, peer, id, header[1]!))
          throw garbage(peer, `an answer to message ${id}, which awaits none`);
        return;
      case REFUSE: {
        const reason = readU16(header, 2);
        if (!refused(engine, peer, id, reason, readF64(header, 24))) {
          throw garbage(peer, `refusal ${reason} of message ${id}, which awaits none`);
        }
        return;
      }
      case CREDIT:
        if (!peer.sendCredits.refill(id, readF64(header, 24))) throw garbage(peer, 'more credit than was spent');
        return;
      case CANCEL: {
        const message = peer.announced.get(id);
        // Not there: it was matched or refused, and that answer is on its way.
        if (message === undefined) return;
        engine.take(message);
        engine.dispose(message, undefined);
        return;
      }
      default:
        throw garbage(peer, `a frame of unknown kind ${header[0]}`);
    }
  }

  /** A message nobody was known to wait for when its header came. */
  private arrive(peer: Peer, message: Message): void {
    const { queues, source, tag } = message;
    if (queues.refusal !== undefined && concerns(queues.refusal, tag)) {
      this.engine.dispose(message, queues.refusal);
      return;
    }
    const receive = queues.firstPosted(source, tag);
    if (receive !== undefined) {
      receive.matched();
      this.deliver(receive, message);
      return;
    }
    if (message.awaitsAnswer) peer.announced.set(message.id, message);
    queues.addMessage(message);
    if (queues.probes.head !== undefined) wakeProbes(queues, message);
  }

  private deliver(receive: Receive, message: Message): void {
    if (receive.kind === MPROBE) receive.succeed(new Matched(receive.plane, message));
    else if (message.kind === RTS) startReceive(this.engine, receive, message);
    else receive.settle(receiveEager(receive.plane, receive.kind, receive.into, message));
  }

  private discard(length: number): Uint8Array {
    if (this.waste.length < length) this.waste = new Uint8Array(length);
    return this.waste.subarray(0, length);
  }
}

function wakeProbes(queues: MatchQueues, message: Message): void {
  for (const probe of queues.probes) {
    if (!accepts(probe.source, probe.tag, message.source, message.tag)) continue;
    probe.matched();
    probe.succeed(probe.plane.envelope(message));
  }
}

function checkMember(peer: Peer, queues: MatchQueues): void {
  if (queues.plane !== undefined && queues.plane.rankOf[peer.rank] === -1) {
    throw garbage(peer, `a message in ${queues.plane.label}, which it does not belong to`);
  }
}

function garbage(peer: Peer, what: string): ParError {
  return new ParError(
    'PAR_PROTOCOL',
    `rank ${peer.rank} of the world sent ${what}; all ranks must run the same version of par`,
  );
}

import { ANY_SOURCE } from '../constants.ts';
import { cancelled, type ParError } from '../errors.ts';
import type {
  BufferEnvelope,
  BufferView,
  EncodedMessage,
  Envelope,
  MatchedMessage,
  MatchingSpace,
} from '../transport/index.ts';
import { receiveEager } from './deliver.ts';
import { elementCode } from './element.ts';
import type { Engine } from './engine.ts';
import { EAGER, VALUE } from './header.ts';
import { EAGER_LIMIT } from './limits.ts';
import { Matched } from './matched.ts';
import type { Message } from './message.ts';
import { describeSend } from './outgoing.ts';
import type { Peer } from './peer.ts';
import type { MatchQueues } from './queues.ts';
import { describeReceive, MPROBE, type Outcome, PROBE, RECV_BUFFER, RECV_VALUE, Receive } from './receive.ts';
import { concerns, errorOf, type Refusal } from './refusal.ts';
import { startReceive } from './rendezvous-receive.ts';
import { startSend } from './rendezvous-send.ts';
import { joinSegments, tableBytes, totalBytes } from './segments.ts';

const SENT = Promise.resolve();

/** One matching space: translates ranks, sends eagerly when it may, receives what is there or posts the receive. */
export class Plane implements MatchingSpace {
  readonly engine: Engine;
  readonly queues: MatchQueues;
  /** Name of the communicator, for people. */
  label: string;
  /** World rank of each rank messages go to and come from. */
  readonly targets: readonly number[];
  /** Rank of each world rank in `targets`, -1 outside. */
  readonly rankOf: Int32Array;
  private readonly id: number;

  constructor(engine: Engine, queues: MatchQueues, label: string, targets: readonly number[], rankOf: Int32Array) {
    this.engine = engine;
    this.queues = queues;
    this.id = queues.id;
    this.label = label;
    this.targets = targets;
    this.rankOf = rankOf;
    queues.plane = this;
  }

  /** Whether collectives use it; programs do not. */
  get forCollectives(): boolean {
    return (this.id & 1) === 1;
  }

  sendValue(
    segments: readonly Uint8Array[],
    dest: number,
    tag: number,
    synchronous: boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    const peer = this.engine.peer(this.targets[dest]!);
    const error = this.sendError(peer, tag, signal);
    if (error !== undefined) return Promise.reject(error);
    const count = segments.length;
    const total = totalBytes(segments);
    const length = total + tableBytes(count);
    if (!synchronous && length <= EAGER_LIMIT && peer.sendCredits.spend(length)) {
      const payload = count === 1 ? segments[0] : joinSegments(segments, total);
      return this.engine.send(peer, EAGER, VALUE, count, this.id, tag, 0, 0, payload) ?? SENT;
    }
    return startSend(this, peer, segments, total, VALUE, count, tag, synchronous, signal);
  }

  sendBuffer(from: BufferView, dest: number, tag: number, synchronous: boolean, signal?: AbortSignal): Promise<void> {
    const peer = this.engine.peer(this.targets[dest]!);
    const error = this.sendError(peer, tag, signal);
    if (error !== undefined) return Promise.reject(error);
    const bytes = from.bytes;
    const type = elementCode(from.type);
    if (!synchronous && bytes.length <= EAGER_LIMIT && peer.sendCredits.spend(bytes.length)) {
      return this.engine.send(peer, EAGER, 0, type, this.id, tag, 0, 0, bytes) ?? SENT;
    }
    return startSend(this, peer, [bytes], bytes.length, 0, type, tag, synchronous, signal);
  }

  recvValue(source: number, tag: number, signal?: AbortSignal): Promise<EncodedMessage> {
    return this.receive(RECV_VALUE, undefined, source, tag, signal) as Promise<EncodedMessage>;
  }

  recvBuffer(into: BufferView, source: number, tag: number, signal?: AbortSignal): Promise<BufferEnvelope> {
    return this.receive(RECV_BUFFER, into, source, tag, signal) as Promise<BufferEnvelope>;
  }

  probe(source: number, tag: number, signal?: AbortSignal): Promise<Envelope> {
    return this.receive(PROBE, undefined, source, tag, signal) as Promise<Envelope>;
  }

  mprobe(source: number, tag: number, signal?: AbortSignal): Promise<MatchedMessage> {
    return this.receive(MPROBE, undefined, source, tag, signal) as Promise<MatchedMessage>;
  }

  iprobe(source: number, tag: number): Envelope | undefined {
    const message = this.find(PROBE, source, tag);
    return message && this.envelope(message);
  }

  improbe(source: number, tag: number): MatchedMessage | undefined {
    const message = this.find(MPROBE, source, tag);
    if (message === undefined) return undefined;
    this.engine.take(message);
    return new Matched(this, message);
  }

  envelope(message: Message): Envelope {
    return { source: this.rankOf[message.source]!, tag: message.tag, bytes: message.bytes };
  }

  /** Why a receive from `world` (a world rank or ANY_SOURCE) can get nothing that is not here already. */
  unreachable(world: number): Refusal | undefined {
    const { engine } = this;
    if (!engine.troubled) return undefined;
    if (world !== ANY_SOURCE) return engine.gone(world);
    let gone: Refusal | undefined;
    for (const target of this.targets) {
      if (target === engine.rank) continue;
      const why = engine.gone(target);
      if (why === undefined) return undefined;
      if (gone === undefined || why.kind === 'lost') gone = why;
    }
    return gone;
  }

  private receive(
    kind: number,
    into: BufferView | undefined,
    source: number,
    tag: number,
    signal: AbortSignal | undefined,
  ): Promise<Outcome> {
    const { queues } = this;
    const world = source === ANY_SOURCE ? ANY_SOURCE : this.targets[source]!;
    if (queues.refusal !== undefined && concerns(queues.refusal, tag)) {
      return Promise.reject(errorOf(queues.refusal, describeReceive(this, kind, world, tag)));
    }
    if (signal?.aborted) return Promise.reject(cancelled(signal, describeReceive(this, kind, world, tag)));
    const message = queues.oldest(world, tag);
    if (message !== undefined) return this.receiveNow(kind, into, message);
    const unreachable = this.unreachable(world);
    if (unreachable !== undefined) {
      return Promise.reject(errorOf(unreachable, describeReceive(this, kind, world, tag)));
    }
    const receive = new Receive(this, kind, world, tag, into, signal);
    if (kind === PROBE) queues.addProbe(receive);
    else queues.post(receive);
    return receive.promise;
  }

  private receiveNow(kind: number, into: BufferView | undefined, message: Message): Promise<Outcome> {
    if (kind === PROBE) return Promise.resolve(this.envelope(message));
    this.engine.take(message);
    if (kind === MPROBE) return Promise.resolve(new Matched(this, message));
    return this.receiveTaken(kind, into, message);
  }

  /** Receives a message that is out of matching already. */
  receiveTaken(kind: number, into: BufferView | undefined, message: Message): Promise<Outcome> {
    if (message.kind === EAGER) {
      const outcome = receiveEager(this, kind, into, message);
      return outcome instanceof Error ? Promise.reject(outcome) : Promise.resolve(outcome);
    }
    const receive = new Receive(this, kind, message.source, message.tag, into, undefined);
    startReceive(this.engine, receive, message);
    return receive.promise;
  }

  private find(kind: number, source: number, tag: number): Message | undefined {
    const { queues } = this;
    const world = source === ANY_SOURCE ? ANY_SOURCE : this.targets[source]!;
    if (queues.refusal !== undefined && concerns(queues.refusal, tag)) {
      throw errorOf(queues.refusal, describeReceive(this, kind, world, tag));
    }
    const message = queues.oldest(world, tag);
    if (message === undefined) {
      const unreachable = this.unreachable(world);
      if (unreachable !== undefined) throw errorOf(unreachable, describeReceive(this, kind, world, tag));
    }
    return message;
  }

  private sendError(peer: Peer, tag: number, signal: AbortSignal | undefined): ParError | undefined {
    const { refusal } = this.queues;
    if (refusal !== undefined && concerns(refusal, tag)) return errorOf(refusal, this.describeSend(peer, tag));
    if (peer.gone !== undefined) return errorOf(peer.gone, this.describeSend(peer, tag));
    return signal?.aborted ? cancelled(signal, this.describeSend(peer, tag)) : undefined;
  }

  private describeSend(peer: Peer, tag: number): string {
    return describeSend(this, peer.rank, tag);
  }
}

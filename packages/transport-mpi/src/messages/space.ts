import { cancelled, ParError } from '@par/comm-core';
import type {
  BufferEnvelope,
  BufferView,
  EncodedMessage,
  Envelope,
  MatchedMessage,
  MatchingSpace,
} from '@par/comm-core/transport';
import {
  DONE,
  FAILED,
  type Handle,
  type MatchedHandle,
  type Native,
  NEED_SLAB,
  SLAB_SLOTS,
  SMALL,
  SMALL_HEADER,
  STATUS,
} from '../native.ts';
import { ended, type Outcome, type Progress } from '../progress.ts';
import type { Bulk } from './bulk.ts';
import { BYTES_CODE, ELEMENT_BYTES, TYPE_CODE } from './element-types.ts';
import { type FirstMessage, layoutOf, readFirst, readOnly, slabOf, writeFirst } from './first-message.ts';
import { MatchedBuffer, MatchedValue } from './matched.ts';
import { describe, PendingFirst, PendingReceive, PendingSend, receiveError } from './operations.ts';

/** The communicators of a space and who its ranks are in the world. */
export interface Planes {
  /** Of buffers: the messages any MPI program sends. */
  readonly buffers: Handle;
  /** Of first messages of values. */
  readonly values: Handle;
  /** World rank of each rank that can be addressed. */
  readonly peers: readonly number[];
  /** When not every rank of the job runs par: ranks of the value plane by rank of the space, and back. */
  readonly among?: { readonly rankOf: (rank: number) => number; readonly memberOf: (rank: number) => number };
}

/** A value taken out of MPI's matching by a probe and not yet received. */
interface Taken {
  readonly source: number;
  readonly tag: number;
  first: FirstMessage | undefined;
  readonly arrival: Promise<FirstMessage>;
}

const scratch = new Uint8Array(SMALL);

function totalOf(segments: readonly Uint8Array[]): number {
  let bytes = 0;
  for (const segment of segments) bytes += segment.length;
  return bytes;
}

/** Matching done by MPI: buffers as plain messages, values on a communicator of their own. */
export class MpiSpace implements MatchingSpace {
  readonly progress: Progress;
  readonly planes: Planes;
  readonly bulk: Bulk;
  readonly #native: Native;
  readonly #buffers: Handle;
  readonly #values: Handle;
  readonly #status: Int32Array;
  /** Oldest first. MPI no longer has these, so they come before anything it matches. */
  readonly #taken: Taken[] = [];
  #givenUp = false;

  constructor(progress: Progress, bulk: Bulk, planes: Planes) {
    this.progress = progress;
    this.bulk = bulk;
    this.planes = planes;
    this.#native = progress.native;
    this.#buffers = planes.buffers;
    this.#values = planes.values;
    this.#status = progress.status;
  }

  /** Nothing can be started: the program freed it, or MPI has ended. */
  get freed(): boolean {
    return this.#givenUp || this.progress.stopped;
  }

  sendBuffer(from: BufferView, dest: number, tag: number, synchronous: boolean, signal?: AbortSignal): Promise<void> {
    if (this.freed || signal?.aborted) return this.#refuse('sendBuffer', 'dest', dest, tag, signal);
    const memory = from.array ?? from.bytes;
    const type = TYPE_CODE[from.type];
    const slot = this.#native.sendBuffer(this.#buffers, memory, memory.byteLength, type, dest, tag, synchronous);
    return slot === DONE ? this.progress.done() : this.#sending(slot, memory, 'sendBuffer', dest, tag, signal);
  }

  recvBuffer(into: BufferView, source: number, tag: number, signal?: AbortSignal): Promise<BufferEnvelope> {
    if (this.freed || signal?.aborted) return this.#refuse('recvInto', 'source', source, tag, signal);
    const memory = into.array ?? into.bytes;
    const slot = this.#native.recvBuffer(this.#buffers, memory, memory.byteLength, TYPE_CODE[into.type], source, tag);
    return this.#receiving(slot, into, source, tag, signal);
  }

  sendValue(
    segments: readonly Uint8Array[],
    dest: number,
    tag: number,
    synchronous: boolean,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.freed || signal?.aborted) return this.#refuse('send', 'dest', dest, tag, signal);
    const to = this.planes.among ? this.planes.among.rankOf(dest) : dest;
    if (!synchronous && segments.length === 1 && segments[0]!.length <= SMALL - SMALL_HEADER) {
      const slot = this.#native.sendSmall(this.#values, segments[0]!, to, tag);
      return slot === DONE ? this.progress.done() : this.#sending(slot, undefined, 'send', dest, tag, signal);
    }
    return this.#sendLong(segments, dest, to, tag, synchronous, signal);
  }

  recvValue(source: number, tag: number, signal?: AbortSignal): Promise<EncodedMessage> {
    if (this.freed || signal?.aborted) return this.#refuse('recv', 'source', source, tag, signal);
    const taken = this.#taken.length > 0 ? this.#take(source, tag) : undefined;
    if (taken) return this.#finishTaken(taken);
    const from = source >= 0 && this.planes.among ? this.planes.among.rankOf(source) : source;
    let slot = this.#native.recvFirst(this.#values, from, tag);
    if (slot === NEED_SLAB) {
      this.progress.addSlab();
      slot = this.#native.recvFirst(this.#values, from, tag);
    }
    if (slot === DONE) {
      const status = this.#status;
      const bytes = this.progress.statusBytes[0]!;
      return this.#arrived(status[STATUS.source]!, status[STATUS.tag]!, bytes, status[STATUS.slot]!, true);
    }
    if (slot === FAILED) return Promise.reject(this.progress.failure(describe('recv', 'source', source, tag)));
    return new Promise((resolve, reject) => {
      const arrived = (outcome: Outcome): void =>
        resolve(this.#arrived(outcome.source, outcome.tag, outcome.bytes, outcome.slot, false));
      const operation = new PendingFirst(this, source, tag, arrived, reject);
      this.progress.wait(slot, operation);
      this.progress.watch(slot, operation, signal);
    });
  }

  // Between a buffer and a value from the same rank MPI keeps no order; the buffer is reported first.
  iprobe(source: number, tag: number): Envelope | undefined {
    if (this.freed) throw this.#freed('iprobe');
    const buffer = this.#iprobeBuffer(source, tag);
    if (buffer) return buffer;
    const taken = this.#taken.find((entry) => matches(entry, source, tag)) ?? this.#takeFromMpi(source, tag);
    return taken?.first && envelopeOf(taken, taken.first);
  }

  improbe(source: number, tag: number): MatchedMessage | undefined {
    if (this.freed) throw this.#freed('improbe');
    const message = this.#native.improbe(this.#buffers, source, tag);
    if (typeof message === 'number') throw this.progress.failure(describe('improbe', 'source', source, tag));
    if (message !== undefined) return this.#matchedBuffer(message, this.#envelope());
    const taken = this.#taken.find((entry) => matches(entry, source, tag)) ?? this.#takeFromMpi(source, tag);
    if (!taken?.first) return undefined;
    this.#taken.splice(this.#taken.indexOf(taken), 1);
    return new MatchedValue(envelopeOf(taken, taken.first), () => this.#finishTaken(taken));
  }

  probe(source: number, tag: number, signal?: AbortSignal): Promise<Envelope> {
    return this.#poll('probe', source, tag, signal, () => this.iprobe(source, tag));
  }

  mprobe(source: number, tag: number, signal?: AbortSignal): Promise<MatchedMessage> {
    return this.#poll('mprobe', source, tag, signal, () => this.improbe(source, tag));
  }

  /** Everything pending rejects with PAR_FREED; nothing more can be started. */
  giveUp(): void {
    this.#givenUp = true;
    for (const [slot, operation] of this.progress.operations(this)) {
      this.progress.giveUp(slot, operation, this.#freed(operation.describe()));
    }
  }

  #freed(what: string): ParError {
    return this.#givenUp ? new ParError('PAR_FREED', `${what}: this communicator was freed`) : ended(what);
  }

  #refuse(
    name: string,
    peer: 'source' | 'dest',
    rank: number,
    tag: number,
    signal: AbortSignal | undefined,
  ): Promise<never> {
    const what = describe(name, peer, rank, tag);
    return Promise.reject(signal?.aborted && !this.freed ? cancelled(signal, what) : this.#freed(what));
  }

  #sending(
    slot: number,
    memory: unknown,
    name: string,
    dest: number,
    tag: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (slot === FAILED) return Promise.reject(this.progress.failure(describe(name, 'dest', dest, tag)));
    const operation = new PendingSend(this, memory, name, dest, tag);
    return new Promise((resolve, reject) => {
      operation.resolve = resolve;
      operation.reject = reject;
      this.progress.wait(slot, operation);
      this.progress.watch(slot, operation, signal);
    });
  }

  #receiving(
    slot: number,
    into: BufferView,
    source: number,
    tag: number,
    signal: AbortSignal | undefined,
  ): Promise<BufferEnvelope> {
    const elementBytes = ELEMENT_BYTES[into.type];
    if (slot === DONE) {
      const bytes = this.progress.statusBytes[0]!;
      const status = this.#status;
      return this.progress.now(
        { source: status[STATUS.source]!, tag: status[STATUS.tag]!, bytes, count: bytes / elementBytes },
        bytes,
      );
    }
    if (slot === FAILED) {
      const where = describe('recvInto', 'source', source, tag);
      const { error, truncated } = this.progress.errorOf(this.#status[STATUS.error]!, where);
      const bytes = this.progress.statusBytes[0]!;
      return Promise.reject(receiveError(error, truncated, bytes, into.bytes.length, where));
    }
    const operation = new PendingReceive(this, into.array ?? into.bytes, elementBytes, source, tag);
    return new Promise((resolve, reject) => {
      operation.resolve = resolve;
      operation.reject = reject;
      this.progress.wait(slot, operation);
      this.progress.watch(slot, operation, signal);
    });
  }

  #sendLong(
    segments: readonly Uint8Array[],
    dest: number,
    to: number,
    tag: number,
    synchronous: boolean,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const layout = layoutOf(segments);
    const number = layout.follows || synchronous ? this.bulk.nextNumber() : 0;
    writeFirst(scratch, segments, layout, number, synchronous);
    const slot = this.#native.sendFirst(this.#values, scratch.subarray(0, layout.bytes), to, tag);
    if (slot === FAILED) return Promise.reject(this.progress.failure(describe('send', 'dest', dest, tag)));
    if (number === 0 && slot === DONE) return this.progress.done();
    const sent: Promise<void>[] = [];
    if (slot !== DONE) sent.push(this.#sending(slot, undefined, 'send', dest, tag, signal));
    const world = this.planes.peers[dest]!;
    if (layout.follows) {
      sent.push(...this.bulk.send(segments, layout.inline, layout.lengthsFollow, world, number, this));
    }
    if (synchronous) {
      const operation = new PendingSend(this, undefined, 'send (synchronous)', dest, tag);
      sent.push(this.bulk.acknowledged(world, number, operation, signal));
    }
    return sent.length === 1 ? sent[0]! : Promise.all(sent).then(() => undefined);
  }

  /** The first message of a value is in a slab slot. */
  #arrived(source: number, tag: number, bytes: number, slot: number, immediate: boolean): Promise<EncodedMessage> {
    const slab = this.progress.slabs[Math.trunc(slot / SLAB_SLOTS)]!;
    const offset = (slot % SLAB_SLOTS) * SMALL;
    const from = this.planes.among ? this.planes.among.memberOf(source) : source;
    const only = readOnly(slab, offset, bytes);
    if (only !== undefined) {
      const message = { source: from, tag, bytes: only.length, segments: [only] };
      return immediate ? this.progress.now(message, 0) : Promise.resolve(message);
    }
    let first: FirstMessage;
    try {
      first = readFirst(slab, offset, bytes);
    } catch (error) {
      return Promise.reject(error);
    }
    if (first.number !== 0) return this.#finish(from, tag, first);
    const { inline: segments } = first;
    const message = { source: from, tag, bytes: totalOf(segments), segments };
    return immediate ? this.progress.now(message, 0) : Promise.resolve(message);
  }

  async #finish(source: number, tag: number, first: FirstMessage): Promise<EncodedMessage> {
    const world = this.planes.peers[source]!;
    if (first.acknowledge) await this.bulk.acknowledge(world, first.number, this);
    const segments = first.follows ? await this.bulk.receive(first, world, this) : first.inline;
    return { source, tag, bytes: totalOf(segments), segments };
  }

  async #finishTaken(taken: Taken): Promise<EncodedMessage> {
    if (this.progress.stopped) throw ended(describe('recv', 'source', taken.source, taken.tag));
    return this.#finish(taken.source, taken.tag, await taken.arrival);
  }

  #take(source: number, tag: number): Taken | undefined {
    const index = this.#taken.findIndex((entry) => matches(entry, source, tag));
    return index < 0 ? undefined : this.#taken.splice(index, 1)[0];
  }

  /** Takes a value's first message out of MPI's matching, where it is of unknown size, into ours. */
  #takeFromMpi(source: number, tag: number): Taken | undefined {
    const { among } = this.planes;
    const from = source >= 0 && among ? among.rankOf(source) : source;
    const message = this.#native.improbe(this.#values, from, tag);
    if (message === undefined) return undefined;
    if (typeof message === 'number') throw this.progress.failure(describe('iprobe', 'source', source, tag));
    const envelope = this.#envelope();
    const memory = slabOf(SMALL);
    const view: BufferView = { bytes: memory.bytes, type: 'bytes' };
    const slot = this.#native.mrecv(message, memory.bytes, BYTES_CODE);
    const read = (bytes: number): FirstMessage => readFirst(memory, 0, bytes);
    const now = slot === DONE ? read(this.progress.statusBytes[0]!) : undefined;
    const arrival = now
      ? Promise.resolve(now)
      : this.#receiving(slot, view, envelope.source, envelope.tag, undefined).then(({ bytes }) => read(bytes));
    const place = among ? among.memberOf(envelope.source) : envelope.source;
    const taken: Taken = { source: place, tag: envelope.tag, first: now, arrival };
    if (!now) {
      arrival.then(
        (first) => {
          taken.first = first;
        },
        // Whoever receives the message gets the error.
        () => undefined,
      );
    }
    this.#taken.push(taken);
    return taken;
  }

  #envelope(): Envelope {
    const status = this.#status;
    return { source: status[STATUS.source]!, tag: status[STATUS.tag]!, bytes: this.progress.statusBytes[0]! };
  }

  #iprobeBuffer(source: number, tag: number): Envelope | undefined {
    const there = this.#native.iprobe(this.#buffers, source, tag);
    if (there === FAILED) throw this.progress.failure(describe('iprobe', 'source', source, tag));
    return there ? this.#envelope() : undefined;
  }

  #matchedBuffer(message: MatchedHandle, envelope: Envelope): MatchedMessage {
    return new MatchedBuffer(envelope, async (into) => {
      if (this.progress.stopped) throw ended(describe('recvInto', 'source', envelope.source, envelope.tag));
      const slot = this.#native.mrecv(message, into.bytes, TYPE_CODE[into.type]);
      return this.#receiving(slot, into, envelope.source, envelope.tag, undefined);
    });
  }

  #poll<T>(
    name: string,
    source: number,
    tag: number,
    signal: AbortSignal | undefined,
    find: () => T | undefined,
  ): Promise<T> {
    if (this.freed || signal?.aborted) return this.#refuse(name, 'source', source, tag, signal);
    const now = find();
    if (now !== undefined) return this.progress.now(now, 0);
    return new Promise((resolve, reject) => {
      const attempt = (): boolean => {
        if (this.freed || signal?.aborted) {
          this.#refuse(name, 'source', source, tag, signal).catch(reject);
          return true;
        }
        const found = find();
        if (found === undefined) return false;
        resolve(found);
        return true;
      };
      this.progress.probe(attempt);
    });
  }
}

function matches(entry: Taken, source: number, tag: number): boolean {
  return (source < 0 || entry.source === source) && (tag < 0 || entry.tag === tag);
}

function envelopeOf({ source, tag }: Taken, { lengths }: FirstMessage): Envelope {
  // A value of more segments than a first message can list: its size is known once it is received.
  const bytes = lengths?.reduce((sum, length) => sum + length, 0) ?? 0;
  return { source, tag, bytes };
}

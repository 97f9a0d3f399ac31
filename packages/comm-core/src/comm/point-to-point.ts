import { decode, encode } from '../codec/index.ts';
import { ANY_SOURCE, ANY_TAG, PROC_NULL } from '../constants.ts';
import { toBufferView, toReceiveBuffer } from '../datatype/buffer.ts';
import { arrayView } from '../datatype/typed-array.ts';
import type { BufferEnvelope, BufferView, Context, EncodedMessage, MatchedMessage } from '../transport/index.ts';
import {
  checkDest,
  checkOptions,
  checkRecvTag,
  checkSendTag,
  checkSignal,
  checkSource,
  isSynchronous,
} from './arguments.ts';
import type {
  BufferLike,
  Message,
  PointToPoint,
  Probed,
  ProbedMessage,
  RecvOptions,
  SendOptions,
  SendrecvOptions,
  Status,
} from './communicator.ts';

const DONE: Promise<void> = Promise.resolve();
const ANYTHING: RecvOptions = Object.freeze({});
const FILTER = '{ source: 0 }';

function nothing(): Probed {
  return { source: PROC_NULL, tag: ANY_TAG, bytes: 0 };
}

function noMessage(): ProbedMessage {
  return {
    ...nothing(),
    recv: <T>() => Promise.resolve(undefined as T),
    recvInto: () => Promise.resolve({ ...nothing(), count: 0 }),
  };
}

function payloadOf<T>(message: EncodedMessage): T {
  return decode(message.segments) as T;
}

function messageOf<T>(message: EncodedMessage): Message<T> {
  return { value: decode(message.segments) as T, source: message.source, tag: message.tag, bytes: message.bytes };
}

function probed(message: MatchedMessage): ProbedMessage {
  return {
    source: message.source,
    tag: message.tag,
    bytes: message.bytes,
    recv: <T>() => message.recvValue().then((encoded) => payloadOf<T>(encoded)),
    recvInto: async (buffer) => receiveInto(buffer, 'recvInto', (into) => message.recvBuffer(into)),
  };
}

/** Receives into the buffer itself; for a datatype view into packed memory that is then scattered. */
function receiveInto(
  buffer: BufferLike,
  operation: string,
  receive: (into: BufferView) => Promise<BufferEnvelope>,
): Promise<Status> {
  const { view, deliver } = toReceiveBuffer(buffer, operation);
  return receive(view).then((status) => {
    deliver(status.count);
    return status;
  });
}

/**
 * Point-to-point calls over one context. Arguments are checked before anything is sent; every failure, also of
 * arguments, is a rejection. No method is `async`: a message already there costs one promise.
 */
export class PointToPointCalls implements PointToPoint {
  readonly context: Context;
  /** Ranks that can be addressed: the group, or the remote group of an intercommunicator. */
  readonly #peers: number;

  constructor(context: Context) {
    this.context = context;
    this.#peers = context.remoteRanks?.length ?? context.size;
  }

  send(value: unknown, options: SendOptions): Promise<void> {
    try {
      checkOptions(options, 'send', '{ dest: 1 }');
      const { dest, tag = 0, signal } = options;
      checkDest(dest, this.#peers, 'send');
      checkSendTag(tag, 'send');
      checkSignal(signal, 'send');
      const synchronous = isSynchronous(options.mode, 'send');
      const segments = encode(value);
      if (dest === PROC_NULL) return DONE;
      return this.context.sendValue(segments, dest, tag, synchronous, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  recv<T = unknown>(options: RecvOptions = ANYTHING): Promise<T> {
    try {
      const encoded = this.#receive(options, 'recv');
      return encoded === undefined ? Promise.resolve(undefined as T) : encoded.then((message) => payloadOf<T>(message));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  recvMessage<T = unknown>(options: RecvOptions = ANYTHING): Promise<Message<T>> {
    try {
      const encoded = this.#receive(options, 'recvMessage');
      if (encoded === undefined) return Promise.resolve({ value: undefined as T, ...nothing() });
      return encoded.then((message) => messageOf<T>(message));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendrecv<T = unknown>(value: unknown, options: SendrecvOptions): Promise<T> {
    try {
      const { sending, receiving } = this.#bothWays(options, 'sendrecv');
      // Encoded before the receive is posted: a value that cannot be sent must leave nothing behind.
      const segments = encode(value);
      // The receive is posted first: the message it waits for may be this rank's own.
      const received = this.recv<T>(receiving);
      const { dest, tag = 0, signal } = sending;
      const sent = dest === PROC_NULL ? DONE : this.context.sendValue(segments, dest, tag, false, signal);
      return Promise.all([received, sent]).then(([result]) => result);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  async *messages<T = unknown>(options: RecvOptions = ANYTHING): AsyncIterableIterator<Message<T>> {
    for (;;) {
      let message: Message<T>;
      try {
        message = await this.recvMessage<T>(options);
      } catch (error) {
        if (options.signal?.aborted && (error as Error).cause === options.signal.reason) return;
        throw error;
      }
      yield message;
    }
  }

  sendBuffer(buffer: BufferLike, options: SendOptions): Promise<void> {
    try {
      checkOptions(options, 'sendBuffer', '{ dest: 1 }');
      const { dest, tag = 0, signal } = options;
      checkDest(dest, this.#peers, 'sendBuffer');
      checkSendTag(tag, 'sendBuffer');
      checkSignal(signal, 'sendBuffer');
      const synchronous = isSynchronous(options.mode, 'sendBuffer');
      if (dest === PROC_NULL) return DONE;
      return this.context.sendBuffer(toBufferView(buffer, 'sendBuffer'), dest, tag, synchronous, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  recvInto(buffer: BufferLike, options: RecvOptions = ANYTHING): Promise<Status> {
    try {
      checkOptions(options, 'recvInto', FILTER);
      const { source = ANY_SOURCE, tag = ANY_TAG, signal } = options;
      this.#checkFilter(source, tag, signal, 'recvInto');
      if (source === PROC_NULL) return Promise.resolve({ ...nothing(), count: 0 });
      const view = arrayView(buffer);
      if (view !== undefined) return this.context.recvBuffer(view, source, tag, signal);
      return receiveInto(buffer, 'recvInto', (into) => this.context.recvBuffer(into, source, tag, signal));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendrecvInto(send: BufferLike, recv: BufferLike, options: SendrecvOptions): Promise<Status> {
    try {
      const { sending, receiving } = this.#bothWays(options, 'sendrecvInto');
      const from = toBufferView(send, 'sendrecvInto');
      // Refuses a bad receive buffer before anything is sent.
      toReceiveBuffer(recv, 'sendrecvInto');
      const received = this.recvInto(recv, receiving);
      const { dest, tag = 0, signal } = sending;
      const sent = dest === PROC_NULL ? DONE : this.context.sendBuffer(from, dest, tag, false, signal);
      return Promise.all([received, sent]).then(([status]) => status);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  sendrecvReplace(buffer: BufferLike, options: SendrecvOptions): Promise<Status> {
    try {
      const { sending, receiving } = this.#bothWays(options, 'sendrecvReplace');
      const { bytes, type } = toBufferView(buffer, 'sendrecvReplace');
      const copy = { bytes: bytes.slice(), type };
      const received = this.recvInto(buffer, receiving);
      const { dest, tag = 0, signal } = sending;
      const sent = dest === PROC_NULL ? DONE : this.context.sendBuffer(copy, dest, tag, false, signal);
      return Promise.all([received, sent]).then(([status]) => status);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  probe(options: RecvOptions = ANYTHING): Promise<Probed> {
    try {
      checkOptions(options, 'probe', FILTER);
      const { source = ANY_SOURCE, tag = ANY_TAG, signal } = options;
      this.#checkFilter(source, tag, signal, 'probe');
      return source === PROC_NULL ? Promise.resolve(nothing()) : this.context.probe(source, tag, signal);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  iprobe(options: RecvOptions = ANYTHING): Probed | undefined {
    checkOptions(options, 'iprobe', FILTER);
    const { source = ANY_SOURCE, tag = ANY_TAG, signal } = options;
    this.#checkFilter(source, tag, signal, 'iprobe');
    return source === PROC_NULL ? nothing() : this.context.iprobe(source, tag);
  }

  mprobe(options: RecvOptions = ANYTHING): Promise<ProbedMessage> {
    try {
      checkOptions(options, 'mprobe', FILTER);
      const { source = ANY_SOURCE, tag = ANY_TAG, signal } = options;
      this.#checkFilter(source, tag, signal, 'mprobe');
      return source === PROC_NULL
        ? Promise.resolve(noMessage())
        : this.context.mprobe(source, tag, signal).then(probed);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  improbe(options: RecvOptions = ANYTHING): ProbedMessage | undefined {
    checkOptions(options, 'improbe', FILTER);
    const { source = ANY_SOURCE, tag = ANY_TAG, signal } = options;
    this.#checkFilter(source, tag, signal, 'improbe');
    if (source === PROC_NULL) return noMessage();
    const message = this.context.improbe(source, tag);
    return message && probed(message);
  }

  #receive(options: RecvOptions, operation: string): Promise<EncodedMessage> | undefined {
    checkOptions(options, operation, FILTER);
    const { source = ANY_SOURCE, tag = ANY_TAG, signal } = options;
    this.#checkFilter(source, tag, signal, operation);
    return source === PROC_NULL ? undefined : this.context.recvValue(source, tag, signal);
  }

  #checkFilter(source: number, tag: number, signal: AbortSignal | undefined, operation: string): void {
    checkSource(source, this.#peers, operation);
    checkRecvTag(tag, operation);
    checkSignal(signal, operation);
  }

  #bothWays(options: SendrecvOptions, operation: string): { sending: SendOptions; receiving: RecvOptions } {
    checkOptions(options, operation, '{ dest: 1, source: 0 }');
    const { dest, source = ANY_SOURCE, sendTag = 0, recvTag = ANY_TAG, signal } = options;
    checkDest(dest, this.#peers, operation);
    checkSendTag(sendTag, operation);
    this.#checkFilter(source, recvTag, signal, operation);
    return { sending: { dest, tag: sendTag, signal }, receiving: { source, tag: recvTag, signal } };
  }
}

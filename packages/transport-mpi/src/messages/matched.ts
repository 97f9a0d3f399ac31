import { MismatchError, ParError, TruncationError } from '@par/comm-core';
import type { BufferEnvelope, BufferView, EncodedMessage, Envelope, MatchedMessage } from '@par/comm-core/transport';

/** A message out of matching, received at most once. */
abstract class Matched implements MatchedMessage {
  abstract readonly kind: 'value' | 'buffer';
  readonly source: number;
  readonly tag: number;
  readonly bytes: number;
  #received = false;

  constructor({ source, tag, bytes }: Envelope) {
    this.source = source;
    this.tag = tag;
    this.bytes = bytes;
  }

  abstract recvValue(): Promise<EncodedMessage>;
  abstract recvBuffer(into: BufferView): Promise<BufferEnvelope>;

  protected where(operation: string): string {
    return `${operation} source=${this.source} tag=${this.tag}`;
  }

  protected takeOnce(operation: string): void {
    if (this.#received) {
      const where = this.where(operation);
      throw new ParError('PAR_ARGUMENT', `${where}: this message was received already; probe for the next one`);
    }
    this.#received = true;
  }
}

export class MatchedValue extends Matched {
  readonly kind = 'value';
  readonly #finish: () => Promise<EncodedMessage>;

  constructor(envelope: Envelope, finish: () => Promise<EncodedMessage>) {
    super(envelope);
    this.#finish = finish;
  }

  async recvValue(): Promise<EncodedMessage> {
    this.takeOnce('recv');
    return this.#finish();
  }

  async recvBuffer(): Promise<BufferEnvelope> {
    this.takeOnce('recvInto');
    await this.#finish();
    throw new MismatchError(`${this.where('recvInto')}: the message is a value; use recv`);
  }
}

export class MatchedBuffer extends Matched {
  readonly kind = 'buffer';
  readonly #receive: (into: BufferView) => Promise<BufferEnvelope>;

  constructor(envelope: Envelope, receive: (into: BufferView) => Promise<BufferEnvelope>) {
    super(envelope);
    this.#receive = receive;
  }

  async recvBuffer(into: BufferView): Promise<BufferEnvelope> {
    this.takeOnce('recvInto');
    if (this.bytes <= into.bytes.length) return this.#receive(into);
    await this.#consume();
    throw new TruncationError(this.bytes, into.bytes.length, this.where('recvInto'));
  }

  async recvValue(): Promise<EncodedMessage> {
    this.takeOnce('recv');
    await this.#consume();
    throw new MismatchError(`${this.where('recv')}: the message is a buffer; use recvInto`);
  }

  #consume(): Promise<BufferEnvelope> {
    return this.#receive({ bytes: new Uint8Array(this.bytes), type: 'bytes' });
  }
}

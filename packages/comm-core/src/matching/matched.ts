import { ParError } from '../errors.ts';
import type { BufferEnvelope, BufferView, EncodedMessage, MatchedMessage } from '../transport/index.ts';
import type { Message } from './message.ts';
import type { Plane } from './plane.ts';
import { type Outcome, RECV_BUFFER, RECV_VALUE } from './receive.ts';

/** A message out of matching, not received yet. */
export class Matched implements MatchedMessage {
  readonly source: number;
  readonly tag: number;
  readonly bytes: number;
  readonly kind: 'value' | 'buffer';
  private readonly plane: Plane;
  private message: Message | undefined;

  constructor(plane: Plane, message: Message) {
    this.plane = plane;
    this.message = message;
    this.source = plane.rankOf[message.source]!;
    this.tag = message.tag;
    this.bytes = message.bytes;
    this.kind = message.isValue ? 'value' : 'buffer';
  }

  recvValue(): Promise<EncodedMessage> {
    return this.receive(RECV_VALUE, undefined) as Promise<EncodedMessage>;
  }

  recvBuffer(into: BufferView): Promise<BufferEnvelope> {
    return this.receive(RECV_BUFFER, into) as Promise<BufferEnvelope>;
  }

  private receive(kind: number, into: BufferView | undefined): Promise<Outcome> {
    const { message } = this;
    if (message === undefined) {
      const what = `message source=${this.source} tag=${this.tag} on ${this.plane.label}`;
      return Promise.reject(new ParError('PAR_ARGUMENT', `${what}: was received already; probe for the next one`));
    }
    this.message = undefined;
    return this.plane.receiveTaken(kind, into, message);
  }
}

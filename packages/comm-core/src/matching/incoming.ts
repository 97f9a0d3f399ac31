import type { Message } from './message.ts';
import type { Receive } from './receive.ts';

/** A matched rendezvous message: its data goes straight into place. */
export class Incoming {
  readonly receive: Receive;
  readonly message: Message;
  readonly segments: readonly Uint8Array[];
  received = 0;
  private segment = 0;
  private offset = 0;

  constructor(receive: Receive, message: Message, segments: readonly Uint8Array[]) {
    this.receive = receive;
    this.message = message;
    this.segments = segments;
  }

  /** Memory of the next chunk; undefined when it is not the chunk that comes next. */
  target(offset: number, length: number): Uint8Array | undefined {
    if (offset !== this.received || length === 0) return undefined;
    let segment = this.segments[this.segment];
    while (segment !== undefined && this.offset === segment.length) {
      segment = this.segments[++this.segment];
      this.offset = 0;
    }
    if (segment === undefined || length > segment.length - this.offset) return undefined;
    return segment.subarray(this.offset, this.offset + length);
  }

  /** A chunk is in place. True when it was the last. */
  advance(length: number): boolean {
    this.offset += length;
    this.received += length;
    return this.received === this.message.bytes;
  }
}

import type { Bin } from './bins.ts';
import { RTS, SYNCHRONOUS, VALUE } from './header.ts';
import type { Linked } from './queue.ts';
import type { MatchQueues } from './queues.ts';

/** A message that arrived (EAGER) or was announced (RTS) before anyone asked for it. */
export class Message implements Linked<Message> {
  readonly kind: number;
  readonly flags: number;
  /** Element type of a buffer, number of segments of an eager value. */
  readonly detail: number;
  /** World rank. */
  readonly source: number;
  readonly tag: number;
  readonly id: number;
  /** EAGER: the whole payload. RTS of a value: the segments' lengths. */
  readonly payload: Uint8Array;
  /** Bytes of the buffer, or of all segments. */
  readonly bytes: number;

  /** Where it waits. */
  readonly queues: MatchQueues;
  prev: Message | undefined = undefined;
  next: Message | undefined = undefined;
  bin: Bin | undefined = undefined;
  olderInBin: Message | undefined = undefined;
  newerInBin: Message | undefined = undefined;

  constructor(
    queues: MatchQueues,
    kind: number,
    flags: number,
    detail: number,
    source: number,
    tag: number,
    id: number,
    payload: Uint8Array,
    bytes: number,
  ) {
    this.queues = queues;
    this.kind = kind;
    this.flags = flags;
    this.detail = detail;
    this.source = source;
    this.tag = tag;
    this.id = id;
    this.payload = payload;
    this.bytes = bytes;
  }

  get isValue(): boolean {
    return (this.flags & VALUE) !== 0;
  }

  /** Its sender waits for an answer: CTS when it is matched, REFUSE when it never will be. */
  get awaitsAnswer(): boolean {
    return this.kind === RTS || (this.flags & SYNCHRONOUS) !== 0;
  }
}

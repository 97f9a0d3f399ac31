import { ANY_SOURCE, ANY_TAG } from '../constants.ts';
import { Bins } from './bins.ts';
import type { Message } from './message.ts';
import type { Plane } from './plane.ts';
import { Queue } from './queue.ts';
import type { Receive } from './receive.ts';
import type { Refusal } from './refusal.ts';

/**
 * Posted receives and unexpected messages of one plane. Without wildcards both sides are found by (source, tag) in constant
 * time; wildcard receives stand in a list of their own, and a number given at posting time decides between the two.
 * Sources are world ranks, so that messages can be kept for a context this rank does not know yet.
 */
export class MatchQueues {
  /** Wire number: 2k for programs, 2k+1 for collectives of context k. */
  readonly id: number;
  /** Undefined until the context exists here. */
  plane: Plane | undefined = undefined;
  /** Set when nobody will receive here any more. */
  refusal: Refusal | undefined = undefined;
  readonly probes = new Queue<Receive>();
  /** Unexpected messages in arrival order. */
  readonly arrivals = new Queue<Message>();
  private readonly bins = new Bins();
  private readonly wildcards = new Queue<Receive>();
  private posts = 0;

  constructor(id: number) {
    this.id = id;
  }

  /** Oldest message a receive with this filter would get. */
  oldest(source: number, tag: number): Message | undefined {
    if (source !== ANY_SOURCE && tag !== ANY_TAG) return this.bins.find(source, tag)?.first;
    let message = this.arrivals.head;
    while (message !== undefined && !accepts(source, tag, message.source, message.tag)) message = message.next;
    return message;
  }

  addMessage(message: Message): void {
    this.arrivals.push(message);
    this.bins.at(message.source, message.tag).add(message);
  }

  removeMessage(message: Message): void {
    this.arrivals.remove(message);
    message.bin!.remove(message);
  }

  post(receive: Receive): void {
    receive.order = ++this.posts;
    const exact = receive.source !== ANY_SOURCE && receive.tag !== ANY_TAG;
    const queue = exact ? this.bins.at(receive.source, receive.tag).posted : this.wildcards;
    receive.queue = queue;
    queue.push(receive);
  }

  /** First posted receive that a message from `source` with `tag` matches. */
  firstPosted(source: number, tag: number): Receive | undefined {
    const exact = this.bins.find(source, tag)?.posted.head;
    let wildcard = this.wildcards.head;
    while (wildcard !== undefined && (exact === undefined || wildcard.order < exact.order)) {
      if (accepts(wildcard.source, wildcard.tag, source, tag)) return wildcard;
      wildcard = wildcard.next;
    }
    return exact;
  }

  addProbe(probe: Receive): void {
    probe.queue = this.probes;
    this.probes.push(probe);
  }

  /** Receives and probes that wait, in no order. */
  waiting(): Receive[] {
    const all = [...this.wildcards, ...this.probes];
    for (const bin of this.bins) all.push(...bin.posted);
    return all;
  }
}

export function accepts(source: number, tag: number, messageSource: number, messageTag: number): boolean {
  return (source === ANY_SOURCE || source === messageSource) && (tag === ANY_TAG || tag === messageTag);
}

import { ANY_SOURCE, PeerLostError } from '@par/comm-core';
import { Batches, type Mail, type Receiver } from '../../mailbox/index.ts';
import type { Rank } from '../../protocol/index.ts';
import type { FromProcess, ProcessStart, ToProcess } from './messages.ts';

/** The way of a worker in a process of its own: through its rank. */
export class ProcessMail implements Mail {
  readonly rank: Rank;
  readonly size: number;
  readonly host: string;
  readonly locals: Int32Array<SharedArrayBuffer>;
  readonly #receivers: { readonly tag: number; readonly source: Rank; readonly receiver: Receiver<unknown> }[] = [];
  readonly #batches: Batches;
  #requests: number;

  constructor({ rank, size, host, firstLocal, firstRequest }: ProcessStart, send: (message: FromProcess) => void) {
    this.rank = rank;
    this.size = size;
    this.host = host;
    this.locals = new Int32Array(new SharedArrayBuffer(4)).fill(firstLocal);
    this.#requests = firstRequest;
    this.#batches = new Batches((dest, tag, records) => send({ dest, tag, records }));
  }

  nextRequest(): number {
    return this.#requests++;
  }

  post(dest: Rank, tag: number, record: unknown): void {
    this.#batches.post(dest, tag, record);
  }

  receive<T>(tag: number, receiver: Receiver<T>, source: Rank = ANY_SOURCE): void {
    this.#receivers.push({ tag, source, receiver: receiver as Receiver<unknown> });
  }

  /** Losses come as those of the receivers from that rank. */
  onUndelivered(): void {}

  received(message: Exclude<ToProcess, ProcessStart>): void {
    if (message.kind === 'lost') {
      const error = new PeerLostError(message.rank, message.text);
      for (const { source, receiver } of this.#receivers) if (source === message.rank) receiver.lost?.(error);
      return;
    }
    const { tag, source, records } = message;
    for (const wanted of this.#receivers) {
      if (wanted.tag === tag && (wanted.source === ANY_SOURCE || wanted.source === source)) {
        wanted.receiver.take(records, source);
      }
    }
  }
}

import type { Asked, Put } from '../../client/link.ts';
import { type Mail, Questions } from '../../mailbox/index.ts';
import { type PeerAnswer, type PeerRequest, type Rank, TAGS } from '../../protocol/index.ts';

/** What this rank asks of others and is asked for by them. */
export class Peers {
  readonly #mailbox: Mail;
  readonly #questions: Questions;

  constructor(mailbox: Mail, answer: (request: PeerRequest, source: Rank) => void) {
    this.#mailbox = mailbox;
    this.#questions = new Questions(mailbox);
    mailbox.receive<PeerRequest>(TAGS.toPeer, {
      take: (records, source) => {
        for (const record of records) answer(record, source);
      },
    });
  }

  /** Rejects with PAR_PEER_LOST when that rank is gone before it answers. */
  ask(dest: Rank, request: Asked, signal?: AbortSignal): Promise<PeerAnswer> {
    return this.#questions.ask(dest, request, signal);
  }

  put(dest: Rank, record: Put): void {
    this.#mailbox.post(dest, TAGS.toPeer, record);
  }

  answer(dest: Rank, record: PeerAnswer): void {
    this.#mailbox.post(dest, TAGS.answers, record);
  }

  /** Everything asked of that rank fails, until it is back. */
  lost(rank: Rank, error: Error): void {
    this.#questions.gone(rank, error);
  }

  back(rank: Rank): void {
    this.#questions.back(rank);
  }
}

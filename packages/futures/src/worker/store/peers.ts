import { cancelled } from '@par/comm-core';
import type { Asked, Put } from '../../client/link.ts';
import type { Mailbox } from '../../mailbox/index.ts';
import { type PeerAnswer, type PeerRecord, type PeerRequest, type Rank, TAGS } from '../../protocol/index.ts';

interface Question {
  readonly dest: Rank;
  readonly resolve: (answer: PeerAnswer) => void;
  readonly reject: (error: unknown) => void;
}

/** What this rank asks of others and is asked for by them. */
export class Peers {
  readonly #mailbox: Mailbox;
  readonly #questions = new Map<number, Question>();

  constructor(mailbox: Mailbox, answer: (request: PeerRequest, source: Rank) => void) {
    this.#mailbox = mailbox;
    const take = (records: readonly PeerRecord[], source: Rank): void => {
      for (const record of records) {
        if (record.kind === 'data' || record.kind === 'actor-result') this.#answered(record);
        else answer(record, source);
      }
    };
    mailbox.receive<PeerRecord>(TAGS.toPeer, { take });
  }

  /** Rejects with PAR_PEER_LOST when that rank is gone before it answers: `lost` must be told of that. */
  ask(dest: Rank, request: Asked, signal?: AbortSignal): Promise<PeerAnswer> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) {
        reject(cancelled(signal, `question to rank ${dest}`));
        return;
      }
      const number = this.#mailbox.nextRequest();
      const withdraw = (): void => {
        this.#questions.delete(number);
        if (request.kind === 'fetch') this.answer(dest, { kind: 'fetch-withdrawn', request: number });
        reject(cancelled(signal!, `question to rank ${dest}`));
      };
      signal?.addEventListener('abort', withdraw, { once: true });
      const settled = (): void => signal?.removeEventListener('abort', withdraw);
      this.#questions.set(number, {
        dest,
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      this.answer(dest, { ...request, request: number });
    });
  }

  put(dest: Rank, record: Put): void {
    this.answer(dest, record);
  }

  /** Sends any record. */
  answer(dest: Rank, record: PeerRecord): void {
    this.#mailbox.post(dest, TAGS.toPeer, record);
  }

  /** Everything asked of that rank fails. */
  lost(rank: Rank, error: unknown): void {
    for (const [number, question] of this.#questions) {
      if (question.dest !== rank) continue;
      this.#questions.delete(number);
      question.reject(error);
    }
  }

  #answered(answer: PeerAnswer): void {
    const question = this.#questions.get(answer.request);
    this.#questions.delete(answer.request);
    question?.resolve(answer);
  }
}

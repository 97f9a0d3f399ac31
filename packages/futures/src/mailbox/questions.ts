import { cancelled } from '@par/comm-core';
import { type PeerAnswer, type PeerRequest, type Rank, TAGS } from '../protocol/index.ts';
import type { Mail } from './mail.ts';

/** A request without its number. */
type Asked<R = PeerRequest> = R extends { readonly request: number } ? Omit<R, 'request'> : never;

interface Question {
  readonly dest: Rank;
  readonly resolve: (answer: PeerAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** Questions to ranks with data, each of which gets its answer or an error. */
export class Questions {
  readonly #mailbox: Mail;
  readonly #open = new Map<number, Question>();
  readonly #asked = new Set<Rank>();
  /** Ranks that have nobody to answer, though messages may still reach them. */
  readonly #gone = new Map<Rank, Error>();

  constructor(mailbox: Mail) {
    this.#mailbox = mailbox;
    mailbox.onUndelivered((dest, error) => this.lost(dest, error));
  }

  /** Rejects with PAR_PEER_LOST when that rank is gone before it answers, or the signal's error. */
  ask(dest: Rank, request: Asked, signal?: AbortSignal): Promise<PeerAnswer> {
    if (signal?.aborted) return Promise.reject(cancelled(signal, `question to rank ${dest}`));
    const gone = this.#gone.get(dest);
    if (gone !== undefined) return Promise.reject(gone);
    const number = this.#mailbox.nextRequest();
    const { promise, resolve, reject } = Promise.withResolvers<PeerAnswer>();
    const withdraw = (): void => {
      this.#open.delete(number);
      if (request.kind === 'fetch') {
        this.#mailbox.post(dest, TAGS.toPeer, { kind: 'fetch-withdrawn', request: number });
      }
      reject(cancelled(signal!, `question to rank ${dest}`));
    };
    signal?.addEventListener('abort', withdraw, { once: true });
    const settled = (): void => signal?.removeEventListener('abort', withdraw);
    this.#open.set(number, {
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
    this.#listenTo(dest);
    this.#mailbox.post(dest, TAGS.toPeer, { ...request, request: number });
    return promise;
  }

  /** Everything asked of that rank fails. */
  lost(rank: Rank, error: Error): void {
    for (const [number, question] of this.#open) {
      if (question.dest !== rank) continue;
      this.#open.delete(number);
      question.reject(error);
    }
  }

  /** Everything asked of that rank fails, now and until it is back. */
  gone(rank: Rank, error: Error): void {
    this.#gone.set(rank, error);
    this.lost(rank, error);
  }

  back(rank: Rank): void {
    this.#gone.delete(rank);
  }

  /** Nobody answers any more. */
  end(error: Error): void {
    for (const { reject } of this.#open.values()) reject(error);
    this.#open.clear();
  }

  /** By rank, so that its loss is noticed: a question to a rank that dies may leave without an error. */
  #listenTo(dest: Rank): void {
    if (this.#asked.has(dest)) return;
    this.#asked.add(dest);
    this.#mailbox.receive<PeerAnswer>(
      TAGS.answers,
      {
        take: (answers) => {
          for (const answer of answers) {
            this.#open.get(answer.request)?.resolve(answer);
            this.#open.delete(answer.request);
          }
        },
        lost: (error) => this.lost(dest, error),
      },
      dest,
    );
  }
}

import type { AnswerCode, Answers, ReceivedValue } from '../../protocol/index.ts';
import type { ClientState } from '../client-state.ts';
import type { SchedulerState } from '../state.ts';
import { join } from '../submissions.ts';
import type { KeptValue } from './holds.ts';

type AnswerValue = Answers[keyof Answers] | undefined;

/** A request that is to be answered once. */
export class Ask {
  readonly client: ClientState;
  readonly request: number;
  /** Takes the request out of where it waits. */
  leave: () => void = () => {};
  #pending = true;

  constructor(client: ClientState, request: number) {
    this.client = client;
    this.request = request;
  }

  get pending(): boolean {
    return this.#pending;
  }

  answer(s: SchedulerState, value?: AnswerValue): void {
    this.#settle(s, { ok: true, value });
  }

  refuse(s: SchedulerState, code: AnswerCode, message: string): void {
    this.#settle(s, { ok: false, code, message });
  }

  #settle(
    s: SchedulerState,
    outcome:
      | { readonly ok: true; readonly value: unknown }
      | { readonly ok: false; readonly code: AnswerCode; readonly message: string },
  ): void {
    if (!this.#pending) return;
    this.#pending = false;
    const { client, request } = this;
    s.coordination.asks.get(client)?.delete(request);
    if (client.open) s.outbox.client(client, { kind: 'answer', client: client.local, request, outcome });
  }

  /** Answers with kept values; their futures become the client's. */
  answerValues(s: SchedulerState, kept: readonly KeptValue[], make: (values: ReceivedValue[]) => AnswerValue): void {
    const { client } = this;
    const joins: (() => void)[] = [];
    const values = kept.map(({ value, holds }) => ({
      value,
      references: holds.map(({ client: owner, number: from, task }) => {
        const number = client.nextReceived--;
        joins.push(() => join(s, task, client, number));
        return { number, from: { client: owner, number: from } };
      }),
    }));
    this.answer(s, make(values));
    for (const joined of joins) joined();
  }
}

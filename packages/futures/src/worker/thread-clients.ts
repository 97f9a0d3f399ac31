import { createCodec } from '@par/comm-core';
import type { Mail } from '../mailbox/index.ts';
import { type Rank, TAGS, type ToClient } from '../protocol/index.ts';
import type { Peers } from './store/peers.ts';
import type { TaskThread } from './threads/task-thread.ts';
import type { ClientReport } from './threads/thread-pool.ts';

const codec = createCodec();

/** Clients inside task threads: their records go to the scheduler as this rank's, answers back to their thread. */
export class ThreadClients {
  readonly #mailbox: Mail;
  readonly #scheduler: Rank;
  readonly #peers: Peers;
  readonly #flush: () => void;
  readonly #threads = new Map<number, TaskThread>();
  readonly #questions = new Map<TaskThread, Map<number, AbortController>>();

  /** `flush`: sends the completions so far, which must not be overtaken. */
  constructor(mailbox: Mail, scheduler: Rank, peers: Peers, flush: () => void) {
    this.#mailbox = mailbox;
    this.#scheduler = scheduler;
    this.#peers = peers;
    this.#flush = flush;
  }

  asked(thread: TaskThread, report: ClientReport): void {
    switch (report.kind) {
      case 'open-client':
        this.#threads.set(report.client, thread);
        thread.clients.add(report.client);
        return;
      case 'close-client':
        this.#threads.delete(report.client);
        thread.clients.delete(report.client);
        return;
      case 'client-records':
        this.#flush();
        for (const record of report.records) this.#mailbox.post(this.#scheduler, TAGS.toScheduler, record);
        return;
      case 'ask':
        void this.#ask(thread, report);
        return;
      case 'withdraw':
        this.#questions.get(thread)?.get(report.question)?.abort();
        return;
      case 'put':
        this.#peers.put(report.dest, report.record);
    }
  }

  /** Records of clients that are no more are dropped. */
  received(records: readonly ToClient[]): void {
    const batches = new Map<TaskThread, ToClient[]>();
    for (const record of records) {
      const thread = this.#threads.get(record.client);
      if (thread === undefined) continue;
      const batch = batches.get(thread);
      if (batch === undefined) batches.set(thread, [record]);
      else batch.push(record);
    }
    for (const [thread, batch] of batches) thread.send({ kind: 'client-records', records: batch });
  }

  /** The thread is gone, and with it what its clients wanted. */
  ended(thread: TaskThread): void {
    for (const client of thread.clients) {
      this.#threads.delete(client);
      this.#mailbox.post(this.#scheduler, TAGS.toScheduler, { kind: 'close-client', client });
    }
    for (const question of this.#questions.get(thread)?.values() ?? []) question.abort();
    this.#questions.delete(thread);
  }

  async #ask(
    thread: TaskThread,
    { question, dest, request }: Extract<ClientReport, { readonly kind: 'ask' }>,
  ): Promise<void> {
    const controller = new AbortController();
    let questions = this.#questions.get(thread);
    if (questions === undefined) {
      questions = new Map();
      this.#questions.set(thread, questions);
    }
    questions.set(question, controller);
    try {
      const answer = await this.#peers.ask(dest, request, controller.signal);
      thread.send({ kind: 'answer', question, outcome: { ok: true, answer } });
    } catch (error) {
      if (!controller.signal.aborted) {
        thread.send({ kind: 'answer', question, outcome: { ok: false, error: codec.encode(error) } });
      }
    } finally {
      questions.delete(question);
    }
  }
}

import { createCodec } from '@par/comm-core';
import type { Asked, ClientLink, LinkListener, Put } from '../../client/link.ts';
import type { ClientRecord, PeerAnswer, Rank, ToClient } from '../../protocol/index.ts';
import type { ThreadAnswer, ThreadData, ThreadReport } from '../threads/messages.ts';
import type { TaskContext } from './context.ts';

const codec = createCodec();

/** A thread's way to other ranks: through its own. */
export class ThreadLink {
  readonly rank: Rank;
  readonly size: number;
  readonly #locals: Int32Array<SharedArrayBuffer>;
  readonly #post: (report: ThreadReport) => void;
  readonly #listeners = new Map<number, LinkListener>();
  readonly #questions = new Map<number, PromiseWithResolvers<PeerAnswer>>();
  #asked = 0;
  #records: ClientRecord[] = [];

  constructor({ rank, size, locals }: ThreadData, post: (report: ThreadReport) => void) {
    this.rank = rank;
    this.size = size;
    this.#locals = locals;
    this.#post = post;
  }

  open(listener: LinkListener): number {
    const client = Atomics.add(this.#locals, 0, 1);
    this.#listeners.set(client, listener);
    this.#post({ kind: 'open-client', client });
    return client;
  }

  close(client: number): void {
    if (!this.#listeners.delete(client)) return;
    this.flush();
    this.#post({ kind: 'close-client', client });
  }

  send(record: ClientRecord): void {
    if (this.#records.length === 0) queueMicrotask(() => this.flush());
    this.#records.push(record);
  }

  /** What was sent leaves before the end of the task that sent it is reported. */
  flush(): void {
    if (this.#records.length === 0) return;
    const records = this.#records;
    this.#records = [];
    this.#post({ kind: 'client-records', records });
  }

  ask(dest: Rank, request: Asked, signal?: AbortSignal): Promise<PeerAnswer> {
    const question = this.#asked++;
    const waiting = Promise.withResolvers<PeerAnswer>();
    if (signal?.aborted) return Promise.reject(signal.reason);
    this.#questions.set(question, waiting);
    this.#post({ kind: 'ask', question, dest, request });
    if (signal) {
      const withdraw = (): void => {
        if (!this.#questions.delete(question)) return;
        this.#post({ kind: 'withdraw', question });
        waiting.reject(signal.reason);
      };
      signal.addEventListener('abort', withdraw, { once: true });
      const forget = (): void => signal.removeEventListener('abort', withdraw);
      waiting.promise.then(forget, forget);
    }
    return waiting.promise;
  }

  put(dest: Rank, record: Put): void {
    this.#post({ kind: 'put', dest, record });
  }

  received(records: readonly ToClient[]): void {
    for (const record of records) this.#listeners.get(record.client)?.receivedRecord(record);
  }

  answered(question: number, outcome: ThreadAnswer): void {
    const waiting = this.#questions.get(question);
    this.#questions.delete(question);
    if (outcome.ok) waiting?.resolve(outcome.answer);
    else waiting?.reject(codec.decode(outcome.error));
  }
}

/** The link of clients that a task makes: while they wait for something, the task gives its thread away. */
export class TaskLink implements ClientLink {
  readonly task: TaskContext;
  readonly #thread: ThreadLink;
  #holds = 0;

  constructor(thread: ThreadLink, task: TaskContext) {
    this.#thread = thread;
    this.task = task;
  }

  get rank(): Rank {
    return this.#thread.rank;
  }

  get size(): number {
    return this.#thread.size;
  }

  open(listener: LinkListener): number {
    return this.#thread.open(listener);
  }

  close(client: number): void {
    this.#thread.close(client);
  }

  send(record: ClientRecord): void {
    this.#thread.send(record);
  }

  ask(dest: Rank, request: Asked, signal?: AbortSignal): Promise<PeerAnswer> {
    return this.#thread.ask(dest, request, signal);
  }

  put(dest: Rank, record: Put): void {
    this.#thread.put(dest, record);
  }

  hold(): void {
    if (this.#holds++ === 0) this.task.secede();
  }

  /** The task runs on at once: it comes first when the thread is free, and until then shares it as async code does. */
  release(): void {
    if (--this.#holds === 0) void this.task.rejoin();
  }
}

import { createCodec } from '@par/comm-core';
import type { Asked, ClientLink, LinkListener, Put } from '../../client/link.ts';
import type { ClientRecord, PeerAnswer, Rank, ToClient } from '../../protocol/index.ts';
import type { ThreadAnswer, ThreadData, ThreadReport } from '../threads/messages.ts';
import { currentTask, type TaskContext } from './context.ts';

const codec = createCodec();

/** A thread's way to other ranks: through its own. While clients wait for something, the tasks that wait give the thread away. */
export class ThreadLink implements ClientLink {
  readonly rank: Rank;
  readonly worker: Rank;
  readonly size: number;
  readonly #locals: Int32Array<SharedArrayBuffer>;
  readonly #post: (report: ThreadReport) => void;
  readonly #listeners = new Map<number, LinkListener>();
  readonly #questions = new Map<number, PromiseWithResolvers<PeerAnswer>>();
  readonly #away = new Set<TaskContext>();
  #holds = 0;
  #asked = 0;
  #records: ClientRecord[] = [];

  constructor({ rank, size, locals }: ThreadData, post: (report: ThreadReport) => void) {
    this.rank = rank;
    this.worker = rank;
    this.size = size;
    this.#locals = locals;
    this.#post = post;
  }

  /** The task whose code asks. */
  get task(): TaskContext | undefined {
    return currentTask();
  }

  hold(): void {
    this.#holds++;
    const task = currentTask();
    if (task === undefined) return;
    task.secede();
    this.#away.add(task);
  }

  /**
   * Whose wait ended cannot be told: when nothing is waited for any more, all have the thread again, one after the other. They
   * run on at once, as async code does; the thread only takes no new tasks before them.
   */
  release(): void {
    if (--this.#holds > 0) return;
    for (const task of this.#away) void task.rejoin();
    this.#away.clear();
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

  /** Its futures are nobody's any more. */
  taskEnded(task: TaskContext): void {
    for (const listener of this.#listeners.values()) listener.taskEnded(task);
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

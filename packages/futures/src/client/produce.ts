import type { ClientCore } from './core.ts';
import { currentCore } from './current-core.ts';
import { Future } from './future.ts';
import { Scattering } from './scatter.ts';

/** Values in a message of a stream, and messages that wait to be taken: what a stream is ahead of its taker. */
const MOST_VALUES = 32;
const MOST_MESSAGES = 2;
/** Characters of a string that goes with the message. Longer ones, and objects, stay on the worker until they are taken. */
const MOST_CHARACTERS = 256;

/** What a stream's task puts into its queue. */
export interface StreamMessage {
  /** Position of the first of the values. */
  readonly from: number;
  /** Objects are in futures. */
  readonly values: readonly unknown[];
}

/**
 * In a task: puts what a generator yields from position `skip` on into a queue, and waits while it is full. Gives the number of
 * values there were.
 */
export async function produce(
  queue: string,
  skip: number,
  values: AsyncIterable<unknown> | Iterable<unknown>,
): Promise<number> {
  const sender = new Sender(currentCore(), queue, skip);
  let count = 0;
  try {
    for await (const value of values) if (++count > skip) await sender.add(value);
  } finally {
    // What came before an error is given before it.
    await sender.flush();
  }
  return count;
}

/** Values that come while a message is on its way go with the next one. */
class Sender {
  readonly #core: ClientCore;
  readonly #scattering: Scattering;
  readonly #queue: string;
  #from: number;
  #values: unknown[] = [];
  #scattered: Future<unknown>[] = [];
  #sending: Promise<void> | undefined;
  #failed: Error | undefined;

  constructor(core: ClientCore, queue: string, from: number) {
    this.#core = core;
    this.#scattering = Scattering.of(core);
    this.#queue = queue;
    this.#from = from;
  }

  async add(value: unknown): Promise<void> {
    if (this.#failed !== undefined) throw this.#failed;
    if (isSmall(value)) this.#values.push(value);
    else {
      const future = this.#scattering.scatter([value], { hash: false })[0]!;
      this.#values.push(future);
      this.#scattered.push(future);
    }
    if (this.#sending === undefined) this.#send();
    else if (this.#values.length >= MOST_VALUES) await this.#sending;
  }

  async flush(): Promise<void> {
    await this.#sending;
    if (this.#values.length > 0 && this.#failed === undefined) {
      this.#send();
      await this.#sending;
    }
    if (this.#failed !== undefined) throw this.#failed;
  }

  #send(): void {
    const [message, scattered]: [StreamMessage, Future<unknown>[]] = [
      { from: this.#from, values: this.#values },
      this.#scattered,
    ];
    this.#from += message.values.length;
    this.#values = [];
    this.#scattered = [];
    this.#sending = this.#put(message)
      .catch((error: Error) => {
        this.#failed = error;
      })
      .finally(() => {
        for (const future of scattered) future.release();
        this.#sending = undefined;
      });
  }

  async #put(message: StreamMessage): Promise<void> {
    const item = this.#core.held(message, 'stream');
    const task = this.#core.link.task?.task;
    await this.#core.request({
      method: 'queue-put',
      name: this.#queue,
      maxSize: MOST_MESSAGES,
      item,
      ...(task !== undefined && { task }),
    });
  }
}

function isSmall(value: unknown): boolean {
  if (value instanceof Future) return true;
  if (typeof value === 'string') return value.length <= MOST_CHARACTERS;
  return (typeof value !== 'object' && typeof value !== 'function') || value === null;
}

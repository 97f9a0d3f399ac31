import { ArgumentTypeError } from '@par/comm-core';
import type { EncodedValue, TopicEvent as EventRecord } from '../protocol/index.ts';
import type { ClientCore } from './core.ts';
import { encodeFor } from './encoding.ts';

/** A message logged under a topic. */
export interface TopicEvent<T = unknown> {
  readonly topic: string;
  /** When the scheduler got it, in milliseconds since the epoch. */
  readonly time: number;
  readonly message: T;
}

type Handler = (event: TopicEvent) => void;

/** Handlers get nothing more after `unsubscribe`, or the end of an `await using` block. */
export class Subscription implements AsyncDisposable {
  readonly #end: () => Promise<void>;

  constructor(end: () => Promise<void>) {
    this.#end = end;
  }

  unsubscribe(): Promise<void> {
    return this.#end();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#end();
  }
}

/** A message as it travels. Throws PAR_NOT_SERIALIZABLE, PAR_ARGUMENT for one with futures inside. */
export function encodedMessage(message: unknown): EncodedValue {
  const { segments, holds } = encodeFor(message, 'logEvent');
  if (holds.length === 0) return segments.map((segment, i) => (i === 0 ? segment : segment.slice()));
  throw new ArgumentTypeError(
    'PAR_ARGUMENT',
    'logEvent: the message holds futures, which a log does not keep; publish them, or send their keys',
  );
}

/** What a client hears of topics. */
export class Topics {
  readonly #core: ClientCore;
  readonly #handlers = new Map<string, Set<Handler>>();

  constructor(core: ClientCore) {
    this.#core = core;
    core.onEvent = (record) => this.#heard(record);
  }

  async log(topics: string | readonly string[], message: unknown): Promise<void> {
    const encoded = encodedMessage(message);
    const all = typeof topics === 'string' ? [topics] : topics;
    await Promise.all(all.map((topic) => this.#core.request({ method: 'log-event', topic, message: encoded })));
  }

  async events(topic: string): Promise<TopicEvent[]> {
    const events = await this.#core.request({ method: 'get-events', topic });
    return events.map(({ time, message }) => ({ topic, time, message: this.#core.decode(message) }));
  }

  async subscribe(topic: string, handler: Handler): Promise<Subscription> {
    let handlers = this.#handlers.get(topic);
    if (handlers === undefined) {
      handlers = new Set();
      this.#handlers.set(topic, handlers);
    }
    // Each subscription is one, whatever its handler.
    const own: Handler = (event) => handler(event);
    handlers.add(own);
    if (handlers.size === 1) await this.#core.request({ method: 'subscribe', topic });
    return new Subscription(async () => {
      if (!handlers.delete(own) || handlers.size > 0 || this.#core.ended) return;
      await this.#core.request({ method: 'unsubscribe', topic });
    });
  }

  #heard({ topic, time, message }: EventRecord): void {
    for (const handler of this.#handlers.get(topic) ?? []) {
      const event = { topic, time, message: this.#core.decode(message) };
      // What a handler throws is its own: records that came with this one must not be lost with it.
      queueMicrotask(() => handler(event));
    }
  }
}

import type { EncodedValue } from '../../protocol/index.ts';
import type { ClientState } from '../client-state.ts';
import type { SchedulerState } from '../state.ts';

interface TopicState {
  readonly events: { readonly time: number; readonly message: EncodedValue }[];
  readonly subscribers: Set<ClientState>;
}

/** Messages by topic, with a bounded history. */
export class Topics {
  readonly #topics = new Map<string, TopicState>();

  #topic(name: string): TopicState {
    let topic = this.#topics.get(name);
    if (topic === undefined) {
      topic = { events: [], subscribers: new Set() };
      this.#topics.set(name, topic);
    }
    return topic;
  }

  log(s: SchedulerState, name: string, message: EncodedValue): void {
    const { events, subscribers } = this.#topic(name);
    events.push({ time: s.now, message });
    if (events.length > s.options.eventHistory) events.shift();
    for (const client of subscribers) {
      s.outbox.client(client, { kind: 'event', client: client.local, topic: name, time: s.now, message });
    }
  }

  events(name: string): readonly { readonly time: number; readonly message: EncodedValue }[] {
    return [...(this.#topics.get(name)?.events ?? [])];
  }

  subscribe(client: ClientState, name: string): void {
    this.#topic(name).subscribers.add(client);
    client.topics.add(name);
  }

  unsubscribe(client: ClientState, name: string): void {
    client.topics.delete(name);
    const topic = this.#topics.get(name);
    topic?.subscribers.delete(client);
    if (topic?.subscribers.size === 0 && topic.events.length === 0) this.#topics.delete(name);
  }

  clientGone(client: ClientState): void {
    for (const name of [...client.topics]) this.unsubscribe(client, name);
  }
}

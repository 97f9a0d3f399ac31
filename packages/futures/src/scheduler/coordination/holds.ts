import type { ClientId, FutureNumber, HeldValue } from '../../protocol/index.ts';
import type { ClientState } from '../client-state.ts';
import type { SchedulerState } from '../state.ts';
import type { Task } from '../task.ts';
import { pin, unpin } from '../transitions.ts';

/** A future inside a value that is kept: its task stays, and others can find it under the number its sender had. */
export interface Hold {
  readonly client: ClientId;
  readonly number: FutureNumber;
  readonly task: Task;
}

/** Tasks by the references inside kept values, for as long as these are kept. */
export class References {
  readonly #entries = new Map<string, { readonly task: Task; count: number }>();

  get(client: ClientId, number: FutureNumber): Task | undefined {
    return this.#entries.get(`${client}:${number}`)?.task;
  }

  get size(): number {
    return this.#entries.size;
  }

  add({ client, number, task }: Hold): void {
    const name = `${client}:${number}`;
    const entry = this.#entries.get(name);
    if (entry === undefined) this.#entries.set(name, { task, count: 1 });
    else entry.count++;
  }

  drop({ client, number }: Hold): void {
    const name = `${client}:${number}`;
    const entry = this.#entries.get(name);
    if (entry !== undefined && --entry.count === 0) this.#entries.delete(name);
  }
}

export function hold(s: SchedulerState, client: ClientId, number: FutureNumber): Hold | undefined {
  const task = s.clients.get(client)?.futures.get(number) ?? s.coordination.references.get(client, number);
  if (task === undefined) return undefined;
  const held = { client, number, task };
  s.coordination.references.add(held);
  pin(task);
  return held;
}

export function drop(s: SchedulerState, holds: readonly Hold[]): void {
  for (const held of holds) {
    s.coordination.references.drop(held);
    unpin(s, held.task);
  }
}

/** A value the scheduler keeps, with the futures in it. */
export interface KeptValue {
  readonly value: HeldValue['value'];
  readonly holds: readonly Hold[];
}

export function keep(s: SchedulerState, client: ClientState, { value, holds = [] }: HeldValue): KeptValue {
  return { value, holds: holds.map((number) => hold(s, client.id, number)).filter((held) => held !== undefined) };
}

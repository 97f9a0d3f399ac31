import type { CodecExtension } from '@par/comm-core';
import type { Rank, TaskId } from '../protocol/index.ts';

/** Where an actor is that a task got as an argument. The task's dependency on it keeps it alive. */
export interface ActorReference {
  readonly task: TaskId;
  readonly holder: Rank;
}

/** Where no task runs. A class, because codecs ask extensions about nothing plain. */
class StandIn {}

/** What stands for actors in values: proxies where tasks run. */
const standIns = new WeakMap<object, ActorReference>();

let make: (reference: ActorReference) => object = () => new StandIn();

/** Tells how references become proxies in this thread. */
export function setActorFactory(factory: (reference: ActorReference) => object): void {
  make = factory;
}

export function actorOf(reference: ActorReference): object {
  const standIn = make(reference);
  standIns.set(standIn, reference);
  return standIn;
}

export const actorExtension: CodecExtension = {
  name: 'actor',
  matches: (value) => standIns.has(value),
  encode: (value) => ({ ...standIns.get(value as object) }),
  decode: (data) => actorOf(data as ActorReference),
};

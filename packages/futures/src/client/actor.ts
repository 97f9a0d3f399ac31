import { encodeWithHolds } from '../values/index.ts';
import type { ClientCore } from './core.ts';
import { FuturesError } from './errors.ts';
import { errorOf } from './failure.ts';
import type { FutureState } from './future-state.ts';

type Access = 'call' | 'get' | 'set';

/** Instances of `T` on a worker: methods and properties, all asynchronous. */
export type Actor<T> = {
  readonly [K in keyof T as T[K] extends (...args: never[]) => unknown ? K : never]: T[K] extends (
    ...args: infer A
  ) => infer R
    ? (...args: A) => Promise<Awaited<R>>
    : never;
} & {
  /** Reads a property. */
  get<K extends keyof T>(property: K): Promise<T[K]>;
  /** Writes a property. */
  set<K extends keyof T>(property: K, value: T[K]): Promise<void>;
};

/** The proxy of the actor that is a task's result. It keeps the actor alive as its future does. */
export function actorProxy(core: ClientCore, state: FutureState): object {
  const access = (kind: Access, method: string, args: readonly unknown[]): Promise<unknown> =>
    callActor(core, state, kind, method, args);
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>([
    ['get', (property) => access('get', String(property), [])],
    ['set', (property, value) => access('set', String(property), [value])],
  ]);
  const proxy = new Proxy(Object.create(null) as object, {
    get(_, property) {
      // Awaiting a proxy must not call a method of that name.
      if (typeof property !== 'string' || property === 'then') return undefined;
      let method = methods.get(property);
      if (method === undefined) {
        method = (...args) => access('call', property, args);
        methods.set(property, method);
      }
      return method;
    },
    set(_, property) {
      throw new TypeError(`an actor's property is set with: await actor.set('${String(property)}', value)`);
    },
  });
  core.retain(state);
  abandoned.register(proxy, { core, state });
  return proxy;
}

const abandoned = new FinalizationRegistry<{ readonly core: ClientCore; readonly state: FutureState }>(
  ({ core, state }) => core.release(state),
);

async function callActor(
  core: ClientCore,
  state: FutureState,
  access: Access,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  core.checkOpen(`actor.${method}`);
  const { outcome } = state;
  const lost = (why: string): FuturesError =>
    new FuturesError('PAR_ACTOR_LOST', `${state.label}.${method}: the worker holding the actor was lost: ${why}`);
  if (outcome.status !== 'finished' || outcome.at !== 'workers') throw lost('it has no instance any more');
  const encoded = encodeWithHolds(args);
  const [holder] = outcome.holders;
  if (holder === undefined) throw lost('nobody holds it');
  const answer = await core.link
    .ask(holder, { kind: 'actor-call', task: outcome.task, method, access, args: encoded.segments })
    .catch((error: Error) => {
      throw lost(error.message);
    });
  if (answer.kind !== 'actor-result') throw lost('it gave another answer');
  const result = answer.outcome;
  if (result.ok) return core.decode(result.value);
  if (result.failure === 'no-actor') throw lost(`rank ${holder} has no such actor`);
  throw errorOf(core, { status: 'error', failure: result.failure, blame: `${state.label}.${method}`, worker: holder });
}

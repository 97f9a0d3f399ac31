import type { Rank, TaskId } from '../protocol/index.ts';
import { REFERENCE } from '../values/index.ts';
import type { ClientCore } from './core.ts';
import { encodeCall } from './encoding.ts';
import { FuturesError } from './errors.ts';
import { errorOf } from './failure.ts';
import { Future } from './future.ts';
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

interface Place {
  readonly task: TaskId;
  readonly holder: Rank;
}

/** Futures of the actors whose proxies they are: as an argument, a proxy is its future. */
const futures = new WeakMap<object, Future<unknown>>();

export function futureOfActor(proxy: object): Future<unknown> | undefined {
  return futures.get(proxy);
}

/** The proxy of the actor that is a task's result. It keeps the actor alive as its future does. */
export function actorProxy(core: ClientCore, state: FutureState): object {
  const future = new Future(core, state);
  const place = (method: string): Place => {
    const { outcome } = state;
    if (outcome.status !== 'finished' || outcome.at !== 'workers' || outcome.holders.length === 0) {
      throw lost(`${state.label}.${method}`, 'it has no instance any more');
    }
    return { task: outcome.task, holder: outcome.holders[0]! };
  };
  const proxy = proxyOf(
    state.label,
    (access, method, args) => callActor(core, state.label, () => place(method), access, method, args),
    future,
  );
  futures.set(proxy, future);
  return proxy;
}

/** The proxy of an actor that a task got as an argument, for as long as the task runs. */
export function actorArgument(coreNow: () => ClientCore, place: Place): object {
  const label = `actor-${place.task}`;
  return proxyOf(label, (access, method, args) => callActor(coreNow(), label, () => place, access, method, args));
}

/** Names that JavaScript itself looks up, to await a value or make JSON of it: these must not reach the instance. */
const NOT_METHODS: ReadonlySet<string> = new Set(['then', 'toJSON']);

function proxyOf(
  label: string,
  access: (access: Access, method: string, args: readonly unknown[]) => Promise<unknown>,
  future?: Future<unknown>,
): object {
  const methods = new Map<string, (...args: unknown[]) => Promise<unknown>>([
    ['get', (property) => access('get', String(property), [])],
    ['set', (property, value) => access('set', String(property), [value])],
  ]);
  const text = (): string => `Actor(${label})`;
  const symbols = new Map<symbol, () => unknown>([
    [Symbol.toPrimitive, text],
    [Symbol.for('nodejs.util.inspect.custom'), text],
  ]);
  if (future !== undefined) symbols.set(REFERENCE, () => future[REFERENCE]());
  // Node inspects the target of a proxy, not the proxy.
  const target = Object.create(null, {
    [Symbol.for('nodejs.util.inspect.custom')]: { value: text, configurable: true },
  });
  return new Proxy(target as object, {
    get(_, property) {
      if (typeof property === 'symbol') return symbols.get(property);
      if (NOT_METHODS.has(property)) return undefined;
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
}

function lost(what: string, why: string): FuturesError {
  return new FuturesError('PAR_ACTOR_LOST', `${what}: the worker holding the actor was lost: ${why}`);
}

async function callActor(
  core: ClientCore,
  label: string,
  where: () => Place,
  access: Access,
  method: string,
  args: readonly unknown[],
): Promise<unknown> {
  core.checkOpen(`actor.${method}`);
  const what = `${label}.${method}`;
  const { task, holder } = where();
  const encoded = encodeCall(args, what);
  // A task that waits for an actor gives its thread away: the actor may wait for other tasks.
  core.link.hold();
  const answer = await core.link
    .ask(holder, { kind: 'actor-call', task, method, access, args: encoded })
    .catch((error: Error) => {
      throw lost(what, error.message);
    })
    .finally(() => core.link.release());
  if (answer.kind !== 'actor-result') throw lost(what, 'it gave another answer');
  const result = answer.outcome;
  if (result.ok) return core.decode(result.value);
  if (result.failure === 'no-actor') throw lost(what, `rank ${holder} has no such actor`);
  throw await errorOf(core, { status: 'error', failure: result.failure, blame: what, worker: holder });
}

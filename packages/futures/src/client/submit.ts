import { ArgumentTypeError } from '@par/comm-core';
import type { TaskOptions } from '../protocol/index.ts';
import { type ArgumentList, encodeAll, encodeList } from './arguments.ts';
import type { ClientCore } from './core.ts';
import type { Callable, Class, Shipped } from './functions.ts';
import { Future } from './future.ts';
import type { FutureState } from './future-state.ts';
import { pureKey, shortHash, textOfArguments } from './keys.ts';
import { checkWorkers, type SubmitOptions, taskOptions } from './options.ts';

interface Planned {
  readonly key: string | undefined;
  readonly list: ArgumentList;
}

/** Submits one task per argument list; those whose key this client knows share its state. Throws before anything is sent. */
export function submitAll(
  core: ClientCore,
  operation: 'submit' | 'map' | 'actor' | 'stream',
  fn: Callable | Class,
  lists: readonly (readonly unknown[])[],
  options: SubmitOptions,
): Future<unknown>[] {
  core.checkOpen(operation);
  const actor = operation === 'actor';
  const shipped = core.functions.capture(fn, operation);
  checkKind(fn, operation, shipped.name);
  const call = `${operation}(${shipped.name})`;
  const record = taskOptions(options, actor, call);
  checkWorkers(record.workers, core.link, call);
  const planned = plan(core, operation, shipped, lists, options, record);

  const fresh: Planned[] = [];
  const states: (FutureState | undefined)[] = [];
  const inCall = new Map<string, number>();
  const positions: number[] = [];
  for (const one of planned) {
    const known = one.key === undefined ? undefined : core.known(one.key);
    const sooner = one.key === undefined ? undefined : inCall.get(one.key);
    states.push(known);
    if (known !== undefined) positions.push(-1);
    else if (sooner !== undefined) positions.push(sooner);
    else {
      if (one.key !== undefined) inCall.set(one.key, fresh.length);
      positions.push(fresh.push(one) - 1);
    }
  }
  const created = send(core, operation, shipped, fresh, record);
  return positions.map((position, i) => new Future(core, states[i] ?? created[position]!));
}

/** Actors are made with `new`, tasks called without it. */
function checkKind(fn: Callable | Class, operation: string, name: string): void {
  if (operation === 'actor' && !isConstructor(fn)) {
    throw new ArgumentTypeError(
      'PAR_ARGUMENT',
      `actor: ${name} is a function, but must be a class, of which an instance is made on a worker; submit(${name}) runs a function`,
    );
  }
  if (operation !== 'actor' && isClass(fn)) {
    throw new ArgumentTypeError(
      'PAR_ARGUMENT',
      `${operation}: ${name} is a class, but must be a function; actor(${name}) makes an instance on a worker`,
    );
  }
}

function isConstructor(fn: object): boolean {
  try {
    // Makes an object for it without running it.
    Reflect.construct(Object, [], fn as new () => object);
    return true;
  } catch {
    return false;
  }
}

function isClass(fn: object): boolean {
  return /^class\b/.test(Function.prototype.toString.call(fn));
}

function plan(
  core: ClientCore,
  operation: string,
  { name, hash }: Shipped,
  lists: readonly (readonly unknown[])[],
  { pure = true, key }: SubmitOptions,
  { actor, ranks }: TaskOptions,
): Planned[] {
  if (Array.isArray(key) && (operation !== 'map' || key.length !== lists.length)) {
    const count = operation === 'map' ? `${lists.length} tasks` : 'one task';
    throw new ArgumentTypeError('PAR_ARGUMENT', `${operation}: ${key.length} keys for ${count}`);
  }
  if (Array.isArray(key) && new Set(key).size < key.length) {
    const twice = (key as readonly string[]).find((one, i) => key.indexOf(one) < i);
    throw new ArgumentTypeError('PAR_ARGUMENT', `${operation}: two tasks have the key '${twice}'`);
  }
  const hashed = pure && !actor;
  const extra = ranks === undefined ? '' : `x${ranks}`;
  return lists.map((args, i) => {
    const text = textOfArguments(args);
    const exact = Array.isArray(key)
      ? (key[i] as string)
      : operation === 'map'
        ? undefined
        : (key as string | undefined);
    const needsHash = exact === undefined && hashed;
    if (text !== undefined) {
      const list = { args, flat: true };
      if (!needsHash) return { key: exact ?? unique(core, key), list };
      return { key: pureKey((key as string | undefined) ?? name, hash, text, extra), list };
    }
    if (!needsHash) return { key: exact ?? unique(core, key), list: { args, flat: false } };
    const encoded = encodeList(core, args, `${operation}(${name})`);
    const futures = encoded.dependencies.map((number) => core.stateOf(number).key ?? `${core.id}.${number}`);
    const parts = [...encoded.segments, Buffer.from(futures.join('\n'))];
    const lengths = Buffer.from(parts.map(({ length }) => length).join());
    const content = [Buffer.from(shortHash([lengths, ...parts]))];
    return {
      key: pureKey((key as string | undefined) ?? name, hash, content, extra),
      list: { args, flat: false, encoded },
    };
  });
}

/** Impure tasks of a map with a prefix have names of their own; others need none. */
function unique(core: ClientCore, prefix: SubmitOptions['key']): string | undefined {
  return typeof prefix === 'string' ? `${prefix}-${core.id}.${core.nextUnique()}` : undefined;
}

function send(
  core: ClientCore,
  operation: string,
  shipped: Shipped,
  fresh: readonly Planned[],
  options: TaskOptions,
): FutureState[] {
  if (fresh.length === 0) return [];
  const { name, hash, fn } = shipped;
  const encoded = encodeAll(
    core,
    fresh.map(({ list }) => list),
    `${operation}(${name})`,
  );
  const { link } = core;
  if (core.functions.isNew(shipped)) link.send({ kind: 'function', hash, name, fn });
  const captured = fn.values.reduce((sum, { length }) => sum + length, 0);
  warnOfSize(encoded.bytes + captured, core.largeBytes, operation, name);
  const states = fresh.map(({ key }) => core.create(key, name));
  const keyed = fresh[0]!.key !== undefined;
  link.send({
    kind: 'submit',
    client: core.local,
    first: states[0]!.number,
    count: states.length,
    fn: hash,
    chunks: encoded.chunks,
    chunkTasks: encoded.chunkTasks,
    ...(keyed && { keys: states.map(({ key }) => key!) }),
    name,
    ...(encoded.dependencies.length > 0 && { dependencies: encoded.dependencies }),
    ...(link.task && { parent: link.task }),
    generation: core.nextGeneration(),
    options,
  });
  return states;
}

function warnOfSize(bytes: number, most: number, operation: string, name: string): void {
  if (bytes <= most) return;
  process.emitWarning(
    `${operation}(${name}) sends ${(bytes / 1e6).toFixed(0)} MB of arguments and captured values through the scheduler, which is large; scatter the data first and pass its future`,
    { code: 'PAR_LARGE_SUBMISSION' },
  );
}

import * as types from 'node:util/types';
import { ParError } from '../errors.ts';
import type { CodecExtension } from './extension.ts';

/** A value holds something that cannot leave its process. Nothing was sent. */
export class NotSerializableError extends ParError {
  /** Where it is: `value.model.layers[3].fn`. */
  readonly path: string;
  /** What to do instead. */
  readonly advice: string;
  constructor(
    path: string,
    what: string,
    {
      advice = 'send plain data (see structuredClone) instead',
      ...options
    }: { readonly advice?: string; readonly cause?: unknown } = {},
  ) {
    super('PAR_NOT_SERIALIZABLE', `${path} is ${what}, which cannot be sent to another rank; ${advice}`, options);
    this.path = path;
    this.advice = advice;
  }
}

/** What kind of thing without data this is; undefined: it can be sent. */
export function unserializableKind(value: unknown): string | undefined {
  if (typeof value === 'function') return types.isAsyncFunction(value) ? 'an async function' : 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (typeof value !== 'object' || value === null) return undefined;
  if (types.isPromise(value)) return 'a promise';
  if (types.isWeakMap(value)) return 'a WeakMap';
  if (types.isWeakSet(value)) return 'a WeakSet';
  if (value instanceof WeakRef) return 'a WeakRef';
  if (types.isGeneratorObject(value)) return 'a generator';
  if (types.isMapIterator(value) || types.isSetIterator(value)) return 'an iterator';
  if (types.isExternal(value)) return 'native memory';
  if (types.isSymbolObject(value)) return 'a boxed symbol';
  if (types.isArrayBuffer(value) && value.detached) return 'a detached ArrayBuffer';
  if (ArrayBuffer.isView(value) && (value.buffer as Partial<ArrayBuffer>).detached) {
    return 'a view of a detached ArrayBuffer';
  }
  return undefined;
}

/** The error for the first thing in `root` that cannot be sent; undefined if there is none. Only called once encoding failed. */
export function explain(root: unknown, extensions: readonly CodecExtension[]): NotSerializableError | undefined {
  const seen = new Set<unknown>();
  const stack: [path: string, value: unknown][] = [['value', root]];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const [path, value] = next;
    const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
    const extension = isObject ? extensions.find((candidate) => candidate.matches(value)) : undefined;
    if (extension) continue;
    const kind = unserializableKind(value);
    if (kind !== undefined) return new NotSerializableError(path, kind);
    if (!isObject || seen.has(value)) continue;
    seen.add(value);
    stack.push(...childrenOf(path, value as object).reverse());
  }
  return undefined;
}

function childrenOf(path: string, value: object): [string, unknown][] {
  if (ArrayBuffer.isView(value)) return [];
  if (types.isMap(value)) {
    return [...value].flatMap<[string, unknown]>(([key, entry], i) => [
      [`${path}.keys()[${i}]`, key],
      [typeof key === 'string' ? `${path}.get(${JSON.stringify(key)})` : `${path}.values()[${i}]`, entry],
    ]);
  }
  if (types.isSet(value)) return [...value].map((element, i) => [`${path}.values()[${i}]`, element]);
  const children = Object.keys(value).map<[string, unknown]>((key) => [
    path + property(key, Array.isArray(value)),
    (value as Record<string, unknown>)[key],
  ]);
  if (value instanceof Error) {
    children.push([`${path}.cause`, value.cause]);
    if (value instanceof AggregateError) children.push([`${path}.errors`, value.errors]);
  }
  return children;
}

function property(key: string, inArray: boolean): string {
  if (inArray) return `[${key}]`;
  return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}

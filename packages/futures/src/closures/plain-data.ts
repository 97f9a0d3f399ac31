import { inspect } from 'node:util';
import * as types from 'node:util/types';

/** Arrays up to this length are searched for named properties by listing their keys; longer ones by `inspect`, whose cost does not grow. */
const LISTED_LENGTH = 64;

function hasNamedProperties(array: readonly unknown[]): boolean {
  if (array.length <= LISTED_LENGTH) return Reflect.ownKeys(array).length > array.length + 1;
  const shown = inspect(array, {
    maxArrayLength: 0,
    depth: 0,
    customInspect: false,
    breakLength: Number.POSITIVE_INFINITY,
  });
  return !/^\[ \.\.\. \d+ more items? \]$/.test(shown) || Object.getOwnPropertySymbols(array).length > 0;
}

function hasHoles(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index += 1) {
    if (array[index] === undefined && !(index in array)) return true;
  }
  return false;
}

function hasOwnKeys(value: object): boolean {
  return Reflect.ownKeys(value).length > 0;
}

/** Whether every own property is an ordinary one: enumerable, writable, configurable, a string key and no accessor. */
function isOrdinary(value: object): boolean {
  for (const key of Reflect.ownKeys(value)) {
    if (typeof key === 'symbol' || key === '__proto__') return false;
    const property = Object.getOwnPropertyDescriptor(value, key)!;
    if (!property.enumerable || !property.writable || !property.configurable || property.get || property.set)
      return false;
  }
  return Object.isExtensible(value);
}

const TYPED_ARRAYS = new Set<object>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    Float32Array,
    Float64Array,
    BigInt64Array,
    BigUint64Array,
    Reflect.get(globalThis, 'Float16Array') as { prototype: object } | undefined,
    DataView,
  ].flatMap((one) => (one ? [one.prototype] : [])),
);

/**
 * What a value is to a codec that handles structured-clonable data: `leaf` (no values inside that matter), a container
 * to look into, or `special` (something only capture can describe).
 */
export function classify(value: object): 'leaf' | 'array' | 'object' | 'map' | 'set' | 'special' {
  if (types.isProxy(value)) return 'special';
  const prototype: object | null = Object.getPrototypeOf(value);
  if (Array.isArray(value)) {
    const plain = prototype === Array.prototype && Object.isExtensible(value) && !hasHoles(value);
    return plain && !hasNamedProperties(value) ? 'array' : 'special';
  }
  if (prototype === Object.prototype) {
    if (types.isArgumentsObject(value) || types.isNativeError(value)) return 'special';
    return isOrdinary(value) ? 'object' : 'special';
  }
  if (ArrayBuffer.isView(value)) {
    const plain = TYPED_ARRAYS.has(prototype as object) && !types.isSharedArrayBuffer(value.buffer);
    return plain ? 'leaf' : 'special';
  }
  if (prototype === Map.prototype && types.isMap(value)) return hasOwnKeys(value) ? 'special' : 'map';
  if (prototype === Set.prototype && types.isSet(value)) return hasOwnKeys(value) ? 'special' : 'set';
  if (prototype === ArrayBuffer.prototype && types.isArrayBuffer(value)) return value.detached ? 'special' : 'leaf';
  if (prototype === Date.prototype && types.isDate(value)) return hasOwnKeys(value) ? 'special' : 'leaf';
  return 'special';
}

/** Visit the values directly inside a plain container. */
export function eachInside(value: object, kind: ReturnType<typeof classify>, visit: (inside: unknown) => void): void {
  if (kind === 'array') for (const item of value as unknown[]) visit(item);
  else if (kind === 'object') for (const key of Object.keys(value)) visit((value as Record<string, unknown>)[key]);
  else if (kind === 'map') {
    for (const [key, item] of value as Map<unknown, unknown>) {
      visit(key);
      visit(item);
    }
  } else if (kind === 'set') for (const item of value as Set<unknown>) visit(item);
}

function isReference(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/**
 * Decides which captured objects are plain data all the way down, and so can travel as they are. Answers are kept for one
 * capture only, since objects change.
 */
export class PlainData {
  readonly #plain = new Set<object>();
  readonly #mixed = new Set<object>();
  readonly #isSpecial: (value: object) => boolean;

  /** @param isSpecial objects that capture describes itself whatever they look like */
  constructor(isSpecial: (value: object) => boolean) {
    this.#isSpecial = isSpecial;
  }

  isPlain(root: object): boolean {
    if (this.#plain.has(root)) return true;
    if (this.#mixed.has(root)) return false;
    if (this.#allPlain(root)) return true;
    this.#separate(root);
    return this.#plain.has(root);
  }

  #kind(value: object): ReturnType<typeof classify> {
    return typeof value === 'function' || this.#isSpecial(value) ? 'special' : classify(value);
  }

  /** The common case, without bookkeeping of who contains whom. */
  #allPlain(root: object): boolean {
    const seen = new Set<object>([root]);
    const pending: object[] = [root];
    let mixed = false;
    const look = (inside: unknown): void => {
      if (typeof inside === 'symbol') mixed = true;
      else if (isReference(inside) && !seen.has(inside) && !this.#plain.has(inside)) {
        seen.add(inside);
        pending.push(inside);
      }
    };
    for (let value = pending.pop(); value && !mixed; value = pending.pop()) {
      const kind = this.#mixed.has(value) ? 'special' : this.#kind(value);
      if (kind === 'special') return false;
      eachInside(value, kind, look);
    }
    if (mixed) return false;
    for (const value of seen) this.#plain.add(value);
    return true;
  }

  /** Mark everything that can reach something special as mixed, the rest as plain. */
  #separate(root: object): void {
    const containers = new Map<object, object[]>([[root, []]]);
    const pending: object[] = [root];
    const tainted: object[] = [];
    for (let value = pending.pop(); value; value = pending.pop()) {
      const container = value;
      const kind = this.#mixed.has(value) ? 'special' : this.#kind(value);
      if (kind === 'special') {
        tainted.push(value);
        continue;
      }
      eachInside(value, kind, (inside) => {
        if (typeof inside === 'symbol') tainted.push(container);
        if (!isReference(inside) || this.#plain.has(inside)) return;
        const known = containers.get(inside);
        if (known) known.push(container);
        else {
          containers.set(inside, [container]);
          pending.push(inside);
        }
      });
    }
    for (let value = tainted.pop(); value; value = tainted.pop()) {
      if (this.#mixed.has(value) && !containers.has(value)) continue;
      this.#mixed.add(value);
      const above = containers.get(value) ?? [];
      containers.delete(value);
      tainted.push(...above);
    }
    for (const value of containers.keys()) this.#plain.add(value);
  }
}

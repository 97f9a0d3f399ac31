import { constants } from 'node:buffer';
import * as types from 'node:util/types';
import { errorParts, isError } from './error-values.ts';
import type { CodecExtension } from './extension.ts';
import { memoryClassOf } from './memory.ts';
import { unserializableKind } from './not-serializable.ts';

/** Deeper values move to the tree's table, so that neither side runs out of stack. */
const MAX_DEPTH = 256;
/** Up to here a list is searched faster than a Set is made. */
const FEW = 8;
/** What msgpack writes of a number at most, and in front of a string, an array or an object. */
const NUMBER_BYTES = 9;
const HEADER_BYTES = 5;

interface Extended {
  readonly name: string;
  readonly data: unknown;
}

const { MAX_STRING_LENGTH } = constants;

/** Thrown by a scan; `explain` then finds out where and why. */
export const REFUSED: unique symbol = Symbol('refused');

/**
 * First pass over a value: whether msgpackr carries it faithfully as it is (`!rich`), which objects occur more than once,
 * how many there are, and how large all is.
 */
export class Scan {
  /** Something needs a tree: a class msgpack does not know, a shared or cyclic reference, a key or string msgpackr changes. */
  rich = false;
  objects = 0;
  /** About how many bytes msgpackr will write. */
  bytes = 0;
  /** Characters of all strings, and of the longest one. */
  characters = 0;
  longest = 0;
  // Made when first needed: most messages are small and have neither.
  #tabled: Set<object> | undefined;
  #extended: Map<object, Extended> | undefined;
  readonly #extensions: readonly CodecExtension[];
  readonly #few: object[] = [];
  #seen: Set<object> | undefined;
  readonly #tooDeep: object[] = [];

  constructor(extensions: readonly CodecExtension[]) {
    this.#extensions = extensions;
  }

  /** Whether an object goes to the tree's table. */
  isTabled(object: object): boolean {
    return this.#tabled?.has(object) ?? false;
  }

  /** What an extension made of an object, if one did. */
  extendedOf(object: object): Extended | undefined {
    return this.#extended?.get(object);
  }

  run(root: unknown): void {
    this.#value(root, 0);
    for (let next = this.#tooDeep.pop(); next !== undefined; next = this.#tooDeep.pop()) this.#contents(next, 0);
  }

  #value(value: unknown, depth: number): void {
    switch (typeof value) {
      case 'number':
        this.bytes += NUMBER_BYTES;
        if (value === 0 && 1 / value < 0) this.rich = true;
        return;
      case 'string':
        this.bytes += value.length + HEADER_BYTES;
        this.characters += value.length;
        if (value.length > this.longest) this.longest = value.length;
        if (!isPlainString(value)) this.rich = true;
        return;
      case 'object':
        if (value !== null) this.#object(value, depth);
        return;
      case 'boolean':
      case 'undefined':
        return;
      case 'bigint':
        if (!isInt64(value)) this.rich = true;
        return;
      case 'function':
        if (this.#extensions.length === 0) throw REFUSED;
        this.#object(value, depth);
        return;
      default:
        throw REFUSED;
    }
  }

  #object(object: object, depth: number): void {
    if (!this.#isNew(object)) {
      this.#table(object);
    } else if (depth >= MAX_DEPTH) {
      this.#table(object);
      this.#tooDeep.push(object);
    } else {
      this.#contents(object, depth);
    }
  }

  #table(object: object): void {
    this.#tabled ??= new Set();
    this.#tabled.add(object);
    this.rich = true;
  }

  #isNew(object: object): boolean {
    this.objects += 1;
    this.bytes += HEADER_BYTES;
    if (this.#seen !== undefined) return this.#seen.size !== this.#seen.add(object).size;
    if (this.#few.includes(object)) return false;
    this.#few.push(object);
    if (this.#few.length > FEW) this.#seen = new Set(this.#few);
    return true;
  }

  #contents(object: object, depth: number): void {
    if (Array.isArray(object)) this.#array(object, depth + 1);
    else if (Object.getPrototypeOf(object) === Object.prototype) this.#properties(object, depth + 1);
    else this.#special(object, depth + 1);
  }

  #array(array: readonly unknown[], depth: number): void {
    for (let i = 0; i < array.length; i++) {
      const element = array[i];
      if (element === undefined && !(i in array)) {
        this.rich = true;
        for (const [, value] of elementsOfSparse(array)) this.#value(value, depth);
        return;
      }
      this.#value(element, depth);
    }
  }

  #properties(object: object, depth: number): void {
    for (const key of Object.keys(object)) {
      this.bytes += key.length + 1;
      if (!isPlainKey(key)) this.rich = true;
      this.#value((object as Record<string, unknown>)[key], depth);
    }
  }

  #special(object: object, depth: number): void {
    this.rich = true;
    if (this.#extensions.length > 0 && this.#extend(object, depth)) return;
    if (unserializableKind(object) !== undefined) throw REFUSED;
    if (memoryClassOf(object) !== undefined || types.isDate(object) || types.isRegExp(object)) return;
    if (types.isBoxedPrimitive(object)) return;
    if (types.isMap(object)) {
      for (const [key, value] of object) {
        this.#value(key, depth);
        this.#value(value, depth);
      }
    } else if (types.isSet(object)) {
      for (const element of object) this.#value(element, depth);
    } else if (isError(object)) {
      const { cause, errors, properties } = errorParts(object);
      this.#value(cause, depth);
      this.#value(errors, depth);
      for (const [, value] of properties) this.#value(value, depth);
    } else {
      this.#properties(object, depth);
    }
  }

  #extend(object: object, depth: number): boolean {
    const extension = this.#extensions.find((candidate) => candidate.matches(object));
    if (extension === undefined) return false;
    const data = extension.encode(object);
    this.#extended ??= new Map();
    this.#extended.set(object, { name: extension.name, data });
    this.#value(data, depth);
    return true;
  }
}

/** UTF-8 carries it, and decoding it does not take a byte order mark off. */
export function isPlainString(text: string): boolean {
  return isUtf8(text) && text.charCodeAt(0) !== 0xfeff;
}

/** UTF-8 carries it; decoders refuse more bytes than the longest string has characters. */
export function isUtf8(text: string): boolean {
  if (!text.isWellFormed()) return false;
  return text.length <= MAX_STRING_LENGTH / 3 || Buffer.byteLength(text) <= MAX_STRING_LENGTH;
}

/** msgpackr renames `__proto__`, asks objects for their `constructor`, and keeps notes under `__keys__`. */
export function isPlainKey(key: string): boolean {
  switch (key.length) {
    case 8:
      if (key === '__keys__') return false;
      break;
    case 9:
      if (key === '__proto__') return false;
      break;
    case 11:
      if (key === 'constructor') return false;
      break;
  }
  return isPlainString(key);
}

export function isInt64(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** Elements that exist, with their indices: an array with holes may be long. */
export function elementsOfSparse(array: readonly unknown[]): [index: number, value: unknown][] {
  return Object.keys(array)
    .filter((key) => String(Number(key) >>> 0) === key)
    .map((key) => [Number(key), array[Number(key)]]);
}

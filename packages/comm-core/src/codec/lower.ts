import * as types from 'node:util/types';
import { errorParts, isError } from './error-values.ts';
import { bytesOf, type MemoryWriter, memoryClassOf } from './memory.ts';
import { elementsOfSparse, isInt64, isPlainKey, isPlainString, type Scan } from './scan.ts';
import { TAG, type TaggedTree, type Tree } from './tags.ts';

/** Second pass: a value as a tree of what msgpackr carries faithfully, its arrays' memory aside. */
export class Lowering {
  readonly memory: MemoryWriter;
  readonly #scan: Scan;
  readonly #ids = new Map<object, number>();

  constructor(scan: Scan, memory: MemoryWriter) {
    this.#scan = scan;
    this.memory = memory;
  }

  /** `[root, table…]` */
  run(root: unknown): Tree[] {
    const tree: Tree[] = [this.#lower(root)];
    // Lowering an entry of the table may add further ones; a Map is iterated up to its last.
    for (const object of this.#ids.keys()) tree.push(this.#contents(object));
    return tree;
  }

  #lower(value: unknown): Tree {
    switch (typeof value) {
      case 'number':
        return value === 0 && 1 / value < 0 ? [null, TAG.NEGATIVE_ZERO] : value;
      case 'string':
        return isPlainString(value) ? value : [null, TAG.STRING, this.memory.placeString(value)];
      case 'bigint':
        return isInt64(value) ? value : [null, TAG.BIGINT, (value < 0n ? -value : value).toString(16), value < 0n];
      case 'function':
      case 'object': {
        if (value === null) return null;
        if (!this.#scan.isTabled(value)) return this.#contents(value);
        let id = this.#ids.get(value);
        if (id === undefined) {
          id = this.#ids.size + 1;
          this.#ids.set(value, id);
        }
        return [null, TAG.REFERENCE, id];
      }
      default:
        return value;
    }
  }

  #contents(object: object): Tree {
    if (Array.isArray(object)) return this.#array(object);
    const prototype: unknown = Object.getPrototypeOf(object);
    return prototype === Object.prototype ? this.#properties(object) : this.#special(object, prototype === null);
  }

  #array(array: readonly unknown[]): Tree {
    const out: Tree[] = array[0] === null ? [null, TAG.QUOTE] : [];
    for (let i = 0; i < array.length; i++) {
      const element = array[i];
      if (element === undefined && !(i in array)) {
        const entries = elementsOfSparse(array).flatMap(([index, value]) => [index, this.#lower(value)]);
        return [null, TAG.SPARSE, array.length, ...entries];
      }
      out.push(this.#lower(element));
    }
    return out;
  }

  #properties(object: object): Tree {
    const keys = Object.keys(object);
    if (!keys.every(isPlainKey)) return this.#entries(object, false);
    const out: Record<string, Tree> = {};
    for (const key of keys) out[key] = this.#lower((object as Record<string, unknown>)[key]);
    return out;
  }

  #entries(object: object, nullPrototype: boolean): TaggedTree {
    const out: TaggedTree = [null, TAG.ENTRIES, nullPrototype];
    for (const [key, value] of Object.entries(object)) out.push(this.#lower(key), this.#lower(value));
    return out;
  }

  #special(object: object, nullPrototype: boolean): Tree {
    const extended = this.#scan.extendedOf(object);
    if (extended !== undefined) return [null, TAG.EXTENSION, extended.name, this.#lower(extended.data)];
    const memoryClass = memoryClassOf(object);
    if (memoryClass !== undefined) return [null, TAG.ARRAY, memoryClass, this.memory.place(bytesOf(object))];
    if (types.isDate(object)) return [null, TAG.DATE, object.getTime()];
    if (types.isRegExp(object)) return [null, TAG.REGEXP, this.#lower(object.source), object.flags];
    if (types.isBoxedPrimitive(object)) return [null, TAG.BOXED, this.#lower(object.valueOf())];
    if (types.isMap(object)) {
      const out: TaggedTree = [null, TAG.MAP];
      for (const [key, value] of object) out.push(this.#lower(key), this.#lower(value));
      return out;
    }
    if (types.isSet(object)) {
      const out: TaggedTree = [null, TAG.SET];
      for (const element of object) out.push(this.#lower(element));
      return out;
    }
    if (isError(object)) return this.#error(object);
    return nullPrototype ? this.#entries(object, true) : this.#properties(object);
  }

  #error(error: Error): TaggedTree {
    const parts = errorParts(error);
    const out: TaggedTree = [
      null,
      TAG.ERROR,
      parts.kind,
      this.#lower(parts.message),
      this.#lower(parts.stack),
      this.#lower(parts.name),
      parts.hasCause,
      this.#lower(parts.cause),
      this.#lower(parts.errors),
    ];
    for (const [key, value] of parts.properties) out.push(this.#lower(key), this.#lower(value));
    return out;
  }
}

import { emptyError, fillError } from './error-values.ts';
import type { CodecExtension } from './extension.ts';
import type { MemoryReader } from './memory.ts';
import { malformed, TAG, type TaggedTree, type Tree } from './tags.ts';

/** Turns a received tree back into the value. Trusts nothing: anything a lowering does not make is PAR_PROTOCOL. */
export class Raising {
  readonly #memory: MemoryReader;
  readonly #extensions: readonly CodecExtension[];
  readonly #tree: readonly Tree[];
  /** Objects of the table that have been asked for; index as in the tree. */
  readonly #made: unknown[] = [];
  readonly #unfilled: number[] = [];
  /** Entries being made: an extension's data may not lead back to it. */
  #opening: Set<number> | undefined;

  constructor(tree: unknown, memory: MemoryReader, extensions: readonly CodecExtension[]) {
    if (!Array.isArray(tree) || tree.length === 0) throw malformed('its tree has no root');
    this.#tree = tree;
    this.#memory = memory;
    this.#extensions = extensions;
  }

  run(): unknown {
    const root = this.#raise(this.#tree[0]);
    // Entries are filled here, not where they are met, so that long chains of references need no stack.
    for (let id = this.#unfilled.pop(); id !== undefined; id = this.#unfilled.pop()) {
      this.#fill(this.#tree[id] as object, this.#made[id]);
    }
    return root;
  }

  #raise(node: Tree): unknown {
    if (typeof node !== 'object' || node === null) return node;
    const value = this.#make(node);
    this.#fill(node, value);
    return value;
  }

  #reference(id: unknown): unknown {
    if (typeof id !== 'number' || !(id >= 1 && id < this.#tree.length)) throw malformed('a reference leads nowhere');
    if (id in this.#made) return this.#made[id];
    const node = this.#tree[id];
    if (typeof node !== 'object' || node === null || this.#opening?.has(id))
      throw malformed('a reference has no object');
    this.#opening ??= new Set();
    this.#opening.add(id);
    const value = this.#make(node);
    this.#made[id] = value;
    this.#unfilled.push(id);
    return value;
  }

  /** The value, without what it contains if that may lead back to it. */
  #make(node: object): unknown {
    if (!Array.isArray(node)) {
      if (Object.getPrototypeOf(node) !== Object.prototype) throw malformed('it holds msgpack extensions');
      return node;
    }
    if (node[0] !== null) return node;
    switch (node[1]) {
      case TAG.QUOTE:
        return [];
      case TAG.SPARSE:
        return holes(node[2]);
      case TAG.REFERENCE:
        return this.#reference(node[2]);
      case TAG.NEGATIVE_ZERO:
        return -0;
      case TAG.BIGINT:
        return bigintOf(node[2], node[3]);
      case TAG.STRING:
        return this.#memory.string(node[2]);
      case TAG.DATE:
        if (typeof node[2] !== 'number') throw malformed('a date is no number');
        return new Date(node[2]);
      case TAG.REGEXP:
        return new RegExp(this.#string(node[2]), this.#string(node[3]));
      case TAG.MAP:
        return new Map();
      case TAG.SET:
        return new Set();
      case TAG.ERROR:
        // In place: their memory can be had once, and filling reads them again.
        node[3] = this.#raise(node[3]);
        node[5] = this.#raise(node[5]);
        return emptyError(node[2], node[3], node[5]);
      case TAG.ARRAY:
        return this.#memory.array(node[2], node[3]);
      case TAG.BOXED:
        return boxed(this.#raise(node[2]));
      case TAG.ENTRIES:
        return node[2] === true ? Object.create(null) : {};
      case TAG.EXTENSION:
        return this.#extension(node[2], node[3]);
      default:
        throw malformed(`tag ${String(node[1])} is unknown`);
    }
  }

  #fill(node: object, value: unknown): void {
    if (!Array.isArray(node)) {
      const object = node as Record<string, unknown>;
      for (const key of Object.keys(object)) {
        const child = object[key];
        if (typeof child === 'object' && child !== null) object[key] = this.#raise(child);
      }
    } else if (node[0] !== null) {
      for (let i = 0; i < node.length; i++) {
        const child = node[i];
        if (typeof child === 'object' && child !== null) node[i] = this.#raise(child);
      }
    } else {
      this.#fillTagged(node as TaggedTree, value);
    }
  }

  #fillTagged(node: TaggedTree, value: unknown): void {
    switch (node[1]) {
      case TAG.QUOTE:
        for (let i = 2; i < node.length; i++) (value as unknown[]).push(this.#raise(node[i]));
        return;
      case TAG.SET:
        for (let i = 2; i < node.length; i++) (value as Set<unknown>).add(this.#raise(node[i]));
        return;
      case TAG.MAP:
        this.#pairs(node, 2, (key, entry) => (value as Map<unknown, unknown>).set(key, entry));
        return;
      case TAG.SPARSE:
        this.#pairs(node, 3, (index, element) => setElement(value as unknown[], index, element));
        return;
      case TAG.ENTRIES:
        this.#pairs(node, 3, (key, property) => setProperty(value as object, key, property));
        return;
      case TAG.ERROR: {
        const properties: [string, unknown][] = [];
        this.#pairs(node, 9, (key, property) => properties.push([this.#string(key), property]));
        const [message, stack, name] = [node[3], node[4], node[5]].map(
          (part) => this.#raise(part) as string | undefined,
        );
        fillError(value as Error, {
          kind: 'Error',
          message,
          stack,
          name,
          hasCause: node[6] === true,
          cause: this.#raise(node[7]),
          errors: this.#raise(node[8]),
          properties,
        });
      }
    }
  }

  #pairs(node: TaggedTree, from: number, each: (key: unknown, value: unknown) => void): void {
    if ((node.length - from) % 2 !== 0) throw malformed('a key has no value');
    for (let i = from; i < node.length; i += 2) each(this.#raise(node[i]), this.#raise(node[i + 1]));
  }

  #string(node: Tree): string {
    const text = this.#raise(node);
    if (typeof text !== 'string') throw malformed('text is no string');
    return text;
  }

  #extension(name: unknown, data: Tree): object {
    const extension = this.#extensions.find((candidate) => candidate.name === name);
    if (extension === undefined) {
      throw malformed(`this codec has no extension ${JSON.stringify(name)}; both sides must use the same codec`);
    }
    return extension.decode(this.#raise(data));
  }
}

function bigintOf(digits: unknown, negative: unknown): bigint {
  if (typeof digits !== 'string' || !/^[0-9a-f]+$/.test(digits)) throw malformed('a bigint has other than digits');
  const magnitude = BigInt(`0x${digits}`);
  return negative === true ? -magnitude : magnitude;
}

function boxed(primitive: unknown): object {
  if ((typeof primitive === 'object' && primitive !== null) || primitive === null || primitive === undefined) {
    throw malformed('a boxed value is no primitive');
  }
  return Object(primitive);
}

/** A long array of holes without the memory of its elements. */
function holes(length: unknown): unknown[] {
  if (typeof length !== 'number' || length !== length >>> 0) throw malformed('an array has no length');
  const array: unknown[] = [];
  if (length > 0) {
    // Setting `length` would allocate up to 256 MiB; an element far out makes V8 choose a sparse representation.
    array[length - 1] = undefined;
    delete array[length - 1];
  }
  return array;
}

function setElement(array: unknown[], index: unknown, value: unknown): void {
  if (typeof index !== 'number' || index !== index >>> 0 || index >= array.length) {
    throw malformed('an element lies outside its array');
  }
  array[index] = value;
}

function setProperty(object: object, key: unknown, value: unknown): void {
  if (typeof key !== 'string') throw malformed('a key is no string');
  // Assigning to __proto__ would change the prototype.
  Object.defineProperty(object, key, { value, enumerable: true, writable: true, configurable: true });
}

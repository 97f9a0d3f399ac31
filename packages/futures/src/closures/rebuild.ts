import { createRequire } from 'node:module';
import { HIDDEN } from './builtins.ts';
import { PRIVATE_STATICS } from './classes.ts';
import { compile } from './compile.ts';
import type { CodeNode, ObjectNode, Ref, ShippedFunction, ShippedProperty } from './description.ts';
import { RebuildError } from './errors.ts';
import { dynamicImport, importMeta, loadImport, loadRequire } from './importing.ts';
import { rememberOrigin } from './origins.ts';
import { FunctionRegistry } from './registry.ts';

export interface RebuildOptions {
  /** Turns what `replace` of `capture` gave back into a value of this process. */
  readonly restore?: (replacement: unknown) => unknown;
  /** Where rebuilt functions are kept by hash; default one registry for the process. */
  readonly registry?: FunctionRegistry;
}

const processRegistry = new FunctionRegistry();

/**
 * Make a captured function again. A function is made once per hash and registry: later calls with an equal description
 * give the same function, with whatever it has kept in its captured variables.
 *
 * @throws RebuildError (`PAR_REBUILD`) when a module it refers to cannot be imported here or its text does not compile
 */
export function rebuild<F extends object = (...args: unknown[]) => unknown>(
  shipped: ShippedFunction,
  options: RebuildOptions = {},
): Promise<F> {
  const registry = options.registry ?? processRegistry;
  return registry.once(shipped.hash, () => new Rebuild(shipped, options).run()) as Promise<F>;
}

class Rebuild {
  readonly #shipped: ShippedFunction;
  readonly #options: RebuildOptions;
  readonly #made = new Map<Ref, unknown>();
  readonly #links: (() => void)[] = [];
  #linked = 0;

  constructor(shipped: ShippedFunction, options: RebuildOptions) {
    this.#shipped = shipped;
    this.#options = options;
  }

  async run(): Promise<object> {
    const { shipped, where } = { shipped: this.#shipped, where: `function '${this.#shipped.name}'` };
    if (shipped.format !== 1) throw new RebuildError(`${where} was captured by another version of this library`);
    await Promise.all(shipped.nodes.map((node, ref) => (node.kind === 'import' ? this.#import(ref) : undefined)));
    try {
      const fn = this.#make(shipped.root);
      this.#link();
      return fn as object;
    } catch (cause) {
      if (cause instanceof RebuildError) throw cause;
      throw new RebuildError(`${where} could not be made again: ${String(cause)}`, { cause });
    }
  }

  async #import(ref: Ref): Promise<void> {
    const node = this.#shipped.nodes[ref]!;
    if (node.kind !== 'import') return;
    try {
      const value = await loadImport(node);
      rememberOrigin(value, node);
      this.#made.set(ref, value);
    } catch (cause) {
      throw new RebuildError(
        `function '${this.#shipped.name}' uses '${node.name}' of ${node.module}, which cannot be imported here: ` +
          `${cause instanceof Error ? cause.message : String(cause)}. The module must be at the same place for every process.`,
        { cause },
      );
    }
  }

  #link(): void {
    while (this.#linked < this.#links.length) this.#links[this.#linked++]!();
  }

  #make(ref: Ref): unknown {
    if (ref < 0) return this.#shipped.values[-ref - 1];
    if (this.#made.has(ref)) return this.#made.get(ref);
    const value = this.#create(ref);
    this.#made.set(ref, value);
    return value;
  }

  #create(ref: Ref): unknown {
    const node = this.#shipped.nodes[ref]!;
    switch (node.kind) {
      case 'import':
        throw new RebuildError(`${node.module} was not loaded`);
      case 'require': {
        const value = loadRequire(node);
        rememberOrigin(value, node);
        return value;
      }
      case 'global':
        return globalAt(node.path);
      case 'symbol':
        return Symbol.for(node.key);
      case 'bound': {
        const target = this.#make(node.target) as (...args: unknown[]) => unknown;
        return target.bind(this.#make(node.receiver), ...node.args.map((arg) => this.#make(arg)));
      }
      case 'prototype':
        return (this.#make(node.of) as { prototype: unknown }).prototype;
      case 'cell': {
        const cell: { $: unknown } = { $: undefined };
        this.#links.push(() => {
          cell.$ = this.#make(node.value);
        });
        return cell;
      }
      case 'import-meta':
        return this.#remember(importMeta(node.url), node);
      case 'dynamic-import':
        return this.#remember(dynamicImport(node.from), node);
      case 'require-function':
        return this.#remember(createRequire(node.from), node);
      case 'replaced': {
        const replacement = this.#make(node.value);
        if (!this.#options.restore) throw new RebuildError("a replaced value needs the option 'restore' to be rebuilt");
        return this.#options.restore(replacement);
      }
      case 'object':
        return this.#object(ref, node);
      case 'code':
        return this.#code(ref, node);
    }
  }

  #remember<T extends object>(value: T, node: ShippedFunction['nodes'][number]): T {
    rememberOrigin(value, node);
    return value;
  }

  #define(holder: object, properties: readonly ShippedProperty[]): void {
    for (const { key, value, get, set, flags } of properties) {
      const shape = { enumerable: (flags & 2) !== 0, configurable: (flags & 4) !== 0 };
      const accessor = {
        get: get === undefined ? undefined : this.#make(get),
        set: set === undefined ? undefined : this.#make(set),
      };
      Object.defineProperty(
        holder,
        this.#make(key) as PropertyKey,
        (get === undefined && set === undefined
          ? { ...shape, writable: (flags & 1) !== 0, value: this.#make(value!) }
          : { ...shape, ...accessor }) as PropertyDescriptor,
      );
    }
  }

  #object(ref: Ref, node: ObjectNode): object {
    const value = this.#emptyObject(node);
    this.#made.set(ref, value);
    if (node.prototype !== undefined)
      Object.setPrototypeOf(value, node.prototype === null ? null : (this.#make(node.prototype) as object));
    this.#links.push(() => {
      const items =
        node.base === 'map' || node.base === 'set' || node.base === 'array'
          ? node.items.map((item) => this.#make(item))
          : [];
      if (node.base === 'array') for (const item of items) Array.prototype.push.call(value, item);
      if (node.base === 'set') for (const item of items) Set.prototype.add.call(value, item);
      if (node.base === 'map') {
        for (let index = 0; index < items.length; index += 2)
          Map.prototype.set.call(value, items[index], items[index + 1]);
      }
      this.#define(value, node.properties);
      if (node.integrity === 3) Object.freeze(value);
      else if (node.integrity === 2) Object.seal(value);
      else if (node.integrity === 1) Object.preventExtensions(value);
    });
    return value;
  }

  #emptyObject(node: ObjectNode): object {
    const first =
      node.items.length > 0 && node.base !== 'map' && node.base !== 'set' && node.base !== 'array'
        ? this.#make(node.items[0]!)
        : undefined;
    switch (node.base) {
      case 'array':
        return [];
      case 'map':
        return new Map();
      case 'set':
        return new Set();
      case 'error':
        return new Error();
      case 'date':
        return new Date(first as number);
      case 'regexp':
        return new RegExp(first as string, this.#make(node.items[1]!) as string);
      case 'bytes':
        return first as object;
      case 'construct':
        return Reflect.construct(
          first as new () => object,
          node.items.slice(1).map((item) => this.#make(item)),
        );
      case 'object':
        return {};
    }
  }

  #code(ref: Ref, node: CodeNode): object {
    const compiled = compile(node);
    for (const [name, value] of node.variables) {
      if (node.eager.includes(name)) this.#make(value);
    }
    if (node.eager.length > 0) this.#link();
    let setStatics: ((values: readonly unknown[]) => void) | undefined;
    const offerStatics = (set: (values: readonly unknown[]) => void): void => {
      setStatics = set;
    };
    const known = (name: string, value: Ref): unknown =>
      name === PRIVATE_STATICS ? offerStatics : node.eager.includes(name) ? this.#make(value) : undefined;
    const { fn, link } = compiled.make(node.variables.map(([name, value]) => known(name, value)));
    this.#made.set(ref, fn);
    if (Object.getOwnPropertyDescriptor(fn, 'name')?.value !== node.name) nameFunction(fn, node.name);
    this.#links.push(() => {
      link(node.variables.map(([, value]) => this.#make(value)));
      this.#define(fn, node.properties);
      if (node.prototype) {
        const prototype = (fn as { prototype: object }).prototype;
        if (node.prototype.inherits !== undefined)
          Object.setPrototypeOf(prototype, this.#make(node.prototype.inherits) as object);
        this.#define(prototype, node.prototype.properties);
      }
      setStatics?.((node.privateStatics ?? []).map((value) => this.#make(value)));
    });
    return fn;
  }
}

function nameFunction(fn: object, name: string): void {
  const known = Object.getOwnPropertyDescriptor(fn, 'name');
  if (known?.configurable !== false) Object.defineProperty(fn, 'name', { value: name, configurable: true });
}

function globalAt(path: readonly string[]): unknown {
  const hidden = path.length === 1 ? HIDDEN.find(([name]) => name === path[0]) : undefined;
  if (hidden) return Object.getPrototypeOf(hidden[1]);
  let value: unknown = globalThis;
  for (const key of path) value = Reflect.get(value as object, key);
  return value;
}

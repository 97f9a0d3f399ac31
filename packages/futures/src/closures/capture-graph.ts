import { asBuiltin, asGlobal } from './builtins.ts';
import { type CapturePath, notShippable, step } from './capture-path.ts';
import type { Ref, ShippedNode } from './description.ts';
import { originOf } from './origins.ts';
import { PlainData } from './plain-data.ts';

/** How a caller takes part in a capture. */
export interface CaptureOptions {
  /**
   * Called with every captured object and function: return why it must not be shipped ("a Communicator, which belongs to
   * its rank") and it is refused with that reason, or undefined.
   */
  readonly refuse?: (value: object) => string | { readonly reason: string; readonly remedy: string } | undefined;
  /**
   * Called with every captured object and function: return plain data to ship in its place, which `restore` of
   * `rebuild` turns back, or undefined to ship the value itself.
   */
  readonly replace?: (value: object) => unknown;
  /** Whether functions of the module at this URL travel by value although it could be imported. */
  readonly byValue?: (url: string) => boolean;
}

/** Describes one object or function whose number has been given out. */
export type Describe = (graph: CaptureGraph, value: object, path: CapturePath | undefined) => void;

const DEFAULT_REMEDY = 'Make it inside the function, or pass what the function needs of it as an argument';

/** The description under construction: numbers every captured object once, breadth first. */
export class CaptureGraph {
  readonly options: CaptureOptions;
  readonly nodes: ShippedNode[] = [];
  readonly values: unknown[] = [];
  /** Functions described by value. */
  readonly functions: object[] = [];
  /** Whether something was captured that may differ at the next capture. */
  changeable = false;
  readonly #refs = new Map<unknown, Ref>();
  readonly #pending: (() => void)[] = [];
  readonly #finally: (() => void)[] = [];
  readonly #plain: PlainData;
  readonly #describe: { readonly fn: Describe; readonly object: Describe };
  readonly #builtins = new Set<string>();
  readonly #replacements = new Map<object, unknown>();

  constructor(options: CaptureOptions, describe: { readonly fn: Describe; readonly object: Describe }) {
    this.options = options;
    this.#describe = describe;
    this.#plain = new PlainData((value) => this.#stands(value));
  }

  /** Objects that stand for something else and so are never plain data. */
  #stands(value: object): boolean {
    if (this.#refs.has(value) && this.#refs.get(value)! >= 0) return true;
    return (
      asGlobal(value) !== undefined ||
      originOf(value) !== undefined ||
      this.options.refuse?.(value) !== undefined ||
      this.#replacement(value) !== undefined
    );
  }

  #replacement(value: object): unknown {
    if (!this.options.replace) return undefined;
    if (!this.#replacements.has(value)) this.#replacements.set(value, this.options.replace(value));
    return this.#replacements.get(value);
  }

  /** Builtin modules whose exports may be found among captured values. */
  addBuiltins(names: readonly string[]): void {
    for (const name of names) this.#builtins.add(name);
  }

  get builtins(): readonly string[] {
    return [...this.#builtins];
  }

  add(node: ShippedNode): Ref {
    this.nodes.push(node);
    return this.nodes.length - 1;
  }

  /** Number a value before it is described, so that cycles meet the number. */
  reserve(value: object): Ref {
    const ref = this.nodes.length;
    this.nodes.length += 1;
    this.#refs.set(value, ref);
    return ref;
  }

  refOf(value: unknown): Ref | undefined {
    return this.#refs.get(value);
  }

  /** Record that this value is what node `ref` stands for. */
  identify(value: unknown, ref: Ref): void {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') this.#refs.set(value, ref);
  }

  later(work: () => void): void {
    this.#pending.push(work);
  }

  /** Work for when every captured value has been seen. */
  atEnd(work: () => void): void {
    this.#finally.push(work);
  }

  run(): void {
    for (let index = 0; index < this.#pending.length; index += 1) this.#pending[index]!();
    for (const work of this.#finally) work();
  }

  #addValue(value: unknown): Ref {
    this.values.push(value);
    return -this.values.length;
  }

  /** Throw if the caller refuses this value. */
  checkRefused(value: unknown, path: CapturePath | undefined): void {
    if (!this.options.refuse || !((typeof value === 'object' && value !== null) || typeof value === 'function')) return;
    const refused = this.options.refuse(value);
    if (refused === undefined) return;
    const { reason, remedy } = typeof refused === 'string' ? { reason: refused, remedy: DEFAULT_REMEDY } : refused;
    throw notShippable(path, reason, remedy);
  }

  /** The number of a captured value. */
  visit(value: unknown, path: CapturePath | undefined): Ref {
    if (typeof value === 'symbol') return this.#visitSymbol(value, path);
    if ((typeof value !== 'object' || value === null) && typeof value !== 'function') return this.#addValue(value);
    const known = this.#refs.get(value);
    if (known !== undefined) return known;
    this.checkRefused(value, path);
    const ref = this.#standIn(value);
    if (ref !== undefined) {
      this.#refs.set(value, ref);
      return ref;
    }
    if (typeof value === 'function') this.#describe.fn(this, value, path);
    else if (this.#plain.isPlain(value)) this.#refs.set(value, this.#addValue(value));
    else this.#describe.object(this, value, path);
    return this.#refs.get(value)!;
  }

  #standIn(value: object): Ref | undefined {
    const replacement = this.#replacement(value);
    if (replacement !== undefined) return this.add({ kind: 'replaced', value: this.#addValue(replacement) });
    const node = originOf(value) ?? asGlobal(value) ?? asBuiltin(value, this.builtins);
    return node && this.add(node);
  }

  #visitSymbol(symbol: symbol, path: CapturePath | undefined): Ref {
    const known = this.#refs.get(symbol);
    if (known !== undefined) return known;
    const key = Symbol.keyFor(symbol);
    const node: ShippedNode | undefined = key === undefined ? asGlobal(symbol) : { kind: 'symbol', key };
    if (!node) {
      throw notShippable(
        step(path, `the symbol ${String(symbol)}`),
        ', which exists in this process only',
        `Use Symbol.for('${symbol.description ?? 'name'}'), which is the same in every process`,
      );
    }
    const ref = this.add(node);
    this.#refs.set(symbol, ref);
    return ref;
  }
}

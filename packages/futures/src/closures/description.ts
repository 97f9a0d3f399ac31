/**
 * A position inside a {@link ShippedFunction}: at or above zero the node with that number, below zero the entry `~ref` of
 * `values`.
 */
export type Ref = number;

/** How a function was written; decides which text surrounds it when it is compiled again. */
export type CodeForm =
  | 'declaration'
  | 'expression'
  | 'class'
  | 'method'
  | 'async method'
  | 'generator method'
  | 'async generator method'
  | 'getter'
  | 'setter';

/** One own property; `value` for data properties, `get`/`set` for accessors; `flags` is a sum of 1 writable, 2 enumerable, 4 configurable. */
export interface ShippedProperty {
  readonly key: Ref;
  readonly value?: Ref;
  readonly get?: Ref;
  readonly set?: Ref;
  readonly flags: number;
}

/** A module export by reference. */
export interface ImportNode {
  readonly kind: 'import';
  /** `node:` name, absolute URL, or bare specifier. */
  readonly module: string;
  /** URL a bare specifier is resolved from. */
  readonly from?: string;
  /** Name of the export; `*` is the namespace object. */
  readonly name: string;
  /** Members to follow from that export. */
  readonly path?: readonly string[];
  readonly attributes?: Readonly<Record<string, string>>;
}

/** What `require(specifier)` gives in the module at `from`. */
export interface RequireNode {
  readonly kind: 'require';
  readonly specifier: string;
  readonly from: string;
  readonly path?: readonly string[];
}

/** A function or class by value. */
export interface CodeNode {
  readonly kind: 'code';
  readonly form: CodeForm;
  readonly name: string;
  readonly text: string;
  /** URL or path shown in stacks. */
  readonly file: string;
  /** 0-based line of the first character of `text`. */
  readonly line: number;
  /** 0-based column of the first character of `text`. */
  readonly column: number;
  readonly strict: boolean;
  /** Name the text itself gives the function. */
  readonly ownName?: string;
  readonly variables: readonly (readonly [name: string, value: Ref])[];
  /** Names among `variables` that the text reads while it is evaluated (heritage, computed keys of a class). */
  readonly eager: readonly string[];
  readonly properties: readonly ShippedProperty[];
  /** Changed prototype object: its own properties and, when not the usual one, what it inherits from. */
  readonly prototype?: { readonly properties: readonly ShippedProperty[]; readonly inherits?: Ref };
  /** Values of `static #private` fields in the order of the setter at the end of the class's text. */
  readonly privateStatics?: readonly Ref[];
}

export type ShippedNode =
  | CodeNode
  | ImportNode
  | RequireNode
  | { readonly kind: 'global'; readonly path: readonly string[] }
  | { readonly kind: 'symbol'; readonly key: string }
  | { readonly kind: 'bound'; readonly target: Ref; readonly receiver: Ref; readonly args: readonly Ref[] }
  | { readonly kind: 'prototype'; readonly of: Ref }
  | { readonly kind: 'cell'; readonly value: Ref }
  | { readonly kind: 'import-meta'; readonly url: string }
  | { readonly kind: 'dynamic-import'; readonly from: string }
  | { readonly kind: 'require-function'; readonly from: string }
  | { readonly kind: 'replaced'; readonly value: Ref }
  | ObjectNode;

/** An object that plain data cannot describe, rebuilt property by property. */
export interface ObjectNode {
  readonly kind: 'object';
  /** The builtin whose internal slots the object has. */
  readonly base: 'object' | 'array' | 'map' | 'set' | 'error' | 'date' | 'regexp' | 'bytes' | 'construct';
  /** Prototype, when it is not that of `base`; `null` for none. */
  readonly prototype?: Ref | null;
  /** Elements of a set, keys and values in turn of a map; the constructor's arguments of a date, expression or view;
   * for `construct` the class and its arguments. */
  readonly items: readonly Ref[];
  readonly properties: readonly ShippedProperty[];
  /** 1 not extensible, 2 sealed, 3 frozen. */
  readonly integrity?: 1 | 2 | 3;
}

/**
 * A function as plain data. Everything in it is structured-clonable. `values` holds captured plain data as it is, for the
 * caller's codec to encode; one codec call must encode the whole of `values`, and it must keep shared references, for
 * identity between captured values to survive.
 */
export interface ShippedFunction {
  readonly format: 1;
  /** SHA-256 over code and values, hexadecimal: equal hashes mean equal functions. */
  readonly hash: string;
  readonly name: string;
  readonly root: Ref;
  readonly nodes: readonly ShippedNode[];
  readonly values: readonly unknown[];
}

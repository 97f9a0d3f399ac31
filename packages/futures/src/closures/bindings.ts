import type { AnyNode, Identifier, Program } from 'acorn';

/** A declared variable. */
export interface Binding {
  readonly name: string;
  readonly kind: 'import' | 'const' | 'let' | 'var' | 'function' | 'class' | 'parameter' | 'catch' | 'self';
  readonly scope: LexicalScope;
  /** The declarator, function, class or import specifier that declares it. */
  readonly declaration: AnyNode;
  /** Assignments besides its one initialiser: when zero the variable never changes once initialised. */
  writes: number;
}

export interface LexicalScope {
  readonly node: AnyNode;
  readonly parent: LexicalScope | undefined;
  readonly bindings: Map<string, Binding>;
}

/** One use of a name. */
export interface Reference {
  readonly node: Identifier;
  readonly scope: LexicalScope;
  readonly write: boolean;
  /** Written as `{ name }`, in an object or a pattern. */
  readonly shorthand: boolean;
  /** The callee of a call or tag of a template, which gets `this` from how it is written. */
  readonly called: boolean;
  /** Filled in once every declaration is known; undefined for names the script does not declare. */
  binding: Binding | undefined;
}

/** A use of something that means nothing outside the construct that owns it. */
export interface Feature {
  readonly kind:
    | 'this'
    | 'super'
    | 'new.target'
    | 'arguments'
    | 'private'
    | 'import.meta'
    | 'import()'
    | 'eval'
    | 'with';
  readonly node: AnyNode;
  /** The function, class, object literal or program that gives it its meaning. */
  readonly owner: AnyNode;
}

export interface LexicalAnalysis {
  readonly program: Program;
  readonly top: LexicalScope;
  /** In source order. */
  readonly references: readonly Reference[];
  readonly features: readonly Feature[];
  /** Parent of each function, class, and each node directly above one. */
  readonly parents: ReadonlyMap<AnyNode, AnyNode>;
}

export function lookUp(scope: LexicalScope | undefined, name: string): Binding | undefined {
  for (let at = scope; at; at = at.parent) {
    const binding = at.bindings.get(name);
    if (binding) return binding;
  }
  return undefined;
}

import { isBuiltin } from 'node:module';
import type { AnyNode } from 'acorn';
import type { Binding, LexicalAnalysis } from './bindings.ts';
import { absoluteSpecifier, type ModuleReference } from './specifiers.ts';
import { childrenOf } from './syntax-tree.ts';

/** What an imported variable stands for. */
export interface ImportedBinding extends ModuleReference {
  readonly kind: 'import' | 'require';
  /** Name of the export; `*` for the namespace. */
  readonly name: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface ImportTable {
  /** What the variable imports; undefined for ordinary variables. */
  of(binding: Binding): ImportedBinding | undefined;
  /** Builtin modules the script names. */
  readonly builtins: readonly string[];
}

type Declarator = Extract<AnyNode, { type: 'VariableDeclarator' }>;

function literal(node: AnyNode | null | undefined): string | undefined {
  return node?.type === 'Literal' && typeof node.value === 'string' ? node.value : undefined;
}

/**
 * The module in `require('m')`, `await import('m')` and `await __vite_ssr_import__('m')`, which is what vite makes of an
 * import statement.
 */
function loadedBy(init: AnyNode): { kind: 'import' | 'require'; specifier: string } | undefined {
  if (init.type === 'AwaitExpression') {
    const call = init.argument;
    if (call.type === 'ImportExpression') {
      const specifier = literal(call.source);
      return specifier === undefined ? undefined : { kind: 'import', specifier };
    }
    if (call.type === 'CallExpression' && call.callee.type === 'Identifier') {
      const specifier = literal(call.arguments[0]);
      const vite = call.callee.name === '__vite_ssr_import__' || call.callee.name === '__vite_ssr_dynamic_import__';
      return vite && specifier !== undefined ? { kind: 'import', specifier } : undefined;
    }
  }
  if (init.type === 'CallExpression' && init.callee.type === 'Identifier' && init.callee.name === 'require') {
    const specifier = literal(init.arguments[0]);
    return specifier === undefined ? undefined : { kind: 'require', specifier };
  }
  return undefined;
}

function builtinsNamed(root: AnyNode): string[] {
  const found = new Set<string>();
  const pending: AnyNode[] = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    const specifier = literal(node);
    if (specifier !== undefined && isBuiltin(specifier)) found.add(specifier.replace(/^node:/, ''));
    pending.push(...childrenOf(node));
  }
  return [...found];
}

/** The imports of a script: statements, and variables that hold a module loaded by name. */
export function readImports(analysis: LexicalAnalysis, url: string): ImportTable {
  const { parents } = analysis;
  let builtins: readonly string[] | undefined;

  function fromStatement(specifier: AnyNode): ImportedBinding | undefined {
    const statement = parents.get(specifier);
    if (statement?.type !== 'ImportDeclaration') return undefined;
    const attributes = Object.fromEntries(
      (statement.attributes ?? []).map(({ key, value }) => [
        key.type === 'Identifier' ? key.name : String(key.value),
        String(value.value),
      ]),
    );
    const name =
      specifier.type === 'ImportNamespaceSpecifier'
        ? '*'
        : specifier.type === 'ImportSpecifier'
          ? specifier.imported.type === 'Identifier'
            ? specifier.imported.name
            : String(specifier.imported.value)
          : 'default';
    return {
      kind: 'import',
      ...absoluteSpecifier(String(statement.source.value), url),
      name,
      ...(Object.keys(attributes).length > 0 ? { attributes } : {}),
    };
  }

  function fromDeclarator(declarator: Declarator, binding: Binding): ImportedBinding | undefined {
    if (!declarator.init || declarator.id.type !== 'Identifier' || binding.writes > 0) return undefined;
    const loaded = loadedBy(declarator.init);
    if (!loaded) return undefined;
    return { kind: loaded.kind, ...absoluteSpecifier(loaded.specifier, url), name: '*' };
  }

  return {
    of(binding) {
      const { declaration } = binding;
      if (binding.kind === 'import') return fromStatement(declaration);
      return declaration.type === 'VariableDeclarator' ? fromDeclarator(declaration, binding) : undefined;
    },
    get builtins() {
      builtins ??= builtinsNamed(analysis.program);
      return builtins;
    },
  };
}

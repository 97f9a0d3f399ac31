import { createRequire, registerHooks } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ImportNode, RequireNode } from './description.ts';
import { absoluteSpecifier } from './specifiers.ts';

const SCHEME = 'par-import:';
let hooked = false;

/** `import()` resolves from the module it is written in; this hook lets it resolve from another. */
function hook(): void {
  if (hooked) return;
  hooked = true;
  registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith(SCHEME)) return next(specifier, context);
      const [wanted, parentURL] = JSON.parse(decodeURIComponent(specifier.slice(SCHEME.length))) as [string, string];
      return next(wanted, { ...context, parentURL });
    },
  });
}

function importFrom(specifier: string, from: string, options: ImportCallOptions | undefined): Promise<object> {
  const { module, from: parent } = absoluteSpecifier(specifier, from);
  if (parent === undefined) return import(module, options);
  hook();
  return import(`${SCHEME}${encodeURIComponent(JSON.stringify([module, parent]))}`, options);
}

function follow(start: unknown, path: readonly string[] | undefined): unknown {
  let value = start;
  for (const key of path ?? []) value = Reflect.get(value as object, key);
  return value;
}

/** Load a module and take what the reference names from it. */
export async function loadImport(node: ImportNode): Promise<unknown> {
  const options = node.attributes ? { with: { ...node.attributes } } : undefined;
  const namespace = await importFrom(node.module, node.from ?? import.meta.url, options);
  if (node.name === '*') return follow(namespace, node.path);
  if (!(node.name in namespace)) throw new Error(`${node.module} has no export '${node.name}'`);
  return follow(Reflect.get(namespace, node.name), node.path);
}

export function loadRequire(node: RequireNode): unknown {
  return follow(createRequire(node.from)(node.specifier), node.path);
}

/** What `import(…)` does in the module at `from`. */
export function dynamicImport(from: string): (specifier: unknown, options?: ImportCallOptions) => Promise<object> {
  return async (specifier, options) => importFrom(String(specifier), from, options);
}

/** What `import.meta` holds in the module at `url`; it is never the main module here. */
export function importMeta(url: string): object {
  const file = url.startsWith('file:') ? fileURLToPath(url) : undefined;
  return {
    __proto__: null,
    url,
    ...(file === undefined ? {} : { filename: file, dirname: dirname(file) }),
    main: false,
    resolve: (specifier: string): string => {
      const { module, from } = absoluteSpecifier(specifier, url);
      if (from === undefined) return module;
      hook();
      return import.meta.resolve(`${SCHEME}${encodeURIComponent(JSON.stringify([module, from]))}`);
    },
  };
}

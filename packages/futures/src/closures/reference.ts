import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { asBuiltin, asLateGlobal, builtinsBehind } from './builtins.ts';
import { recordOf } from './captured-variables.ts';
import type { ShippedNode } from './description.ts';
import type { FunctionPlan } from './function-plan.ts';
import { loadImport, loadRequire } from './importing.ts';
import { originOf } from './origins.ts';
import { loadedUrls } from './scopes.ts';
import { isImportable } from './specifiers.ts';

/** Looking for loaded modules takes 10 ms: those loaded since the last look may be missed for so long, in milliseconds. */
const LOOK_MS = 1000;

let seen: { readonly urls: ReadonlySet<string>; readonly at: number } | undefined;

function isLoaded(url: string): boolean {
  if (seen?.urls.has(url)) return true;
  if (seen === undefined || performance.now() - seen.at > LOOK_MS) seen = { urls: loadedUrls(), at: performance.now() };
  return seen.urls.has(url);
}

/** The member of a CommonJS module's exports that is `fn`. */
function commonJsExport(fn: object, url: string): ShippedNode | undefined {
  const file = fileURLToPath(url);
  const exported: unknown = createRequire(import.meta.url).cache[file]?.exports;
  if (exported === fn) return { kind: 'require', specifier: file, from: url };
  if (typeof exported !== 'object' || exported === null) return undefined;
  const key = Object.keys(exported).find((one) => Object.getOwnPropertyDescriptor(exported, one)?.value === fn);
  return key === undefined ? undefined : { kind: 'require', specifier: file, from: url, path: [key] };
}

/** The export of a module that a function or class of source text is. */
export function exportReference(fn: object, plan: FunctionPlan): ShippedNode | undefined {
  const { script, syntax } = plan.source;
  const { url } = script.header;
  if (!isImportable(url)) return undefined;
  const name = script.exports.nameOf(syntax);
  if (name !== undefined) return { kind: 'import', module: url, name };
  return script.header.isModule || !url.startsWith('file:') ? undefined : commonJsExport(fn, url);
}

/** The part of the language or of Node that a function without source text is. `builtins`: modules to look into first. */
export function nativeReference(fn: object, url: string, builtins: readonly string[]): ShippedNode | undefined {
  return asBuiltin(fn, [...builtins, ...builtinsBehind(url)]) ?? asLateGlobal(fn);
}

/** By what reference other processes have this function or class; undefined when it would have to travel by value. */
export function referenceTo(fn: object): ShippedNode | undefined {
  const origin = originOf(fn);
  if (origin !== undefined) return origin;
  const record = recordOf(fn);
  if (record.kind === 'source') return exportReference(fn, record.plan);
  return record.kind === 'native' ? nativeReference(fn, record.url, []) : undefined;
}

/** What a reference names, if this process has loaded its module; undefined otherwise, as nothing is loaded for it. */
export async function loadedReference(node: ShippedNode): Promise<unknown> {
  if (node.kind === 'require') {
    const file = createRequire(node.from).resolve(node.specifier);
    return createRequire(import.meta.url).cache[file] === undefined ? undefined : loadRequire(node);
  }
  if (node.kind !== 'import') return undefined;
  const known = node.module.startsWith('node:') || node.from !== undefined || isLoaded(node.module);
  return known ? loadImport(node) : undefined;
}

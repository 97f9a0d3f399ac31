import { runInNewContext } from 'node:vm';
import type { ImportNode, ShippedNode } from './description.ts';

type GlobalNode = Extract<ShippedNode, { kind: 'global' }>;

const globals = new Map<unknown, GlobalNode>();
const builtinExports = new Map<unknown, ImportNode>();
const knownBuiltins = new Set<string>();

/** Globals that belong to one program rather than to the language or to Node. */
function isProgramGlobal(name: string): boolean {
  if (HOST_ENUMERABLE.has(name)) return false;
  const property = Object.getOwnPropertyDescriptor(globalThis, name);
  return property !== undefined && property.enumerable === true && 'value' in property;
}

/** Enumerable globals Node defines; what a program adds by assignment is enumerable too. */
const HOST_ENUMERABLE = new Set([
  'global',
  'clearImmediate',
  'setImmediate',
  'clearInterval',
  'clearTimeout',
  'setInterval',
  'setTimeout',
  'queueMicrotask',
  'structuredClone',
  'atob',
  'btoa',
  'performance',
  'fetch',
  'navigator',
  'crypto',
]);

export function programGlobal(name: string): { readonly value: unknown } | undefined {
  return isProgramGlobal(name) ? { value: Reflect.get(globalThis, name) } : undefined;
}

function isIdentity(value: unknown): value is object | symbol {
  return (typeof value === 'object' && value !== null) || typeof value === 'function' || typeof value === 'symbol';
}

const DEEPEST = 3;

function addMembers(holder: object, path: readonly string[]): void {
  for (const key of Object.getOwnPropertyNames(holder)) {
    if (key === 'caller' || key === 'callee' || key === 'arguments') continue;
    const property = Object.getOwnPropertyDescriptor(holder, key)!;
    if (!('value' in property) || !isIdentity(property.value)) continue;
    addGlobal(property.value, [...path, key]);
  }
}

function addGlobal(value: object | symbol, path: readonly string[]): void {
  if (globals.has(value)) return;
  globals.set(value, { kind: 'global', path });
  if (typeof value !== 'symbol' && path.length < DEEPEST) addMembers(value, path);
}

/** Globals of Node that are there from the start; the others load parts of Node when read. */
const HOST = [
  'Buffer',
  'process',
  'console',
  'URL',
  'URLSearchParams',
  'AbortController',
  'AbortSignal',
  'Event',
  'EventTarget',
]
  .concat(['TextEncoder', 'TextDecoder', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'setImmediate'])
  .concat(['clearImmediate', 'queueMicrotask', 'structuredClone', 'performance', 'WebAssembly']);

const PROCESS_MEMBERS = ['env', 'nextTick', 'hrtime', 'cwd', 'memoryUsage', 'emitWarning', 'stdout', 'stderr'] as const;

/** The globals come first and their members after, so that `Object.prototype` is not found through some other global. */
function readGlobals(): void {
  globals.set(globalThis, { kind: 'global', path: [] });
  const top: [object, string][] = [];
  // As an empty realm has them.
  const language: readonly string[] = runInNewContext('Object.getOwnPropertyNames(globalThis)');
  for (const name of [...language, ...HOST]) {
    const value: unknown = Reflect.get(globalThis, name);
    if (!isIdentity(value) || typeof value === 'symbol' || globals.has(value)) continue;
    globals.set(value, { kind: 'global', path: [name] });
    top.push([value, name]);
  }
  for (const [value, name] of top) if (name !== 'process') addMembers(value, [name]);
  for (const [name, source] of HIDDEN) globals.set(Object.getPrototypeOf(source), { kind: 'global', path: [name] });
}

/** Members of `process` that every process has; reading some of them opens streams, so only for values not known otherwise. */
function processMember(value: unknown): GlobalNode | undefined {
  if (typeof value !== 'object' && typeof value !== 'function') return undefined;
  if (value === process.env) return { kind: 'global', path: ['process', 'env'] };
  const name = PROCESS_MEMBERS.find((one) => Object.getOwnPropertyDescriptor(process, one)?.value === value);
  return name && { kind: 'global', path: ['process', name] };
}

/** Prototypes no global name leads to, under names `rebuild` knows. */
export const HIDDEN: readonly (readonly [name: string, instance: object])[] = [
  ['%GeneratorFunction.prototype%', function* () {}],
  ['%AsyncGeneratorFunction.prototype%', async function* () {}],
  ['%AsyncFunction.prototype%', async () => {}],
  ['%TypedArray%', Int8Array],
  ['%TypedArray.prototype%', Int8Array.prototype],
];

/** A part of the language or of Node that every process has under the same name. */
export function asGlobal(value: unknown): GlobalNode | undefined {
  if (globals.size === 0) readGlobals();
  return globals.get(value);
}

/** A global that is looked for only when a value is nothing else, since reading it may load a part of Node. */
export function asLateGlobal(value: object): GlobalNode | undefined {
  const member = processMember(value);
  if (member) return member;
  const names = typeof value === 'function' ? [String(Reflect.get(value, 'name'))] : [...HOST_ENUMERABLE];
  const name = names.find(
    (one) => one in globalThis && !isProgramGlobal(one) && Reflect.get(globalThis, one) === value,
  );
  return name === undefined ? undefined : { kind: 'global', path: [name] };
}

function addBuiltin(name: string): void {
  if (knownBuiltins.has(name)) return;
  knownBuiltins.add(name);
  const module: unknown = process.getBuiltinModule(name);
  if (!isIdentity(module)) return;
  const at = `node:${name}`;
  if (!builtinExports.has(module)) builtinExports.set(module, { kind: 'import', module: at, name: 'default' });
  for (const key of Object.keys(module)) {
    const property = Object.getOwnPropertyDescriptor(module, key);
    const value: unknown = property?.value;
    if (!isIdentity(value) || builtinExports.has(value)) continue;
    builtinExports.set(value, { kind: 'import', module: at, name: 'default', path: [key] });
  }
}

/** An export of one of the builtin modules in `names`. */
export function asBuiltin(value: unknown, names: readonly string[]): ImportNode | undefined {
  for (const name of names) addBuiltin(name);
  return builtinExports.get(value);
}

/** The builtin modules that may export a function of the script at this `node:` URL. */
export function builtinsBehind(url: string): readonly string[] {
  const name = /^node:(?:internal\/)?([a-z_]+)/.exec(url)?.[1];
  if (name === undefined) return [];
  const candidates = [
    url.slice('node:'.length),
    name,
    'fs',
    'util',
    'events',
    'stream',
    'timers',
    'url',
    'crypto',
    'path',
  ];
  return candidates.filter((one) => process.getBuiltinModule(one) !== undefined);
}

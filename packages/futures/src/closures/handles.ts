import * as types from 'node:util/types';
import { asGlobal } from './builtins.ts';
import { recordOf } from './captured-variables.ts';
import { constructionOf } from './constructions.ts';

/** Why an object cannot be described, and what to do instead. */
export interface Refusal {
  readonly reason: string;
  readonly remedy: string;
}

const OPEN_INSIDE = 'Open it inside the function, or keep it in a module that the function imports';
const SEND_DATA = 'Send the data it stands for instead';

function named(name: string): string {
  return `${/^[aeiou]/i.test(name) ? 'an' : 'a'} ${name}`;
}

function builtinKind(value: object): Refusal | undefined {
  if (types.isProxy(value))
    return { reason: 'a Proxy, whose handler stays behind', remedy: 'Send the object behind it' };
  if (types.isPromise(value)) {
    return { reason: 'a Promise, which settles in this process only', remedy: 'Await it first and capture its result' };
  }
  if (types.isWeakMap(value) || types.isWeakSet(value)) {
    const name = types.isWeakMap(value) ? 'WeakMap' : 'WeakSet';
    return {
      reason: `a ${name}, whose entries cannot be listed`,
      remedy: 'Use a Map or a Set, or make it inside the function',
    };
  }
  if (value instanceof WeakRef) return { reason: 'a WeakRef', remedy: 'Capture what it refers to' };
  if (types.isGeneratorObject(value) || types.isMapIterator(value) || types.isSetIterator(value)) {
    return { reason: 'a running iterator', remedy: 'Capture an array of its values, or the function that makes it' };
  }
  if (types.isSharedArrayBuffer(value) || (ArrayBuffer.isView(value) && types.isSharedArrayBuffer(value.buffer))) {
    return { reason: 'shared memory, which other processes do not share', remedy: 'Capture a copy: value.slice()' };
  }
  if (types.isArrayBuffer(value) && value.detached)
    return { reason: 'a detached ArrayBuffer', remedy: 'Capture it before it is transferred' };
  if (types.isModuleNamespaceObject(value)) {
    return {
      reason: 'a module namespace whose module is not known',
      remedy: 'Import the module inside the function: await import(…)',
    };
  }
  if (types.isArgumentsObject(value))
    return { reason: 'an arguments object', remedy: 'Use a rest parameter: (...args) =>' };
  if (types.isBoxedPrimitive(value))
    return { reason: 'a boxed primitive', remedy: 'Capture the primitive: value.valueOf()' };
  if (types.isExternal(value)) return { reason: 'a native pointer', remedy: OPEN_INSIDE };
  return undefined;
}

const TYPED_ARRAY: object = Object.getPrototypeOf(Int8Array.prototype);

/** Builtins whose state is described by their own properties and slots capture knows. */
const DESCRIBED = new Set<object>([
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
  RegExp.prototype,
  Buffer.prototype,
  DataView.prototype,
  TYPED_ARRAY,
]);

function isDescribed(prototype: object): boolean {
  return (
    DESCRIBED.has(prototype) ||
    prototype === Error.prototype ||
    (asGlobal(prototype) !== undefined && prototype instanceof Error) ||
    Object.getPrototypeOf(prototype) === TYPED_ARRAY
  );
}

function constructorOf(prototype: object): object | undefined {
  const owner: unknown = Object.getOwnPropertyDescriptor(prototype, 'constructor')?.value;
  return typeof owner === 'function' ? owner : undefined;
}

/** A class of Node or the language in the prototype chain, such as Socket: its instances hold state nobody can read. */
function builtinClass(value: object): string | undefined {
  for (let at: object | null = Object.getPrototypeOf(value); at; at = Object.getPrototypeOf(at)) {
    const owner = constructorOf(at);
    if (!owner || isDescribed(at)) continue;
    if (asGlobal(at) || recordOf(owner).kind === 'native') {
      return String(Object.getOwnPropertyDescriptor(owner, 'name')?.value ?? '');
    }
  }
  return undefined;
}

/** Why this object is tied to its process; undefined when its properties describe it. */
export function refusalOf(value: object): Refusal | undefined {
  const kind = builtinKind(value);
  if (kind) return kind;
  if (constructionOf(value)) return undefined;
  const builtin = builtinClass(value);
  if (builtin === undefined) return undefined;
  const own = constructorOf(Object.getPrototypeOf(value));
  const name = String(Object.getOwnPropertyDescriptor(own ?? {}, 'name')?.value ?? builtin);
  const what = name === builtin ? named(name) : `${named(name)} (${named(builtin)})`;
  if (builtin === 'AbortSignal' || builtin === 'AbortController') {
    return { reason: `${what}, which works in this process only`, remedy: 'Make one inside the function' };
  }
  const handle = 'on' in value || '_handle' in value || 'close' in value || 'unref' in value;
  return handle
    ? { reason: `${what}, a live handle of this process`, remedy: OPEN_INSIDE }
    : { reason: `${what}, whose inner state cannot be read`, remedy: SEND_DATA };
}

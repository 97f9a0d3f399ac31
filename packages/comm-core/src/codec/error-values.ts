import * as types from 'node:util/types';
import { malformed } from './tags.ts';

const KINDS = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
  AggregateError,
  DOMException,
} as const;
type Kind = keyof typeof KINDS;

/** What of an error travels. `kind` is the built-in class it is or extends; a class of the caller's own arrives as that, with its name. */
export interface ErrorParts {
  readonly kind: Kind;
  readonly message: string | undefined;
  readonly stack: string | undefined;
  /** Undefined: the kind's own name. */
  readonly name: string | undefined;
  readonly hasCause: boolean;
  readonly cause: unknown;
  /** Of an AggregateError. */
  readonly errors: unknown;
  /** Own enumerable properties. */
  readonly properties: readonly (readonly [string, unknown])[];
}

const HANDLED = new Set(['message', 'stack', 'name', 'cause', 'errors']);

export function errorParts(error: Error): ErrorParts {
  const kind = kindOf(error);
  const { message, stack, name } = error;
  const aggregate = kind === 'AggregateError';
  return {
    kind,
    message: typeof message === 'string' && (message !== '' || Object.hasOwn(error, 'message')) ? message : undefined,
    stack: typeof stack === 'string' ? stack : undefined,
    name: typeof name === 'string' && name !== kind ? name : undefined,
    hasCause: Object.hasOwn(error, 'cause'),
    cause: Object.hasOwn(error, 'cause') ? error.cause : undefined,
    errors: aggregate ? (error as AggregateError).errors : undefined,
    properties: Object.keys(error)
      .filter((key) => !HANDLED.has(key) || (key === 'errors' && !aggregate))
      .map((key) => [key, (error as unknown as Record<string, unknown>)[key]]),
  };
}

function kindOf(error: Error): Kind {
  if (error instanceof DOMException) return 'DOMException';
  for (let proto = Object.getPrototypeOf(error); proto !== null; proto = Object.getPrototypeOf(proto)) {
    const name: unknown = Object.hasOwn(proto, 'constructor') ? proto.constructor?.name : undefined;
    if (typeof name !== 'string' || !Object.hasOwn(KINDS, name)) continue;
    // A class of the caller's own may be called like a built-in one; errors of other realms are only like one by name.
    if (proto === KINDS[name as Kind].prototype || !(error instanceof Error)) return name as Kind;
  }
  return 'Error';
}

/** A new error of that kind without anything but its class; `fillError` adds the rest. */
export function emptyError(kind: unknown, message: unknown, name: unknown): Error {
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind))
    throw malformed(`error class ${String(kind)} is unknown`);
  if (kind === 'AggregateError') return new AggregateError([]);
  if (kind === 'DOMException') return new DOMException(text(message), typeof name === 'string' ? name : undefined);
  return new KINDS[kind as Exclude<Kind, 'AggregateError' | 'DOMException'>]();
}

export function fillError(error: Error, parts: ErrorParts): void {
  if (!(error instanceof DOMException)) {
    if (parts.message !== undefined) define(error, 'message', text(parts.message));
    if (parts.name !== undefined) define(error, 'name', text(parts.name));
  }
  define(error, 'stack', parts.stack === undefined ? undefined : text(parts.stack));
  if (parts.hasCause) define(error, 'cause', parts.cause);
  if (error instanceof AggregateError) define(error, 'errors', parts.errors);
  for (const [key, value] of parts.properties) define(error, key, value, true);
}

function define(error: Error, key: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, key, { value, enumerable, writable: true, configurable: true });
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw malformed('an error has a message that is no string');
  return value;
}

export function isError(value: object): value is Error {
  return value instanceof Error || types.isNativeError(value);
}

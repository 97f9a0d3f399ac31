import { inspect } from 'node:util';
import type { ErrorLineage } from '../protocol/index.ts';
import { isError, toldOf } from '../values/index.ts';
import { lineageOf } from './lineage.ts';

/** Characters of a message or stack that travel. */
const LIMIT = 10_000;
const CUT = ' … (cut)';
/** Causes of causes that travel. */
const DEPTH = 10;

export interface Portable {
  readonly error: Error;
  /** Of the errors in it, as `errorsIn` meets them. */
  readonly classes: readonly (ErrorLineage | null)[];
}

/**
 * A copy of an error to be sent: what was thrown is the program's, and may be thrown again. Texts are cut, and the frames of
 * the worker itself. `keeps`: whether a part that is no error can travel; the others stay here, which the stack says.
 */
export function portableError(error: Error, hidden: string | undefined, keeps: (part: unknown) => boolean): Portable {
  const copying = new Copying(hidden, keeps);
  return { error: copying.copy(error, 0), classes: copying.classes };
}

const HANDLED = new Set(['message', 'name', 'stack', 'cause']);

class Copying {
  readonly classes: (ErrorLineage | null)[] = [];
  readonly #hidden: string | undefined;
  readonly #keeps: (part: unknown) => boolean;
  readonly #copies = new Map<Error, Error>();

  constructor(hidden: string | undefined, keeps: (part: unknown) => boolean) {
    this.#hidden = hidden;
    this.#keeps = keeps;
  }

  copy(error: Error, depth: number): Error {
    const known = this.#copies.get(error);
    if (known !== undefined) return known;
    this.classes.push(lineageOf(error));
    const left: string[] = [];
    const message = textOf(error, 'message') ?? '';
    const name = textOf(error, 'name') ?? 'Error';
    const copy = emptyCopy(error, message, name);
    this.#copies.set(error, copy);
    if (!(copy instanceof DOMException)) {
      define(copy, 'message', cut(message), false);
      define(copy, 'name', name, false);
    }
    const cause = read(error, 'cause');
    if (cause !== undefined && depth < DEPTH) define(copy, 'cause', this.#part(cause, depth), false);
    const isAggregate = copy instanceof AggregateError;
    if (isAggregate)
      define(
        copy,
        'errors',
        toldOf(error).map((one) => this.#part(one, depth)),
        false,
      );
    for (const key of keysOf(error)) {
      if (HANDLED.has(key) || (isAggregate && key === 'errors')) continue;
      const value = read(error, key, UNREADABLE);
      if (value !== UNREADABLE && this.#keeps(value)) define(copy, key, value, true);
      else left.push(`'${key}'`);
    }
    const stack = this.#stackOf(error, left);
    if (stack !== undefined) define(copy, 'stack', stack, false);
    return copy;
  }

  #part(part: unknown, depth: number): unknown {
    if (isError(part)) return this.copy(part, depth + 1);
    return this.#keeps(part) ? part : cut(shown(part));
  }

  #stackOf(error: Error, left: readonly string[]): string | undefined {
    const stack = userFrames(textOf(error, 'stack'), this.#hidden);
    if (left.length === 0) return stack;
    const note = `    without ${left.join(', ')}, which cannot be sent, or not with an error`;
    return `${stack ?? `${textOf(error, 'name')}: ${textOf(error, 'message')}`}\n${note}`;
  }
}

const UNREADABLE = Symbol('unreadable');

/** What a property gives, or `otherwise` when that throws. */
function read(from: object, key: string, otherwise?: unknown): unknown {
  try {
    return Reflect.get(from, key);
  } catch {
    return otherwise;
  }
}

function textOf(error: Error, key: string): string | undefined {
  const value = read(error, key);
  if (value === undefined || typeof value === 'string') return value;
  return shown(value);
}

function keysOf(error: Error): readonly string[] {
  try {
    return Object.keys(error);
  } catch {
    return []; // a proxy that does not tell
  }
}

/** An error of the same class without anything in it. */
function emptyCopy(error: Error, message: string, name: string): Error {
  try {
    if (error instanceof DOMException) return new DOMException(message, name);
    if (error instanceof Error) return Object.create(Object.getPrototypeOf(error) as object) as Error;
  } catch {
    return new Error();
  }
  // Of another realm: known by its name.
  const here: unknown = Reflect.get(globalThis, name);
  const isClass = typeof here === 'function' && here.prototype instanceof Error;
  return Object.create((isClass ? here : Error).prototype as object) as Error;
}

function define(error: Error, key: string, value: unknown, enumerable: boolean): void {
  Object.defineProperty(error, key, { value, enumerable, configurable: true, writable: true });
}

/** The stack down to the task's function: the frames below belong to the worker and to Node. */
function userFrames(stack: string | undefined, hidden: string | undefined): string | undefined {
  if (stack === undefined || hidden === undefined) return stack && cut(stack);
  const lines = stack.split('\n');
  const end = lines.findIndex((line) => line.includes(hidden));
  return cut(end === -1 ? stack : lines.slice(0, end).join('\n'));
}

/** As a person would want to see it. Never throws. */
export function shown(value: unknown): string {
  try {
    return inspect(value, {
      depth: 2,
      breakLength: Number.POSITIVE_INFINITY,
      maxArrayLength: 20,
      maxStringLength: LIMIT,
    });
  } catch {
    return 'a value that cannot be shown';
  }
}

/** `name: message`. */
export function titleOf(error: Error): string {
  return cut(`${textOf(error, 'name') ?? 'Error'}: ${textOf(error, 'message') ?? ''}`);
}

export function cut(text: string): string {
  return text.length <= LIMIT ? text : text.slice(0, LIMIT - CUT.length) + CUT;
}

import * as types from 'node:util/types';

/** Also an error of another realm. Never throws, whatever it is asked about. */
export function isError(value: unknown): value is Error {
  if (types.isNativeError(value)) return true;
  try {
    return value instanceof Error;
  } catch {
    return false; // a revoked proxy
  }
}

/** An error and those it tells of, each once: its cause, then the elements of its `errors`, and theirs. */
export function errorsIn(root: Error): readonly Error[] {
  const found = new Set<Error>();
  const visit = (error: Error): void => {
    if (found.has(error)) return;
    found.add(error);
    if (isError(error.cause)) visit(error.cause);
    for (const one of toldOf(error)) if (isError(one)) visit(one);
  };
  visit(root);
  return [...found];
}

/** The elements of an AggregateError, of any realm. Never throws. */
export function toldOf(error: Error): readonly unknown[] {
  try {
    const { errors, name } = error as Partial<AggregateError>;
    const isAggregate = error instanceof AggregateError || name === 'AggregateError';
    return isAggregate && Array.isArray(errors) ? errors : [];
  } catch {
    return [];
  }
}

const sources = new WeakMap<object, string>();

/** Hash of a class's source text. */
export function sourceOf(errorClass: object): string {
  let source = sources.get(errorClass);
  if (source === undefined) {
    const { hash } = process.getBuiltinModule('node:crypto');
    source = hash('sha256', Function.prototype.toString.call(errorClass), 'base64url').slice(0, 22);
    sources.set(errorClass, source);
  }
  return source;
}

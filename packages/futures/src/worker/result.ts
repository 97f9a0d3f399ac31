import { NotSerializableError } from '@par/comm-core';
import { type EncodedWithHolds, encodeWithHolds } from '../values/index.ts';
import { ResultNotSerializableError } from './errors.ts';

/** A result as it travels. Throws ResultNotSerializableError; `who`: whose it is, for people. */
export function encodedResult(value: unknown, who: string): EncodedWithHolds {
  try {
    return encodeWithHolds(value);
  } catch (error) {
    throw notSendable(error, who);
  }
}

export function notSendable(error: unknown, who: string): ResultNotSerializableError {
  const path = error instanceof NotSerializableError ? error.path.replace(/^value/, 'result') : 'result';
  return new ResultNotSerializableError(who, path, error);
}

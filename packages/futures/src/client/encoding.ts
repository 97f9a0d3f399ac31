import { NotSerializableError } from '@par/comm-core';
import type { EncodedValue } from '../protocol/index.ts';
import { type EncodedWithHolds, encodeWithHolds } from '../values/index.ts';

/** Arguments of a call outside of scheduling. Throws NotSerializableError. */
export function encodeCall(args: readonly unknown[], call: string): EncodedValue {
  try {
    return encodeWithHolds(args).segments;
  } catch (error) {
    throw naming(error, call, /^value\[(\d+)\]/);
  }
}

/** A value of a call, and the futures in it. Throws NotSerializableError. */
export function encodeFor(value: unknown, call: string): EncodedWithHolds {
  try {
    return encodeWithHolds(value);
  } catch (error) {
    throw naming(error, call);
  }
}

/** The error with the call it comes from; `argument` finds the index of one in its path. */
export function naming(error: unknown, call: string, argument?: RegExp): unknown {
  if (!(error instanceof NotSerializableError)) return error;
  const { path, message, advice } = error;
  const where = argument ? path.replace(argument, (_, index: string) => `argument ${Number(index) + 1}`) : path;
  const what = message.slice(path.length + 4).replace(/, which cannot be sent.*$/s, '');
  return new NotSerializableError(`${call}: ${where}`, what, { advice, cause: error });
}

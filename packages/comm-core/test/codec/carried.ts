import { decode, encode } from '../../src/codec/index.ts';

/** What arrives when the value is sent: segments as a transport delivers them, in memory of their own. */
export function carried<T>(value: T): T {
  return decode(encode(value).map((segment) => segment.slice())) as T;
}

import { ParError } from '../errors.ts';

/**
 * First byte of a head. MSGPACK: one msgpack value follows. TREE: u32 (little endian) bytes of a msgpack array
 * `[root, table…]`, that array, then the memory of the small arrays. The others are values alone.
 */
export const HEAD = {
  UNDEFINED: 0,
  NULL: 1,
  FALSE: 2,
  TRUE: 3,
  NUMBER: 4,
  UTF8: 5,
  UTF16: 6,
  MSGPACK: 7,
  TREE: 8,
  /** Then the array's class; its memory follows in the head. */
  INLINE_ARRAY: 9,
  /** Then the array's class; its memory is the next segment. */
  SEGMENT_ARRAY: 10,
} as const;

/**
 * In a tree an array `[null, tag, …]` stands for what msgpack has no word for. Arrays of the caller that start with
 * null are quoted.
 */
export const TAG = {
  /** …elements */
  QUOTE: 0,
  /** table index from 1: an object met more than once, or nested too deeply to stay in place */
  REFERENCE: 1,
  NEGATIVE_ZERO: 2,
  /** hexadecimal digits, sign */
  BIGINT: 3,
  /** memory of UTF-16 code units: strings UTF-8 cannot carry */
  STRING: 4,
  /** milliseconds since 1970, NaN if invalid */
  DATE: 5,
  /** source, flags */
  REGEXP: 6,
  /** …key, value, key, value */
  MAP: 7,
  /** …elements */
  SET: 8,
  /** kind, message, stack, name, whether it has a cause, cause, errors, …key, value of further properties */
  ERROR: 9,
  /** class, place: [offset, bytes] in the head or the segment's number */
  ARRAY: 10,
  /** primitive */
  BOXED: 11,
  /** length, …index, value */
  SPARSE: 12,
  /** whether the prototype is null, …key, value: objects msgpackr would not carry faithfully */
  ENTRIES: 13,
  /** name, data */
  EXTENSION: 14,
} as const;

export type Tree = unknown;
export type TaggedTree = [null, number, ...Tree[]];

export function malformed(why: string, options?: ErrorOptions): ParError {
  return new ParError('PAR_PROTOCOL', `a received value cannot be decoded: ${why}`, options);
}

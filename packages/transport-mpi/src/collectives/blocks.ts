import { ArgumentRangeError } from '@par/comm-core';
import type { BufferView } from '@par/comm-core/transport';
import { ELEMENT_BYTES } from '../messages/element-types.ts';

const INT_MAX = 2 ** 31 - 1;

/** Whether libraries count so many bytes with an int without overflow. */
export function fitsInt(bytes: number): boolean {
  return bytes <= INT_MAX;
}

/** Lists of one number per rank, one list after the other, for the addon. */
export function listsOf(...lists: readonly (readonly number[])[]): Float64Array {
  const all = new Float64Array(lists.reduce((sum, list) => sum + list.length, 0));
  let next = 0;
  for (const list of lists) for (const value of list) all[next++] = value;
  return all;
}

/** Throws PAR_COUNT for numbers that only a library with large-count forms can take from a rank that does not run par. */
export function checkInts(name: string, ...lists: readonly (readonly number[])[]): void {
  for (const list of lists) {
    for (const value of list) {
      if (value <= INT_MAX) continue;
      throw new ArgumentRangeError(
        'PAR_COUNT',
        `${name}: a count or displacement of ${value} elements is more than this MPI's int can hold, in a job with ranks that ` +
          'do not run par (PAR_MPI_RANKS); use several calls, or an MPI of version 4',
      );
    }
  }
}

export function sum(counts: readonly number[]): number {
  return counts.reduce((total, count) => total + count, 0);
}

/** A list of zeros but for one rank. */
export function onlyFor(rank: number, value: number, size: number): number[] {
  const list = new Array<number>(size).fill(0);
  list[rank] = value;
  return list;
}

/** Where blocks start that lie one after the other. */
export function consecutive(counts: readonly number[]): number[] {
  let next = 0;
  return counts.map((count) => {
    next += count;
    return next - count;
  });
}

/** Whether equal blocks lie one after the other. */
export function isPacked(displs: readonly number[], count: number): boolean {
  return displs.every((start, i) => start === i * count);
}

/** Blocks that lie at `displs` (in elements), one after the other. */
export function pack(from: BufferView, counts: readonly number[], displs: readonly number[]): BufferView {
  const width = ELEMENT_BYTES[from.type];
  const bytes = new Uint8Array(sum(counts) * width);
  consecutive(counts).forEach((start, i) => {
    const place = displs[i]! * width;
    bytes.set(from.bytes.subarray(place, place + counts[i]! * width), start * width);
  });
  return { bytes, type: from.type };
}

export function unpack(from: BufferView, into: BufferView, counts: readonly number[], displs: readonly number[]): void {
  const width = ELEMENT_BYTES[into.type];
  consecutive(counts).forEach((start, i) => {
    into.bytes.set(from.bytes.subarray(start * width, (start + counts[i]!) * width), displs[i]! * width);
  });
}

import type { EncodedValue, PackedValues } from '../values.ts';
import type { Location } from '../worker.ts';
import type { ByteReader } from './reader.ts';
import type { ByteWriter } from './writer.ts';

/** Pieces that several records have. */

/** Larger values travel beside the records, uncopied. */
const COPIED_BYTES = 2 ** 14;

/** Whether values are of one small segment each. */
export function areSmall(values: readonly EncodedValue[]): boolean {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value.length !== 1 || value[0]!.length > COPIED_BYTES) return false;
  }
  return true;
}

export function writeValues(out: ByteWriter, values: readonly EncodedValue[]): void {
  out.number(values.length);
  for (let i = 0; i < values.length; i++) out.number(values[i]![0]!.length);
  for (let i = 0; i < values.length; i++) out.bytes(values[i]![0]!);
}

export function readValues(from: ByteReader): EncodedValue[] {
  const ends: number[] = [];
  const memory = from.bytes(readEnds(from, ends));
  if (ends.length === 1) return [[memory]];
  return ends.map((end, i) => [memory.subarray(i === 0 ? 0 : ends[i - 1], end)]);
}

export function writePacked(out: ByteWriter, { bytes, ends }: PackedValues): void {
  out.number(ends.length);
  for (let i = 0; i < ends.length; i++) out.number(ends[i]! - (i === 0 ? 0 : ends[i - 1]!));
  out.bytes(bytes);
}

export function readPacked(from: ByteReader): PackedValues {
  const ends: number[] = [];
  const bytes = from.bytes(readEnds(from, ends));
  return { bytes, ends };
}

function readEnds(from: ByteReader, ends: number[]): number {
  const count = from.count();
  let end = 0;
  for (let i = 0; i < count; i++) {
    end += from.number();
    ends.push(end);
  }
  return end;
}

/** Milliseconds: whole microseconds, as most are, take a byte or three. */
export function writeDurations(out: ByteWriter, durations: readonly number[]): void {
  out.number(durations.length);
  for (let i = 0; i < durations.length; i++) {
    const duration = durations[i]!;
    const micros = Math.round(duration * 1000);
    if (micros >= 0 && Object.is(micros / 1000, duration)) out.number(micros);
    else {
      out.number(-1);
      out.number(duration);
    }
  }
}

export function readDurations(from: ByteReader): number[] {
  const count = from.count();
  const durations: number[] = [];
  for (let i = 0; i < count; i++) {
    const micros = from.number();
    durations.push(micros < 0 ? from.number() : micros / 1000);
  }
  return durations;
}

export function writeLists(out: ByteWriter, lists: readonly (readonly number[])[]): void {
  out.number(lists.length);
  for (let i = 0; i < lists.length; i++) out.numbers(lists[i]!);
}

export function readLists(from: ByteReader): number[][] {
  const count = from.count();
  const lists: number[][] = [];
  for (let i = 0; i < count; i++) lists.push(from.numbers());
  return lists;
}

const LOCATION = { INLINE: 0, STORED: 1, ACTOR: 2 } as const;

export function writeLocations(out: ByteWriter, locations: readonly Location[]): void {
  out.number(locations.length);
  for (const location of locations) {
    if ('value' in location) {
      out.number(LOCATION.INLINE);
      out.number(location.task);
      out.number(location.value.length);
      out.bytes(location.value);
    } else {
      out.number(location.actor ? LOCATION.ACTOR : LOCATION.STORED);
      out.number(location.task);
      out.number(location.nbytes);
      out.numbers(location.holders);
    }
  }
}

export function readLocations(from: ByteReader): Location[] {
  const count = from.count();
  const locations: Location[] = [];
  for (let i = 0; i < count; i++) {
    const kind = from.number();
    const task = from.number();
    if (kind === LOCATION.INLINE) locations.push({ task, value: from.bytes(from.number()) });
    else {
      const nbytes = from.number();
      const holders = from.numbers();
      locations.push(kind === LOCATION.ACTOR ? { task, nbytes, holders, actor: true } : { task, nbytes, holders });
    }
  }
  return locations;
}

/** Keys of tasks that may have none. */
export function writeKeys(out: ByteWriter, keys: readonly (string | undefined)[]): void {
  out.number(keys.length);
  for (let i = 0; i < keys.length; i++) {
    const key = keys[i];
    out.number(key === undefined ? 0 : 1);
    if (key !== undefined) out.text(key);
  }
}

export function readKeys(from: ByteReader): (string | undefined)[] {
  const count = from.count();
  const keys: (string | undefined)[] = [];
  for (let i = 0; i < count; i++) keys.push(from.number() === 0 ? undefined : from.text());
  return keys;
}

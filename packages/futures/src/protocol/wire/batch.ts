import { ParError } from '@par/comm-core';
import { ByteReader } from './reader.ts';
import { readRecord, writeRecord } from './records.ts';
import { ByteWriter } from './writer.ts';

const writer = new ByteWriter();

/** A message's records as they travel: bytes if all have a layout of their own, otherwise as they are. */
export function packRecords(records: readonly unknown[]): Uint8Array | readonly unknown[] {
  writer.reset();
  for (let i = 0; i < records.length; i++) {
    if (!writeRecord(writer, records[i] as { readonly kind: string })) return records;
  }
  return writer.take();
}

/** What `packRecords` made, as received. Throws ParError PAR_PROTOCOL. */
export function unpackRecords<T>(packed: Uint8Array | readonly T[]): readonly T[] {
  if (!(packed instanceof Uint8Array)) return packed;
  const reader = new ByteReader(packed);
  const records: T[] = [];
  while (!reader.done) {
    const record = readRecord(reader);
    if (record === undefined) throw new ParError('PAR_PROTOCOL', 'a batch of records has one of an unknown kind');
    records.push(record as T);
  }
  return records;
}

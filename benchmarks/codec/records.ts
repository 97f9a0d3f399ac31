// From how many objects on msgpackr's records, which name the keys once per message, beat plain maps: what
// RECORDS_FROM_OBJECTS of the codec comes from. node benchmarks/codec/records.ts
import { createRequire } from 'node:module';
import { fastestMicroseconds } from './fastest.ts';

interface Packer {
  pack(value: unknown): Uint8Array;
  unpack(bytes: Uint8Array): unknown;
}
type PackerClass = new (options: object) => Packer;
// The codec's own copy.
const { Packr } = createRequire(import.meta.resolve('@par/comm-core'))('msgpackr') as { Packr: PackerClass };
const COMMON = { mapsAsObjects: true, moreTypes: false, structuredClone: false };
const maps = new Packr({ ...COMMON, useRecords: false, variableMapSize: true });
const records = new Packr({ ...COMMON, useRecords: true });

const row = (id: number) => ({ id, name: `name${id}`, score: id / 3, ok: true });
console.log(`${'objects'.padStart(8)}${'maps'.padStart(12)}${'records'.padStart(12)}   µs`);
for (const count of [1, 2, 4, 8, 12, 16, 24, 32, 64, 256, 1024]) {
  const value = Array.from({ length: count }, (_, id) => row(id));
  const times = [maps, records].map((packer) => fastestMicroseconds(() => packer.unpack(packer.pack(value))));
  console.log(String(count).padStart(8) + times.map((time) => time.toFixed(2).padStart(12)).join(''));
}

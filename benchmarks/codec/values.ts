// Encode and decode of typical values by par's codec, next to v8.serialize and JSON. Prints microseconds per round trip.
// node benchmarks/codec/values.ts
import v8 from 'node:v8';
import { createCodec } from '@par/comm-core';
import { fastestMicroseconds } from './fastest.ts';

const { encode, decode } = createCodec();
const rows = (n: number) => Array.from({ length: n }, (_, i) => ({ id: i, name: `name${i}`, score: i / 3, ok: true }));

const VALUES: Record<string, unknown> = {
  number: 3.25,
  string: 'hello',
  undefined: undefined,
  'small object': { a: 1, b: 'x', c: [1, 2, 3] },
  '4 doubles': new Float64Array(4),
  '10,000 doubles': new Float64Array(10_000),
  'step and 4 doubles': { step: 3, gradient: new Float64Array(4) },
  'step and 10,000 doubles': { step: 3, gradient: new Float64Array(10_000) },
  date: { at: new Date() },
  map: new Map([
    ['a', 1],
    ['b', 2],
  ]),
  error: new TypeError('x'),
  '6 rows': rows(6),
  '20 rows': rows(20),
  '1,000 rows': rows(1000),
  '5,000 words': Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`word${i * 7919}`, i])),
  '100,000 numbers': Array.from({ length: 100_000 }, (_, i) => i / 3),
};

console.log(`${'value'.padEnd(26)}${'par'.padStart(12)}${'v8'.padStart(12)}${'JSON'.padStart(12)}   µs`);
for (const [name, value] of Object.entries(VALUES)) {
  const jsonKeeps = JSON.stringify(value) !== undefined;
  const times = [
    fastestMicroseconds(() => decode(encode(value))),
    fastestMicroseconds(() => v8.deserialize(v8.serialize(value))),
    jsonKeeps ? fastestMicroseconds(() => JSON.parse(JSON.stringify(value))) : undefined,
  ];
  console.log(name.padEnd(26) + times.map((time) => (time?.toFixed(2) ?? '–').padStart(12)).join(''));
}

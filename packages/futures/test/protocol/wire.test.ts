import fc from 'fast-check';
import { expect, test } from 'vitest';
import { packRecords, unpackRecords } from '../../src/protocol/index.ts';

const whole = fc.oneof(
  fc.nat(),
  fc.constantFrom(252, 253, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER),
);
const number = fc.oneof(whole, fc.integer(), fc.double());
const numbers = fc.array(number, { maxLength: 5 });
const wholes = fc.array(whole, { maxLength: 5 });
const duration = fc.oneof(
  fc.double(),
  fc.nat().map((micros) => micros / 1000),
);
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), fc.constant('\ufeff\ud800'));
const texts = fc.array(text, { maxLength: 4 });
const bytes = fc.uint8Array({ maxLength: 40 });
const values = fc.array(
  bytes.map((segment) => [segment]),
  { maxLength: 4 },
);
const packed = fc.array(bytes, { maxLength: 4 }).map((parts) => ({
  bytes: Uint8Array.from(parts.flatMap((part) => [...part])),
  ends: parts.map((_, i) => parts.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0)),
}));
const lists = fc.array(wholes, { maxLength: 3 });
const location = fc.oneof(
  fc.record({ task: whole, value: bytes }, { noNullPrototype: true }),
  fc.record({ task: whole, nbytes: whole, holders: wholes }, { noNullPrototype: true }),
  fc.record({ task: whole, nbytes: whole, holders: wholes, actor: fc.constant(true) }, { noNullPrototype: true }),
);
/** A record of that kind; of the parts that `some` names, any may be missing. */
const record = (kind: string, parts: Record<string, fc.Arbitrary<unknown>>, some: readonly string[] = []) => {
  const all: Record<string, fc.Arbitrary<unknown>> = { kind: fc.constant(kind), ...parts };
  const requiredKeys = Object.keys(all).filter((part) => !some.includes(part));
  return fc.record(all, { noNullPrototype: true, requiredKeys });
};

const RUN = {
  fn: whole,
  name: text,
  tasks: wholes,
  runs: wholes,
  priority: number,
  generation: number,
  order: numbers,
  chunks: values,
  chunkOf: wholes,
  positions: wholes,
};

const hot = fc.oneof(
  record(
    'submit',
    {
      client: whole,
      first: whole,
      count: whole,
      fn: text,
      chunkTasks: whole,
      generation: whole,
      chunks: values,
      keys: texts,
      name: text,
      sharedDependencies: wholes,
      dependencies: wholes,
      parent: fc.record({ task: whole, run: whole }, { noNullPrototype: true }),
      options: fc.constant({}),
    },
    ['keys', 'name', 'sharedDependencies', 'dependencies', 'parent'],
  ),
  record('release', { client: whole, ranges: numbers }),
  record(
    'run',
    {
      ...RUN,
      keys: fc.array(fc.option(text, { nil: undefined }), { maxLength: 3 }),
      actor: fc.constant(true),
    },
    ['keys', 'actor'],
  ),
  record('run', {
    ...RUN,
    dependencies: lists,
    locations: fc.array(location, { maxLength: 4 }),
  }),
  record('free', { ranges: wholes }),
  record(
    'finished',
    {
      tasks: wholes,
      runs: wholes,
      durations: fc.array(duration, { maxLength: 4 }),
      values: packed,
      holds: numbers,
    },
    ['holds'],
  ),
  record(
    'finished-stored',
    {
      tasks: wholes,
      runs: wholes,
      durations: fc.array(duration, { maxLength: 4 }),
      nbytes: wholes,
      types: texts,
      holds: numbers,
    },
    ['holds'],
  ),
  record('results', { client: whole, numbers, values: packed }),
  record(
    'stored',
    {
      client: whole,
      numbers,
      tasks: wholes,
      nbytes: wholes,
      types: texts,
      holders: lists,
      actors: fc.array(fc.boolean(), { maxLength: 3 }),
    },
    ['actors'],
  ),
);

test('what every task causes travels as bytes and arrives as it was', () => {
  fc.assert(
    fc.property(fc.array(hot, { maxLength: 6 }), (records) => {
      const sent = packRecords(records);
      expect(sent).toBeInstanceOf(Uint8Array);
      expect(unpackRecords(sent)).toStrictEqual(records);
    }),
  );
});

test('a batch cut short anywhere, or with bytes of its own, is refused or is other records, and ends', () => {
  fc.assert(
    fc.property(fc.array(hot, { minLength: 1, maxLength: 3 }), fc.nat(), fc.nat(255), (records, at, byte) => {
      const sent = packRecords(records) as Uint8Array;
      const spoilt = Uint8Array.from(sent);
      spoilt[at % sent.length] = byte;
      for (const bytes of [sent.slice(0, at % sent.length), spoilt]) {
        try {
          unpackRecords(bytes);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PAR_PROTOCOL' });
        }
      }
    }),
  );
});

test.each([
  ['a kind without a layout', { kind: 'status', paused: false }],
  ['options', { kind: 'submit', chunks: [], options: { retries: 1 } }],
  ['a large argument', { kind: 'submit', chunks: [[new Uint8Array(20_000)]], options: {} }],
  [
    'an argument of several segments',
    { kind: 'submit', chunks: [[new Uint8Array(1), new Uint8Array(1)]], options: {} },
  ],
  ['several ranks', { kind: 'run', chunks: [], group: [2, 3] }],
])('a batch with %s travels as it is', (_, odd) => {
  const records = [{ kind: 'free', ranges: [1, 2] }, odd];
  expect(packRecords(records)).toBe(records);
  expect(unpackRecords(records)).toBe(records);
});

test('what is kept of a large batch does not keep the batch', () => {
  const values = { bytes: new Uint8Array(10), ends: [10] };
  const many = Array.from({ length: 100_000 }, (_, i) => i);
  const sent = packRecords([
    { kind: 'free', ranges: many },
    { kind: 'results', client: 0, numbers: [1], values },
  ]) as Uint8Array;
  const [, results] = unpackRecords<{ readonly values: typeof values }>(sent);
  expect(results!.values.bytes.buffer.byteLength).toBe(10);
});

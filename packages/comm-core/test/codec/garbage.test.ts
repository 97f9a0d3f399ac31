import fc from 'fast-check';
import { Packr } from 'msgpackr/pack';
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../src/codec/index.ts';
import { HEAD, TAG } from '../../src/codec/tags.ts';
import { ParError } from '../../src/errors.ts';

/** Decodes what is not from `encode`: any value may come out, but nothing other than PAR_PROTOCOL may be thrown. */
function survive(segments: Uint8Array[]): void {
  try {
    decode(segments);
  } catch (error) {
    expect(error).toBeInstanceOf(ParError);
    expect((error as ParError).code).toBe('PAR_PROTOCOL');
  }
}

function tree(value: unknown): Uint8Array {
  const packed = new Packr({ useRecords: false, variableMapSize: true }).pack(value);
  const head = Buffer.alloc(5 + packed.length);
  head[0] = HEAD.TREE;
  head.writeUInt32LE(packed.length, 1);
  head.set(packed, 5);
  return head;
}

const RICH = {
  list: [null, -0, 2n ** 70n, 'x', '\ud800'],
  map: new Map<unknown, unknown>([[new Date(0), new Set([/x/g])]]),
  error: new AggregateError([new TypeError('y', { cause: 1 })], 'z'),
  small: new Float64Array(3),
  large: new Float64Array(600),
  rows: Array.from({ length: 20 }, (_, id) => ({ id, name: 'n' })),
};

describe('decode of garbage', () => {
  it('throws PAR_PROTOCOL or gives a value, for any bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 3 }), (segments) => survive(segments)),
      { numRuns: 1500 },
    );
  });

  it('throws PAR_PROTOCOL or gives a value, for any bytes behind each kind of head', () => {
    const kind = fc.constantFrom(...Object.values(HEAD));
    fc.assert(
      fc.property(kind, fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 40 }), (tag, rest, segment) => {
        const head = new Uint8Array(1 + rest.length);
        head[0] = tag;
        head.set(rest, 1);
        survive([head]);
        survive([head, segment]);
        if (tag !== HEAD.TREE || rest.length < 4) return;
        new DataView(head.buffer).setUint32(1, rest.length - 4, true);
        survive([head]);
      }),
      { numRuns: 2000 },
    );
  });

  it('throws PAR_PROTOCOL or gives a value, for any tree', () => {
    const tag = fc.constantFrom(...Object.values(TAG), 99);
    const leaf = fc.oneof(
      fc.constantFrom<unknown>(null, true, 'x', '__proto__', 'constructor', '(', 'ff', -1, 0.5, 2 ** 31, 1n),
      fc.nat(20),
    );
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 6, withCrossShrink: true },
        leaf,
        fc.tuple(tag, fc.array(tie('node'), { maxLength: 9 })).map(([t, rest]) => [null, t, ...rest]),
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('node'), { maxKeys: 3, noNullPrototype: true }),
      ),
    }));
    fc.assert(
      fc.property(fc.array(node, { maxLength: 5 }), fc.boolean(), (nodes, withSegment) => {
        survive(withSegment ? [tree(nodes), new Uint8Array(24)] : [tree(nodes)]);
        expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
      }),
      { numRuns: 2000 },
    );
  });

  it('throws PAR_PROTOCOL or gives a value, for any damage to a real message', () => {
    const segments = encode(RICH);
    const damage = fc.array(fc.tuple(fc.nat(segments[0]!.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.nat(segments[0]!.length), (changes, length) => {
        const head = segments[0]!.slice();
        for (const [at, byte] of changes) head[at] = byte;
        survive([head, ...segments.slice(1)]);
        survive([segments[0]!.slice(0, length), ...segments.slice(1)]);
      }),
      { numRuns: 1500 },
    );
  });

  it.each<[string, Uint8Array[]]>([
    ['nothing at all', []],
    ['an empty head', [new Uint8Array(0)]],
    ['an unknown head', [Uint8Array.of(77)]],
    ['bytes after a constant', [Uint8Array.of(HEAD.NULL, 0)]],
    ['half a number', [Uint8Array.of(HEAD.NUMBER, 1, 2)]],
    ['an array without its segment', [Uint8Array.of(HEAD.SEGMENT_ARRAY, 11)]],
    ['a segment of half an element', [Uint8Array.of(HEAD.SEGMENT_ARRAY, 11), new Uint8Array(7)]],
    ['an unknown array class', [Uint8Array.of(HEAD.INLINE_ARRAY, 200)]],
    ['a segment nobody asks for', [...encode({ a: 1 }), new Uint8Array(1)]],
    ['a segment no array of the tree asks for', [...encode({ a: new Date(0) }), new Uint8Array(1)]],
    ['a missing segment', [encode({ a: new Float64Array(1000) })[0]!]],
    ['an array of 2^32 - 1 elements', [Uint8Array.of(HEAD.MSGPACK, 0xdd, 0xff, 0xff, 0xff, 0xff)]],
    ['a string of 2^32 - 1 bytes', [Uint8Array.of(HEAD.MSGPACK, 0xdb, 0xff, 0xff, 0xff, 0xff)]],
    ['a map of 2^32 - 1 entries', [Uint8Array.of(HEAD.MSGPACK, 0xdf, 0xff, 0xff, 0xff, 0xff)]],
    ['arrays nested 100,000 deep', [Uint8Array.from([HEAD.MSGPACK, ...new Array(100_000).fill(0x91), 0xc0])]],
    ['a tree longer than the message', [Uint8Array.of(HEAD.TREE, 0xff, 0xff, 0xff, 0xff, 0x90)]],
    [
      'a reference to itself',
      [
        tree([
          [null, TAG.REFERENCE, 1],
          [null, TAG.REFERENCE, 1],
        ]),
      ],
    ],
    ['a reference beyond the table', [tree([[null, TAG.REFERENCE, 2], {}])]],
    ['an array beyond the head', [tree([[null, TAG.ARRAY, 1, [0, 1]]])]],
    ['an extension the codec lacks', [tree([[null, TAG.EXTENSION, 'future', 1]])]],
    ['an element beyond its sparse array', [tree([[null, TAG.SPARSE, 2, 5, 'x']])]],
  ])('throws PAR_PROTOCOL for %s', (_, segments) => {
    expect(() => decode(segments)).toThrow(expect.objectContaining({ code: 'PAR_PROTOCOL' }));
  });

  it('does not allocate what a small head only claims', () => {
    const before = process.memoryUsage().heapUsed;
    const claims = Array.from({ length: 100 }, () => decode([tree([[null, TAG.SPARSE, 30_000_000]])]));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(50e6);
    expect(claims).toHaveLength(100);
  });

  it('leaves the codec working', () => {
    survive([Uint8Array.from([HEAD.MSGPACK, ...new Array(100_000).fill(0x91)])]);
    expect(decode(encode({ fine: [1] }))).toEqual({ fine: [1] });
  });
});

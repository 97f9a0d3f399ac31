import { ELEMENT_KINDS, taggedArray } from './tagged.ts';

function cyclic(): unknown {
  const node: { name: string; self?: unknown; list: unknown[] } = { name: 'cycle', list: [] };
  node.self = node;
  node.list.push(node);
  return node;
}

const SCALARS: readonly unknown[] = [
  undefined,
  null,
  true,
  false,
  -7,
  0,
  -0,
  7,
  2 ** 31,
  2 ** 53 - 1,
  -(2 ** 53 - 1),
  2n ** 63n - 1n,
  -(2n ** 63n),
  2n ** 200n,
  -2.17,
  1.62,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.MIN_VALUE,
  '',
  'par',
  'zwölf Boxkämpfer \u{1F94A} \0 \uD800',
  new Date(86_400_000),
  /p(a)r+/giu,
];

/** Every kind of value a message may be, fresh on each call. */
export function payloads(): unknown[] {
  const arrays = ELEMENT_KINDS.map((type) => taggedArray(type, 5, 1, 2));
  const shared = new Float64Array(8).map((_, i) => i / 4);
  return [
    ...SCALARS,
    [],
    {},
    [...SCALARS],
    { nested: { deep: [{ a: 1, b: [undefined, null] }] }, empty: undefined },
    new Map<unknown, unknown>([
      ['a', 1],
      [{ key: 'object' }, new Set([1, 'two'])],
    ]),
    new Set<unknown>([1, 'two', null, [3]]),
    Object.assign(new RangeError('outer', { cause: new Error('inner') }), { code: 'E_OUTER' }),
    ...arrays,
    arrays,
    shared.subarray(2, 5),
    new ArrayBuffer(3),
    Buffer.from('bytes'),
    new DataView(new Uint8Array([1, 2, 3, 4, 5]).buffer, 1, 3),
    { weights: new Float32Array([1.5, -2.5]), labels: ['x'], more: [new Uint8Array(0), new BigInt64Array([5n])] },
    cyclic(),
  ];
}

/** What of an error a message carries; everything else of a value is compared as it is. */
export function comparable(value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  return { name: value.name, message: value.message, cause: comparable(value.cause), kind: value.constructor.name };
}

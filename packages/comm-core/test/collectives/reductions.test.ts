import { describe, expect, test } from 'vitest';
import { allgatherBruck, allgatherLinear } from '../../src/collectives/algorithms/allgather.ts';
import {
  allreduceByAllgather,
  allreduceRabenseifner,
  allreduceRecursiveDoubling,
  allreduceRing,
} from '../../src/collectives/algorithms/allreduce.ts';
import { reduceBinomial, reduceRabenseifner } from '../../src/collectives/algorithms/reduce.ts';
import {
  type Parts,
  reduceScatterOrdered,
  reduceScatterPairwise,
  reduceScatterRecursiveHalving,
} from '../../src/collectives/algorithms/reduce-scatter.ts';
import { scanLinear, scanPipelined, scanRecursiveDoubling } from '../../src/collectives/algorithms/scan.ts';
import { allreduceValue } from '../../src/collectives/allreduce.ts';
import { BufferBlocks } from '../../src/collectives/blocks.ts';
import type { Call } from '../../src/collectives/call.ts';
import { BufferReduction, bytesOf, copyElements, ValueReduction } from '../../src/collectives/reduction.ts';
import { toBufferView } from '../../src/datatype/index.ts';
import { type BufferOp, createOp, type ElementArray, MAXLOC, SUM } from '../../src/ops/index.ts';
import { generator, onEveryRank } from './late-network.ts';

const SIZES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 16];
const everyRank = (size: number) => Array.from({ length: size }, (_, rank) => rank);

/** Associative, not commutative: the map x → a·x + b after another, over integers modulo 97. */
type Affine = readonly [a: number, b: number];
const affine = ([a, b]: Affine, [c, d]: Affine): Affine => [(a * c) % 97, (c * b + d) % 97];
const affineOf = (rank: number): Affine => [2 + ((rank * 13) % 90), (rank * 29 + 5) % 97];

/** Two by two matrices with bigint entries. */
type Matrix = bigint[];
const matmul = (a: Matrix, b: Matrix): Matrix => [
  a[0]! * b[0]! + a[1]! * b[2]!,
  a[0]! * b[1]! + a[1]! * b[3]!,
  a[2]! * b[0]! + a[3]! * b[2]!,
  a[2]! * b[1]! + a[3]! * b[3]!,
];

/** The same map packed in one number, so that buffers of any element type wide enough can hold it. */
const packedAffine = createOp<number>((x, y) => {
  const [a, b] = affine([Math.floor(x / 97), x % 97], [Math.floor(y / 97), y % 97]);
  return a * 97 + b;
});
const packedOf = (rank: number, i: number) => {
  const [a, b] = affineOf(rank * 5 + i);
  return a * 97 + b;
};

interface Ordered {
  readonly name: string;
  readonly fn: (a: never, b: never) => unknown;
  of(rank: number): unknown;
}
const ORDERED: Ordered[] = [
  { name: 'strings', fn: (a: string, b: string) => a + b, of: (rank) => `[${rank}]` },
  { name: 'affine maps', fn: affine as never, of: affineOf },
  {
    name: 'lists, by a function that changes its first argument',
    fn: ((a: number[], b: number[]) => {
      a.push(...b);
      return a;
    }) as never,
    of: (rank) => [rank],
  },
  {
    name: 'lists, by a function that changes its second argument',
    fn: ((a: number[], b: number[]) => {
      b.unshift(...a);
      return b;
    }) as never,
    of: (rank) => [rank],
  },
  { name: 'matrices', fn: matmul as never, of: (rank) => [1n, BigInt(rank), BigInt(rank % 3), 2n] },
];

describe.each(ORDERED)('$name, which do not commute, are combined in rank order by', ({ fn, of }) => {
  const op = createOp(fn as (a: unknown, b: unknown) => unknown);
  const fold = (ranks: number[]) => ranks.map(of).reduce(op.combine);

  test('reduce binomial, for each root', async () => {
    for (const size of SIZES) {
      for (const root of everyRank(size)) {
        const results = await onEveryRank(size, (call) =>
          reduceBinomial(call, new ValueReduction(call, op), of(call.rank), root),
        );
        everyRank(size).forEach((rank) => {
          expect(results[rank]).toEqual(rank === root ? fold(everyRank(size)) : undefined);
        });
      }
    }
  });

  test.each(['allgather', 'recursive-doubling'] as const)('allreduce %s', async (algorithm) => {
    for (const size of SIZES) {
      const results = await onEveryRank(size, (call) =>
        allreduceValue(call, new ValueReduction(call, op), of(call.rank), algorithm),
      );
      for (const result of results) expect(result).toEqual(fold(everyRank(size)));
    }
  });

  test.each([
    ['linear', scanLinear],
    ['recursive doubling', scanRecursiveDoubling],
  ])('scan and exscan %s', async (_, algorithm) => {
    for (const size of SIZES) {
      for (const exclusive of [false, true]) {
        const results = await onEveryRank(size, (call) =>
          algorithm<unknown>(call, new ValueReduction(call, op), of(call.rank), exclusive),
        );
        everyRank(size).forEach((rank) => {
          const before = everyRank(exclusive ? rank : rank + 1);
          expect(results[rank]).toEqual(before.length === 0 ? undefined : fold(before));
        });
      }
    }
  });
});

type OnBuffers = (call: Call, r: BufferReduction, root: number) => Promise<ElementArray | undefined>;
const byAllgather =
  (allgather: typeof allgatherLinear): OnBuffers =>
  (call, r) => {
    const { length } = r.input;
    const all = r.allocate(length * call.size);
    const operand = (rank: number) => all.subarray(rank * length, (rank + 1) * length);
    copyElements(r.input, operand(call.rank));
    const blocks = new BufferBlocks(
      call,
      r.type,
      everyRank(call.size).map((rank) => bytesOf(operand(rank))),
    );
    return allreduceByAllgather(call, r, blocks, operand, allgather);
  };

const REDUCES: [string, OnBuffers][] = [
  ['reduce binomial', (call, r, root) => reduceBinomial(call, r, r.input, root)],
  ['reduce Rabenseifner', reduceRabenseifner],
];
const ALLREDUCES: [string, OnBuffers][] = [
  ['allreduce allgather linear', byAllgather(allgatherLinear)],
  ['allreduce allgather Bruck', byAllgather(allgatherBruck)],
  ['allreduce recursive doubling', (call, r) => allreduceRecursiveDoubling(call, r, r.input)],
  ['allreduce Rabenseifner', allreduceRabenseifner],
];
const RING: [string, OnBuffers] = ['allreduce ring', (call, r) => allreduceRing(call, r, 16)];

/** Runs a reduction of `lengths` elements per rank; returns each rank's receive buffer and checks that inputs are intact. */
async function reduceBuffers<E extends ElementArray>(
  size: number,
  root: number,
  op: BufferOp,
  make: (rank: number) => E,
  run: OnBuffers,
  { inPlace = false, receives = () => true }: { inPlace?: boolean; receives?: (rank: number) => boolean } = {},
): Promise<(E | undefined)[]> {
  return onEveryRank(size, async (call) => {
    const input = make(call.rank);
    const original = input.slice() as E;
    const home = receives(call.rank) ? (inPlace ? input : (input.slice().fill(0 as never) as E)) : undefined;
    const view = toBufferView(input, 'test');
    const r = new BufferReduction(call, op, view, home && (home === input ? view : toBufferView(home, 'test')));
    const result = await run(call, r, root);
    if (result !== undefined) r.deliver(result);
    if (home !== input) expect(input).toEqual(original);
    return result === undefined ? undefined : home;
  });
}

describe.each([...REDUCES, ...ALLREDUCES])('%s', (name, run) => {
  const everywhere = name.startsWith('all');
  test('combines elements in rank order, for each root and length, in place and not', async () => {
    for (const size of SIZES) {
      for (const root of everywhere ? [0] : everyRank(size)) {
        for (const length of [0, 1, 3, 21]) {
          for (const inPlace of [false, true]) {
            const make = (rank: number) => Float64Array.from({ length }, (_, i) => packedOf(rank, i));
            const receives = (rank: number) => everywhere || rank === root;
            const results = await reduceBuffers(size, root, packedAffine, make, run, { inPlace, receives });
            const expected = make(0).map((_, i) =>
              everyRank(size)
                .map((rank) => packedOf(rank, i))
                .reduce(packedAffine.combine),
            );
            everyRank(size).forEach((rank) => {
              expect(results[rank]).toEqual(receives(rank) ? expected : undefined);
            });
          }
        }
      }
    }
  });
});

describe.each([...ALLREDUCES, RING])('%s', (_, run) => {
  test('gives the same bits on every rank although floating-point sums depend on their order', async () => {
    for (const size of SIZES) {
      for (const length of [0, 1, 5, 40]) {
        for (const inPlace of [false, true]) {
          const make = (rank: number) => {
            const random = generator(rank * 1000 + length);
            return Float64Array.from({ length }, () => (random() - 0.5) * 10 ** Math.floor(random() * 30));
          };
          const results = await reduceBuffers(size, 0, SUM, make, run, { inPlace });
          const bits = results.map((result) => new BigUint64Array(result!.buffer));
          for (const other of bits) expect(other).toEqual(bits[0]);
          const exact = make(0).map((__, i) => everyRank(size).reduce((sum, rank) => sum + make(rank)[i]!, 0));
          exact.forEach((sum, i) => {
            const scale = everyRank(size).reduce((most, rank) => Math.max(most, Math.abs(make(rank)[i]!)), 0);
            expect(Math.abs(results[0]![i]! - sum)).toBeLessThanOrEqual(scale * 1e-14);
          });
        }
      }
    }
  });

  test('keeps value and index of MAXLOC together', async () => {
    for (const size of SIZES) {
      const make = (rank: number) =>
        Int32Array.from({ length: 14 }, (__, i) => (i % 2 === 0 ? (rank * 5 + i) % 7 : rank));
      const results = await reduceBuffers(size, 0, MAXLOC, make, run);
      const expected = Array.from({ length: 7 }, (__, i) =>
        everyRank(size)
          .map((rank) => [make(rank)[2 * i]!, rank] as const)
          .reduce((a, b) => (b[0] > a[0] ? b : a)),
      ).flat();
      for (const result of results) expect([...result!]).toEqual(expected);
    }
  });
});

type ReduceScatter = (call: Call, parts: Parts) => Promise<ElementArray>;
const REDUCE_SCATTERS: [string, ReduceScatter, boolean][] = [
  ['recursive halving', reduceScatterRecursiveHalving, true],
  ['ordered', reduceScatterOrdered, true],
  ['pairwise', reduceScatterPairwise, false],
];
test.each(REDUCE_SCATTERS)('reduce-scatter %s gives each rank its part, of uneven counts', async (_, run, ordered) => {
  const op: BufferOp = ordered ? packedAffine : SUM;
  const combine = ordered ? packedAffine.combine : (a: number, b: number) => a + b;
  for (const size of SIZES) {
    for (const counts of [everyRank(size).map((rank) => (rank * 3) % 4), everyRank(size).map(() => 2)]) {
      const starts = counts.map((__, rank) => counts.slice(0, rank).reduce((a, b) => a + b, 0));
      const total = counts.reduce((a, b) => a + b, 0);
      const make = (rank: number) => Int32Array.from({ length: total }, (__, i) => packedOf(rank, i));
      const results = await onEveryRank(size, async (call) => {
        const input = make(call.rank);
        const blocks = counts.map((count, i) => input.subarray(starts[i]!, starts[i]! + count));
        const result = await run(call, { input: toBufferView(input, 'test'), op, blocks });
        expect(input).toEqual(make(call.rank));
        return [...result];
      });
      results.forEach((result, rank) => {
        const expected = Array.from({ length: counts[rank]! }, (__, i) =>
          everyRank(size)
            .map((source) => packedOf(source, starts[rank]! + i))
            .reduce(combine),
        );
        expect(result).toEqual(expected);
      });
    }
  }
});

test.each([
  ['linear', (call: Call, r: BufferReduction, exclusive: boolean) => scanLinear(call, r, r.input, exclusive)],
  [
    'recursive doubling',
    (call: Call, r: BufferReduction, exclusive: boolean) => scanRecursiveDoubling(call, r, r.input, exclusive),
  ],
  ['pipelined', (call: Call, r: BufferReduction, exclusive: boolean) => scanPipelined(call, r, exclusive, 32)],
])('scan and exscan %s combine elements in rank order', async (_, run) => {
  for (const size of SIZES) {
    for (const exclusive of [false, true]) {
      for (const length of [0, 1, 19]) {
        const make = (rank: number) => Float64Array.from({ length }, (__, i) => packedOf(rank, i));
        const results = await onEveryRank(size, async (call) => {
          const input = make(call.rank);
          const r = new BufferReduction(call, packedAffine, toBufferView(input, 'test'));
          const result = await run(call, r, exclusive);
          expect(input).toEqual(make(call.rank));
          return result && [...result];
        });
        results.forEach((result, rank) => {
          const before = everyRank(exclusive ? rank : rank + 1);
          const expected = Array.from(make(0), (__, i) =>
            before.map((source) => packedOf(source, i)).reduce(packedAffine.combine, 97),
          );
          expect(result).toEqual(before.length === 0 ? undefined : expected);
        });
      }
    }
  }
});

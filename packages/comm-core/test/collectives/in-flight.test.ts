import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as collectives from '../../src/collectives/index.ts';
import type { CollectiveHost } from '../../src/comm/host.ts';
import { createOp, MAX, SUM } from '../../src/ops/index.ts';
import { generator, LateNetwork, worldOn } from './late-network.ts';

const everyRank = (size: number) => Array.from({ length: size }, (_, rank) => rank);
const join = createOp((a: string, b: string) => a + b);

/** One collective: what each rank calls, and what it must get. `n` makes the calls of one program differ. */
interface Step {
  readonly name: string;
  call(host: CollectiveHost, n: number): Promise<unknown>;
  expected(rank: number, size: number, n: number): unknown;
}

const text = (rank: number, n: number) => `${n}:${rank};`;
const rootOf = (size: number, n: number) => n % size;
const joined = (ranks: number[], n: number) => ranks.map((rank) => text(rank, n)).join('');
const atRoot = (rank: number, size: number, n: number, value: unknown) =>
  rank === rootOf(size, n) ? value : undefined;

const STEPS: Step[] = [
  { name: 'barrier', call: (host) => collectives.barrier(host), expected: () => undefined },
  {
    name: 'bcast',
    call: (host, n) => collectives.bcast(host, text(host.context.rank, n), { root: rootOf(host.context.size, n) }),
    expected: (_, size, n) => text(rootOf(size, n), n),
  },
  {
    name: 'bcastInto',
    call: async (host, n) => {
      const { rank, size } = host.context;
      const root = rootOf(size, n);
      const buffer = Float32Array.from({ length: n % 50 }, (_, i) => (rank === root ? n + i : -1));
      await collectives.bcastInto(host, buffer, { root });
      return buffer;
    },
    expected: (_, __, n) => Float32Array.from({ length: n % 50 }, (___, i) => n + i),
  },
  {
    name: 'gather',
    call: (host, n) => collectives.gather(host, text(host.context.rank, n), { root: rootOf(host.context.size, n) }),
    expected: (rank, size, n) =>
      atRoot(
        rank,
        size,
        n,
        everyRank(size).map((r) => text(r, n)),
      ),
  },
  {
    name: 'scatter',
    call: (host, n) => {
      const { rank, size } = host.context;
      const root = rootOf(size, n);
      return collectives.scatter(host, rank === root ? everyRank(size).map((r) => text(r, n)) : undefined, { root });
    },
    expected: (rank, _, n) => text(rank, n),
  },
  {
    name: 'allgather',
    call: (host, n) => collectives.allgather(host, { from: host.context.rank, data: new Int16Array(n % 9).fill(n) }),
    expected: (_, size, n) => everyRank(size).map((from) => ({ from, data: new Int16Array(n % 9).fill(n) })),
  },
  {
    name: 'alltoall',
    call: (host, n) =>
      collectives.alltoall(
        host,
        everyRank(host.context.size).map((dest) => [host.context.rank, dest, n]),
      ),
    expected: (rank, size, n) => everyRank(size).map((source) => [source, rank, n]),
  },
  {
    name: 'alltoallInto',
    call: async (host, n) => {
      const { rank, size } = host.context;
      const recv = new Int32Array(size * 2);
      const send = Int32Array.from({ length: size * 2 }, (_, i) => rank * 1000 + (i >> 1) * 10 + (n % 10));
      await collectives.alltoallInto(host, send, recv);
      return recv;
    },
    expected: (rank, size, n) =>
      Int32Array.from({ length: size * 2 }, (_, i) => (i >> 1) * 1000 + rank * 10 + (n % 10)),
  },
  {
    name: 'reduce',
    call: (host, n) =>
      collectives.reduce(host, text(host.context.rank, n), join, { root: rootOf(host.context.size, n) }),
    expected: (rank, size, n) => atRoot(rank, size, n, joined(everyRank(size), n)),
  },
  {
    name: 'allreduce',
    call: (host, n) => collectives.allreduce(host, text(host.context.rank, n), join),
    expected: (_, size, n) => joined(everyRank(size), n),
  },
  {
    name: 'allreduceInto',
    call: async (host, n) => {
      const recv = new Int32Array(n % 40);
      await collectives.allreduceInto(
        host,
        Int32Array.from(recv, (_, i) => host.context.rank * n + i),
        recv,
        SUM,
      );
      return recv;
    },
    expected: (_, size, n) =>
      Int32Array.from({ length: n % 40 }, (__, i) => everyRank(size).reduce((sum, rank) => sum + rank * n + i, 0)),
  },
  {
    name: 'reduceScatter',
    call: (host, n) =>
      collectives.reduceScatter(
        host,
        everyRank(host.context.size).map((dest) => text(host.context.rank, n * 10 + dest)),
        join,
      ),
    expected: (rank, size, n) => joined(everyRank(size), n * 10 + rank),
  },
  {
    name: 'scan',
    call: (host, n) => collectives.scan(host, text(host.context.rank, n), join),
    expected: (rank, _, n) => joined(everyRank(rank + 1), n),
  },
  {
    name: 'exscan',
    call: (host, n) => collectives.exscan(host, host.context.rank + n, MAX),
    expected: (rank, _, n) => (rank === 0 ? undefined : rank - 1 + n),
  },
];

const programs = fc.record({
  size: fc.integer({ min: 1, max: 10 }),
  steps: fc.array(fc.tuple(fc.nat(STEPS.length - 1), fc.nat(999)), { minLength: 1, maxLength: 12 }),
  seed: fc.integer(),
});

test('any collectives may be in flight at once, each rank awaiting them in an order of its own', {
  timeout: 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(programs, async ({ size, steps, seed }) => {
      const network = new LateNetwork(seed);
      await Promise.all(
        worldOn(network, size).map(async (host) => {
          const { rank } = host.context;
          const random = generator(seed + rank);
          const running = steps.map(([step, n]) => STEPS[step]!.call(host, n));
          const order = steps.map((_, i) => i).sort(() => random() - 0.5);
          for (const i of order) {
            const [step, n] = steps[i]!;
            expect(await running[i]).toEqual(STEPS[step]!.expected(rank, size, n));
          }
        }),
      );
      expect(network.leftovers()).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test('every collective alone, at every size up to 9 and 16', async () => {
  for (const size of [1, 2, 3, 4, 5, 6, 7, 8, 9, 16]) {
    for (const step of STEPS) {
      const network = new LateNetwork(size);
      const results = await Promise.all(worldOn(network, size).map((host) => step.call(host, 37)));
      results.forEach((result, rank) => {
        expect(result, step.name).toEqual(step.expected(rank, size, 37));
      });
      expect(network.leftovers()).toBe(0);
    }
  }
});

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type * as Collectives from '../../src/collectives/index.ts';
import type { CollectiveHost } from '../../src/comm/host.ts';
import { createOp, MAX, SUM } from '../../src/ops/index.ts';
import { groupsOn, LateNetwork, worldOn } from './late-network.ts';

let collectives: typeof Collectives;

beforeEach(async () => {
  vi.stubEnv('PAR_DEBUG', '1');
  vi.resetModules();
  collectives = await import('../../src/collectives/index.ts');
});
afterEach(() => vi.unstubAllEnvs());

const f64 = (length: number) => new Float64Array(length);

type Differing = [
  what: string,
  called: [string, string],
  call: (host: CollectiveHost, odd: boolean) => Promise<unknown>,
];
const DIFFERENCES: Differing[] = [
  [
    'another collective',
    ['allreduce(op SUM)', 'barrier()'],
    (host, odd) => (odd ? collectives.barrier(host) : collectives.allreduce(host, 1, SUM)),
  ],
  [
    'values instead of buffers',
    ['bcastInto(root 0, float64 × 2)', 'bcast(root 0)'],
    (host, odd) => (odd ? collectives.bcast(host, 1) : collectives.bcastInto(host, f64(2))),
  ],
  [
    'another root',
    ['gather(root 0)', 'gather(root 1)'],
    (host, odd) => collectives.gather(host, 1, { root: odd ? 1 : 0 }),
  ],
  [
    'another op',
    ['reduce(root 0, op SUM)', 'reduce(root 0, op MAX)'],
    (host, odd) => collectives.reduce(host, 1, odd ? MAX : SUM),
  ],
  [
    'another user op',
    ['scan(op join)', 'scan(op user)'],
    (host, odd) =>
      collectives.scan(
        host,
        'a',
        odd
          ? createOp((a: string) => a, { name: 'user' })
          : createOp((a: string, b: string) => a + b, { name: 'join' }),
      ),
  ],
  [
    'another element type',
    ['allreduceInto(op SUM, float64 × 2)', 'allreduceInto(op SUM, int32 × 2)'],
    (host, odd) =>
      odd
        ? collectives.allreduceInto(host, new Int32Array(2), new Int32Array(2), SUM)
        : collectives.allreduceInto(host, f64(2), f64(2), SUM),
  ],
  [
    'another element type of the same width',
    ['scanInto(op SUM, float32 × 2)', 'scanInto(op SUM, int32 × 2)'],
    (host, odd) => {
      const array = () => (odd ? new Int32Array(2) : new Float32Array(2));
      return collectives.scanInto(host, array(), array(), SUM);
    },
  ],
  [
    'another length',
    ['bcastInto(root 0, float64 × 2)', 'bcastInto(root 0, float64 × 3)'],
    (host, odd) => collectives.bcastInto(host, f64(odd ? 3 : 2)),
  ],
  [
    'other counts',
    ['allgatherInto(float64, counts [0,0,2,0,0])', 'allgatherInto(float64, counts [0,0,3,0,0])'],
    (host, odd) =>
      collectives.allgatherInto(host, f64(host.context.rank === 2 ? (odd ? 3 : 2) : 0), f64(9), {
        counts: [0, 0, odd ? 3 : 2, 0, 0],
      }),
  ],
];

describe('with PAR_DEBUG=1 every rank is told who called what when one rank calls', () => {
  test.each(DIFFERENCES)('%s', async (_, [usual, odd], call) => {
    const world = worldOn(new LateNetwork(), 5);
    for (const differing of [0, 2, 4]) {
      const results = await Promise.allSettled(world.map((host, rank) => call(host, rank === differing)));
      const others = [0, 1, 2, 3, 4].filter((rank) => rank !== differing).join(', ');
      for (const result of results) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'PAR_MISMATCH' } });
        const { message } = (result as PromiseRejectedResult).reason as Error;
        expect(message).toContain(`rank ${differing} called ${odd}`);
        expect(message).toContain(`ranks ${others} called ${usual}`);
      }
      // The communicator is none the worse for it.
      const sums = await Promise.all(world.map((host) => collectives.allreduce(host, 1, SUM)));
      expect(sums).toEqual([5, 5, 5, 5, 5]);
    }
  });
});

test('with PAR_DEBUG=1 collectives that agree give their results', async () => {
  for (const size of [1, 2, 3, 8]) {
    const network = new LateNetwork(size);
    await Promise.all(
      worldOn(network, size).map(async (host, rank) => {
        await collectives.barrier(host);
        const gathered = await collectives.gather(host, rank, { root: size - 1 });
        expect(gathered).toEqual(rank === size - 1 ? Array.from({ length: size }, (_, r) => r) : undefined);
        const buffer = f64(rank + 1);
        const recv = rank === 0 ? f64((size * (size + 1)) / 2) : undefined;
        const counts = Array.from({ length: size }, (_, r) => r + 1);
        await collectives.gatherInto(host, buffer, recv, rank === 0 ? { counts } : {});
        const bytes = rank % 2 === 0 ? f64(4) : new ArrayBuffer(32);
        await collectives.bcastInto(host, bytes);
        expect(await collectives.exscan(host, 1, SUM)).toBe(rank === 0 ? undefined : rank);
      }),
    );
    expect(network.leftovers()).toBe(0);
  }
});

test('with PAR_DEBUG=1 two groups that call different collectives are told', async () => {
  const [left, right] = groupsOn(new LateNetwork(), 2, 3);
  const results = await Promise.allSettled([
    ...left.map((host) => collectives.allreduce(host, 1, SUM)),
    ...right.map((host) => collectives.allreduce(host, 1, MAX)),
  ]);
  for (const result of results) expect(result).toMatchObject({ reason: { code: 'PAR_MISMATCH' } });
  const agreed = [...left, ...right].map((host) => collectives.allreduce(host, 1, SUM));
  expect(await Promise.all(agreed)).toEqual([3, 3, 2, 2, 2]);
});

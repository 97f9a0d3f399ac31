import { describe, expect, test } from 'vitest';
import * as collectives from '../../src/collectives/index.ts';
import type { CollectiveHost } from '../../src/comm/host.ts';
import { IN_PLACE } from '../../src/constants.ts';
import { ArgumentRangeError, ArgumentTypeError } from '../../src/errors.ts';
import { BAND, MAXLOC, SUM } from '../../src/ops/index.ts';
import { LateNetwork, worldOn } from './late-network.ts';

const SIZE = 3;
const f64 = (length: number) => new Float64Array(length);
type Bad = [what: string, code: string, call: (host: CollectiveHost) => Promise<unknown>];

const roots: Bad[] = [-SIZE, -1, SIZE, 0.5, Number.NaN].flatMap((root) =>
  Object.entries({
    bcast: (host: CollectiveHost) => collectives.bcast(host, 1, { root }),
    bcastInto: (host: CollectiveHost) => collectives.bcastInto(host, f64(1), { root }),
    gather: (host: CollectiveHost) => collectives.gather(host, 1, { root }),
    gatherInto: (host: CollectiveHost) => collectives.gatherInto(host, f64(1), f64(SIZE), { root }),
    scatter: (host: CollectiveHost) => collectives.scatter(host, [1, 2, 3], { root }),
    scatterInto: (host: CollectiveHost) => collectives.scatterInto(host, f64(SIZE), f64(1), { root }),
    reduce: (host: CollectiveHost) => collectives.reduce(host, 1, SUM, { root }),
    reduceInto: (host: CollectiveHost) => collectives.reduceInto(host, f64(1), f64(1), SUM, { root }),
  }).map(([name, call]): Bad => [`${name} with root ${root}`, 'PAR_RANK', call]),
);

const atRoot = (host: CollectiveHost) => ({ root: host.context.rank });
const others: Bad[] = [
  ['scatter of too few values', 'PAR_COUNT', (host) => collectives.scatter(host, [1, 2], atRoot(host))],
  ['scatter of nothing', 'PAR_COUNT', (host) => collectives.scatter(host, undefined, atRoot(host))],
  ['alltoall of too many values', 'PAR_COUNT', (host) => collectives.alltoall(host, [1, 2, 3, 4])],
  ['reduceScatter of too few values', 'PAR_COUNT', (host) => collectives.reduceScatter(host, [1, 2], SUM)],
  ['too few counts', 'PAR_COUNT', (host) => collectives.allgatherInto(host, f64(1), f64(3), { counts: [1, 1] })],
  ['a negative count', 'PAR_COUNT', (host) => collectives.allgatherInto(host, f64(1), f64(3), { counts: [1, 1, -1] })],
  [
    'blocks outside the buffer',
    'PAR_COUNT',
    (host) => collectives.allgatherInto(host, f64(1), f64(3), { counts: 1, displs: 2 }),
  ],
  ['a send buffer that is not the count', 'PAR_COUNT', (host) => collectives.allgatherInto(host, f64(2), f64(3))],
  [
    'a buffer the ranks cannot share equally',
    'PAR_COUNT',
    (host) => collectives.gatherInto(host, f64(1), f64(4), atRoot(host)),
  ],
  ['alltoallInto of indivisible buffers', 'PAR_COUNT', (host) => collectives.alltoallInto(host, f64(4), f64(4))],
  [
    'sendCounts outside the buffer',
    'PAR_COUNT',
    (host) => collectives.alltoallInto(host, f64(3), f64(3), { sendCounts: [2, 2, 2], recvCounts: [1, 1, 1] }),
  ],
  ['blocks for itself of two lengths', 'PAR_MISMATCH', (host) => collectives.alltoallInto(host, f64(6), f64(3))],
  [
    'counts that do not cover the input',
    'PAR_COUNT',
    (host) => collectives.reduceScatterInto(host, f64(4), f64(2), SUM, { counts: [1, 1, 1] }),
  ],
  [
    'a receive buffer too short for its part',
    'PAR_BUFFER',
    (host) => collectives.reduceScatterInto(host, f64(6), f64(1), SUM),
  ],
  [
    'a receive buffer too short for the result',
    'PAR_BUFFER',
    (host) => collectives.allreduceInto(host, f64(3), f64(2), SUM),
  ],
  [
    'a receive buffer too short for the root’s own block',
    'PAR_BUFFER',
    (host) => collectives.scatterInto(host, f64(6), f64(1), atRoot(host)),
  ],
  [
    'element types that differ',
    'PAR_BUFFER',
    (host) => collectives.allreduceInto(host, f64(2), new Float32Array(2), SUM),
  ],
  [
    'element types that differ, moved',
    'PAR_BUFFER',
    (host) => collectives.allgatherInto(host, f64(1), new Float32Array(3)),
  ],
  [
    'no receive buffer at the root',
    'PAR_BUFFER',
    (host) => collectives.reduceInto(host, f64(1), undefined, SUM, atRoot(host)),
  ],
  [
    'no send buffer at the root',
    'PAR_BUFFER',
    (host) => collectives.scatterInto(host, undefined, f64(1), atRoot(host)),
  ],
  ['IN_PLACE twice', 'PAR_BUFFER', (host) => collectives.allreduceInto(host, IN_PLACE, IN_PLACE as never, SUM)],
  [
    'IN_PLACE on a rank that is not the root',
    'PAR_BUFFER',
    (host) => collectives.gatherInto(host, IN_PLACE, undefined, { root: (host.context.rank + 1) % SIZE }),
  ],
  ['a string as buffer', 'PAR_BUFFER', (host) => collectives.bcastInto(host, 'text' as never)],
  ['no op', 'PAR_OP', (host) => collectives.allreduce(host, 1, undefined as never)],
  ['no op on buffers', 'PAR_OP', (host) => collectives.scanInto(host, f64(1), f64(1), 'SUM' as never)],
  ['bits of floats', 'PAR_OP', (host) => collectives.allreduceInto(host, f64(1), f64(1), BAND)],
  [
    'a sum of raw bytes',
    'PAR_OP',
    (host) => collectives.allreduceInto(host, new ArrayBuffer(8), new ArrayBuffer(8), SUM),
  ],
  ['half a pair', 'PAR_COUNT', (host) => collectives.allreduceInto(host, f64(3), f64(3), MAXLOC)],
  [
    'half a pair for each rank',
    'PAR_COUNT',
    (host) => collectives.reduceScatterInto(host, f64(6), f64(3), MAXLOC, { counts: [1, 3, 2] }),
  ],
];

describe('refused before anything is sent', () => {
  test.each([...roots, ...others])('%s: %s', async (_, code, call) => {
    const network = new LateNetwork();
    const world = worldOn(network, SIZE);
    for (const host of world) {
      const error = await call(host).catch((reason: unknown) => reason);
      expect(error).toMatchObject({ code });
      if (code !== 'PAR_MISMATCH') {
        expect(error instanceof ArgumentRangeError || error instanceof ArgumentTypeError).toBe(true);
      }
      expect((error as Error).message).toContain('on world, rank');
    }
    expect(network.messages).toBe(0);
    // The ranks are still in step.
    const sums = await Promise.all(world.map((host) => collectives.allreduce(host, 1, SUM)));
    expect(sums).toEqual([3, 3, 3]);
  });
});

test('a rank that refuses its own call stays in step with the others', async () => {
  const [first, ...rest] = worldOn(new LateNetwork(), SIZE);
  await expect(collectives.bcast(first!, 1, { root: 9 })).rejects.toMatchObject({ code: 'PAR_RANK' });
  const stuck = new AbortController();
  const waiting = rest.map((host) => collectives.bcast(host, 1, { root: 0, signal: stuck.signal }));
  const sums = await Promise.all([first!, ...rest].map((host) => collectives.allreduce(host, 2, SUM)));
  expect(sums).toEqual([6, 6, 6]);
  stuck.abort();
  for (const wait of waiting) await expect(wait).rejects.toMatchObject({ code: 'PAR_CANCELLED' });
});

const lonely: [string, (host: CollectiveHost, signal: AbortSignal) => Promise<unknown>][] = [
  ['barrier', (host, signal) => collectives.barrier(host, { signal })],
  ['bcast', (host, signal) => collectives.bcast(host, 1, { root: 1, signal })],
  ['bcastInto', (host, signal) => collectives.bcastInto(host, f64(1), { root: 1, signal })],
  ['gather', (host, signal) => collectives.gather(host, 1, { signal })],
  ['gatherInto', (host, signal) => collectives.gatherInto(host, f64(1), f64(SIZE), { signal })],
  ['scatter', (host, signal) => collectives.scatter(host, undefined, { root: 1, signal })],
  ['allgather', (host, signal) => collectives.allgather(host, 1, { signal })],
  ['allgatherInto', (host, signal) => collectives.allgatherInto(host, f64(1), f64(SIZE), { signal })],
  ['alltoall', (host, signal) => collectives.alltoall(host, [1, 2, 3], { signal })],
  ['alltoallInto', (host, signal) => collectives.alltoallInto(host, f64(SIZE), f64(SIZE), { signal })],
  ['reduce', (host, signal) => collectives.reduce(host, 1, SUM, { signal })],
  ['allreduce', (host, signal) => collectives.allreduce(host, 1, SUM, { signal })],
  ['allreduceInto', (host, signal) => collectives.allreduceInto(host, f64(99), f64(99), SUM, { signal })],
  [
    'allreduceInto of a large buffer',
    (host, signal) => collectives.allreduceInto(host, f64(2 ** 18), f64(2 ** 18), SUM, { signal }),
  ],
  ['reduceScatter', (host, signal) => collectives.reduceScatter(host, [1, 2, 3], SUM, { signal })],
  ['reduceScatterInto', (host, signal) => collectives.reduceScatterInto(host, f64(3), f64(1), SUM, { signal })],
];

describe('a signal ends the wait for ranks that never come', () => {
  test.each(lonely)('%s', async (_, call) => {
    const [host] = worldOn(new LateNetwork(), SIZE);
    await expect(call(host!, AbortSignal.timeout(5))).rejects.toMatchObject({
      code: 'PAR_TIMEOUT',
      name: 'TimeoutError',
    });
    await expect(call(host!, AbortSignal.abort('enough'))).rejects.toMatchObject({
      code: 'PAR_CANCELLED',
      cause: 'enough',
    });
  });
});

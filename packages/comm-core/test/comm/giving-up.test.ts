import { describe, expect, it } from 'vitest';
import { type Communicator, SUM } from '../../src/index.ts';
import { onRanks } from '../topology/on-ranks.ts';

/** Ways to ask for a communicator that needs rank 1's answer, on rank 0 of two. */
const calls: Record<string, (world: Communicator, signal: AbortSignal | undefined) => Promise<Communicator>> = {
  split: async (world, signal) => (await world.split({ color: 0, key: -world.rank, signal }))!,
  splitByHost: (world, signal) => world.splitByHost({ key: -world.rank, signal }),
  dup: async (world, signal) => world.dup({ signal }),
  create: async (world, signal) => (await world.create(world.group.include([1, 0]), { signal }))!,
  createFromGroup: (world, signal) => world.createFromGroup(world.group.include([1, 0]), { signal }),
  cartesian: async (world, signal) => (await world.cartesian([2], { signal }))!,
  graph: async (world, signal) => (await world.graph([1, 2], [1, 0], { signal }))!,
  distGraphAdjacent: (world, signal) => world.distGraphAdjacent([1 - world.rank], [1 - world.rank], { signal }),
  distGraph: (world, signal) => world.distGraph([world.rank], [1], [1 - world.rank], { signal }),
};
/** The first rank of the new communicator makes it up and waits for nobody; the other one does. */
const WAITS: Record<string, number> = { dup: 1, cartesian: 1, graph: 1 };

describe.each(Object.keys(calls))('%s', (name) => {
  const call = calls[name]!;

  it('stops waiting when its signal fires, and the ranks stay in step', async () => {
    const waiting = WAITS[name] ?? 0;
    const results = await onRanks(2, async (world) => {
      let code: unknown;
      if (world.rank === waiting) {
        const error = await call(world, AbortSignal.timeout(20)).catch((reason: unknown) => reason);
        code = (error as { code?: unknown }).code;
        await world.send('gave up', { dest: 1 - waiting });
      } else {
        await world.recv({ source: waiting });
        // The one that gave up takes part all the same: nobody hangs, what it has no more use for is its own affair.
        const made = await call(world, undefined);
        expect(made.size).toBe(2);
      }
      const next = await call(world, undefined);
      return { code, sum: await next.allreduce(world.rank + 1, SUM) };
    });
    expect(results.map(({ sum }) => sum)).toEqual([3, 3]);
    expect(results[waiting]!.code).toBe('PAR_TIMEOUT');
  });

  it('with a signal that has fired rejects with its reason as the cause', async () => {
    const reason = new Error('enough');
    const errors = await onRanks(2, async (world) => {
      const error = await call(world, AbortSignal.abort(reason)).catch((failure: unknown) => failure);
      await world.barrier();
      return error as Error & { code: string };
    });
    for (const error of errors) expect([error.code, error.cause]).toEqual(['PAR_CANCELLED', reason]);
  });
});

describe('intercommunicators', () => {
  it('stop waiting for the other group when the signal fires, and can be asked for again', async () => {
    const sizes = await onRanks(2, async (world) => {
      const mine = (await world.split({ color: world.rank }))!;
      const options = { localLeader: 0, bridge: world, remoteLeader: 1 - world.rank };
      if (world.rank === 0) {
        const signal = AbortSignal.timeout(20);
        await expect(mine.intercomm({ ...options, signal })).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
        await world.send('gave up', { dest: 1 });
      } else {
        await world.recv({ source: 0 });
        await mine.intercomm(options);
      }
      const between = await mine.intercomm(options);
      if (world.rank === 0) {
        const signal = AbortSignal.timeout(20);
        await expect(between.merge({ signal })).rejects.toMatchObject({ code: 'PAR_TIMEOUT' });
        await world.send('gave up', { dest: 1 });
      } else {
        await world.recv({ source: 0 });
        await between.merge();
      }
      const twin = await between.dup({ signal: AbortSignal.timeout(10_000) });
      return (await twin.merge()).size;
    });
    expect(sizes).toEqual([2, 2]);
  });
});

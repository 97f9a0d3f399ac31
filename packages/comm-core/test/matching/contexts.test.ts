import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryTransports } from '../../src/memory/index.ts';
import type { Context } from '../../src/transport/index.ts';
import { filled, HandNet } from './hand-link.ts';

/** Each rank sends its world rank to every rank of the context, in both planes, and checks what it gets. */
async function exchange(contexts: readonly Context[]): Promise<void> {
  await Promise.all(
    contexts.flatMap((context) =>
      [context, context.collective].map(async (space) => {
        const peers = context.remoteRanks ?? context.ranks;
        const mine = context.ranks[context.rank]!;
        const sends = peers.map((_, dest) => space.sendValue([filled(1, mine)], dest, 0, false));
        for (const [source, world] of peers.entries()) {
          const message = await space.recvValue(source, 0);
          expect([message.source, message.segments[0]![0]]).toEqual([source, world]);
        }
        await Promise.all(sends);
      }),
    ),
  );
}

test('derive gives the ranks in the order asked for, isolated from the parent', async () => {
  const worlds = memoryTransports(4).map(({ world }) => world);
  const order = [3, 1, 0];
  const contexts = await Promise.all(order.map((rank) => worlds[rank]!.derive(order)));
  expect(contexts.map(({ rank, size, ranks }) => [rank, size, ranks])).toEqual(order.map((_, i) => [i, 3, order]));
  await exchange(contexts);
  await contexts[0]!.sendValue([filled(1)], 1, 5, false);
  await contexts[1]!.probe(0, 5);
  expect(worlds[1]!.iprobe(-1, -1)).toBeUndefined();
  expect(contexts[1]!.collective.iprobe(-1, -1)).toBeUndefined();
}, 60_000);

test('contexts of overlapping groups, derived at once and from each other, never mix', async () => {
  const groups = fc.array(fc.uniqueArray(fc.nat(4), { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(groups, async (lists) => {
      const worlds = memoryTransports(5).map(({ world }) => world);
      const all = await Promise.all(
        lists.map((ranks) => Promise.all(ranks.map((rank) => worlds[rank]!.derive(ranks)))),
      );
      await Promise.all(all.map(exchange));
      const reversed = await Promise.all(
        all.map((contexts) => {
          const order = contexts.map(({ rank }) => rank).reverse();
          return Promise.all(order.map((rank) => contexts[rank]!.derive(order)));
        }),
      );
      await Promise.all([...all, ...reversed].map(exchange));
    }),
    { numRuns: 30 },
  );
}, 60_000);

test('messages for a context this rank has not made yet are kept', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const early = await a!.world.derive([0, 1]);
  const small = early.sendValue([filled(1, 4)], 1, 1, false);
  const large = early.sendValue([filled(100_000, 5)], 1, 2, false);
  net.drain();
  const deriving = b!.world.derive([0, 1]);
  const late = await deriving;
  expect((await late.recvValue(-1, -1)).segments[0]![0]).toBe(4);
  const receiving = late.recvValue(0, 2);
  net.drain();
  expect((await receiving).segments[0]![0]).toBe(5);
  await Promise.all([small, large]);
}, 60_000);

test('ranks that disagree about the members get a MismatchError', async () => {
  const worlds = memoryTransports(3).map(({ world }) => world);
  const leader = worlds[0]!.derive([0, 1]);
  await expect(worlds[1]!.derive([0, 1, 2])).rejects.toMatchObject({ code: 'PAR_MISMATCH' });
  await leader;
  await expect(worlds[2]!.derive([0, 1])).rejects.toMatchObject({ code: 'PAR_RANK' });
}, 60_000);

test('free rejects what is pending and what comes after; late messages are dropped and their senders told', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const contexts = [a!.world.derive([0, 1]), b!.world.derive([0, 1])];
  net.drain();
  const [x, y] = await Promise.all(contexts);
  const pending = [
    y!.recvValue(0, 1),
    y!.probe(-1, 1),
    y!.collective.recvValue(0, 1),
    y!.sendValue([filled(100_000)], 0, 0, false),
    y!.sendValue([filled(1)], 0, 0, true),
  ];
  const rejections = pending.map((wait) => expect(wait).rejects.toMatchObject({ code: 'PAR_FREED' }));
  void x!.sendValue([filled(1)], 1, 1, false);
  const refused = [x!.sendValue([filled(100_000)], 1, 2, false), x!.sendValue([filled(1)], 1, 2, true)];
  await y!.free();
  net.drain();
  await Promise.all(rejections);
  for (const send of refused) await expect(send).rejects.toMatchObject({ code: 'PAR_FREED' });
  await expect(y!.recvValue(0, 1)).rejects.toMatchObject({ code: 'PAR_FREED' });
  await expect(y!.sendValue([filled(1)], 0, 1, false)).rejects.toMatchObject({ code: 'PAR_FREED' });
  expect(() => y!.iprobe(0, 1)).toThrow('freed');
  expect(x!.iprobe(-1, -1)).toBeUndefined();
  expect([...a!.pending(), ...b!.pending()]).toEqual([]);
}, 60_000);

test('free lets a matched transfer end', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const contexts = [a!.world.derive([0, 1]), b!.world.derive([0, 1])];
  net.drain();
  const [x, y] = await Promise.all(contexts);
  const received = y!.recvValue(0, 0);
  const sent = x!.sendValue([filled(5_000_000)], 1, 0, false);
  net.step(0, 1);
  net.step(1, 0);
  await Promise.all([x!.free(), y!.free()]);
  await net.settle();
  expect((await received).bytes).toBe(5_000_000);
  await sent;
  for (const [rank, { world }] of net.transports.entries()) {
    expect(net.links[rank]!.waits.at(-1)).toBe(false);
    void world.recvValue(1 - rank, 0);
    expect(net.links[rank]!.waits.at(-1)).toBe(true);
  }
}, 60_000);

test('the world cannot be freed', async () => {
  const [a] = memoryTransports(1);
  await expect(a!.world.free()).rejects.toMatchObject({ code: 'PAR_ARGUMENT' });
}, 60_000);

async function intercontexts(localLeader = 1, remoteLeader = 0): Promise<{ even: Context[]; odd: Context[] }> {
  const worlds = memoryTransports(5).map(({ world }) => world);
  const evens = [0, 2, 4];
  const odds = [3, 1];
  const [even, odd] = await Promise.all(
    [evens, odds].map((ranks) => Promise.all(ranks.map((rank) => worlds[rank]!.derive(ranks)))),
  );
  const connect = (contexts: Context[], leader: number, remote: number): Promise<Context>[] =>
    contexts.map((context) =>
      context.connect(leader, context.rank === leader ? worlds[context.ranks[leader]!] : undefined, remote, 9),
    );
  const [e, o] = await Promise.all([
    Promise.all(connect(even!, localLeader, odds[remoteLeader]!)),
    Promise.all(connect(odd!, remoteLeader, evens[localLeader]!)),
  ]);
  return { even: e, odd: o };
}

test('connect joins two groups: ranks are those of the other group', async () => {
  const { even, odd } = await intercontexts();
  expect(even.map(({ rank, size, remoteRanks }) => [rank, size, remoteRanks])).toEqual(
    [0, 1, 2].map((rank) => [rank, 3, [3, 1]]),
  );
  expect(odd.map(({ rank, size, remoteRanks }) => [rank, size, remoteRanks])).toEqual(
    [0, 1].map((rank) => [rank, 2, [0, 2, 4]]),
  );
  await exchange([...even, ...odd]);
}, 60_000);

test('an intercontext is duplicated by derive', async () => {
  const { even, odd } = await intercontexts(2, 1);
  const copies = await Promise.all([...even, ...odd].map((context) => context.derive(context.ranks.map((_, i) => i))));
  await exchange(copies);
  await copies[0]!.sendValue([filled(1)], 1, 1, false);
  await copies[4]!.probe(0, 1);
  expect(odd[1]!.iprobe(-1, -1)).toBeUndefined();
}, 60_000);

test('merge puts the high group last, or the one with the lower leader first', async () => {
  for (const [evenHigh, oddHigh, expected] of [
    [false, true, [0, 2, 4, 3, 1]],
    [true, false, [3, 1, 0, 2, 4]],
    [false, false, [0, 2, 4, 3, 1]],
    [true, true, [0, 2, 4, 3, 1]],
  ] as const) {
    const { even, odd } = await intercontexts();
    const merged = await Promise.all([
      ...even.map((context) => context.merge(evenHigh)),
      ...odd.map((context) => context.merge(oddHigh)),
    ]);
    for (const context of merged) expect(context.ranks).toEqual(expected);
    await exchange(merged);
  }
}, 60_000);

test('a leader that cannot connect tells its group instead of leaving it waiting', async () => {
  const worlds = memoryTransports(3).map(({ world }) => world);
  const group = await Promise.all([0, 1].map((rank) => worlds[rank]!.derive([0, 1])));
  const connecting = group.map((context) => context.connect(0, undefined, 2, 0));
  for (const wait of connecting) await expect(wait).rejects.toMatchObject({ code: 'PAR_ARGUMENT' });
  const overlapping = [group[0]!.connect(0, worlds[0], 0, 0), group[1]!.connect(0, undefined, 0, 0)];
  await expect(overlapping[0]).rejects.toMatchObject({ code: 'PAR_RANK' });
  await expect(overlapping[1]).rejects.toMatchObject({ code: 'PAR_ARGUMENT' });
}, 60_000);

import { expect, test } from 'vitest';
import { memoryJob, memoryTransports } from '../../src/memory/index.ts';
import type { Context } from '../../src/transport/index.ts';
import { filled, HandNet, stateOf } from './hand-link.ts';

const died = new Error('connection reset');

async function lost(wait: Promise<unknown>, rank: number): Promise<void> {
  await expect(wait).rejects.toMatchObject({ code: 'PAR_PEER_LOST', rank });
}

async function derived(net: HandNet, ranks: number[]): Promise<Context[]> {
  const deriving = ranks.map((rank) => net.transports[rank]!.world.derive(ranks));
  net.drain();
  return Promise.all(deriving);
}

test('what needs the lost rank rejects, pending and later; what does not goes on', async () => {
  const net = new HandNet(3);
  const [a, b, c] = net.transports;
  const needing = [
    a!.world.recvValue(1, 0),
    a!.world.recvBuffer({ bytes: filled(1), type: 'bytes' }, 1, -1),
    a!.world.probe(1, 0),
    a!.world.mprobe(1, -1),
    a!.world.sendValue([filled(1)], 1, 0, true),
    a!.world.sendValue([filled(100_000)], 1, 0, false),
  ];
  const any = a!.world.recvValue(-1, 0);
  const other = a!.world.recvValue(2, 1);
  const failures: [string, number][] = [];
  a!.onFailure((error, rank) => failures.push([(error as { code?: string }).code!, rank]));
  net.links[0]!.sink.lost(1, died);
  for (const wait of needing) await lost(wait, 1);
  await lost(a!.world.recvValue(1, 0), 1);
  await lost(a!.world.sendValue([filled(1)], 1, 0, false), 1);
  expect(() => a!.world.iprobe(1, -1)).toThrow('rank 1 of the world is lost: connection reset');
  expect(a!.world.iprobe(-1, -1)).toBeUndefined();
  void c!.world.sendValue([filled(1)], 0, 0, false);
  void c!.world.sendValue([filled(1)], 0, 1, false);
  net.drain();
  expect((await any).source).toBe(2);
  expect((await other).source).toBe(2);
  expect(failures).toEqual([['PAR_PEER_LOST', 1]]);
  const lateFailures: number[] = [];
  a!.onFailure((_, rank) => lateFailures.push(rank));
  expect(lateFailures).toEqual([1]);
  expect(a!.pending()).toEqual([]);
  expect(b!.pending()).toEqual([]);
}, 60_000);

test('a receive from any source rejects when every other rank of its context is gone', async () => {
  const net = new HandNet(4);
  const [group] = await derived(net, [0, 1, 2]);
  const inGroup = group!.recvValue(-1, -1);
  const inWorld = net.transports[0]!.world.recvValue(-1, -1);
  const { sink } = net.links[0]!;
  sink.lost(1, died);
  expect(await stateOf(inGroup)).toBe('pending');
  sink.lost(2, undefined);
  await lost(inGroup, 1);
  await lost(group!.mprobe(-1, 3), 1);
  expect(await stateOf(inWorld)).toBe('pending');
  sink.lost(3, undefined);
  await lost(inWorld, 1);
}, 60_000);

test('a rank alone in its context waits for itself whoever is lost', async () => {
  const net = new HandNet(2);
  const [self] = await derived(net, [0]);
  const waiting = self!.recvValue(-1, -1);
  net.links[0]!.sink.lost(1, died);
  expect(await stateOf(waiting)).toBe('pending');
  void self!.sendValue([filled(1)], 0, 0, false);
  net.drain();
  await waiting;
}, 60_000);

test('in the collective plane of every context with the lost rank everything rejects, also between survivors', async () => {
  const net = new HandNet(3);
  const [x, y] = await derived(net, [0, 1]);
  const worlds = net.transports.map(({ world }) => world);
  const early = worlds[1]!.collective.sendValue([filled(1)], 0, 8, true);
  net.drain();
  const pending = [
    worlds[0]!.collective.recvValue(1, 0),
    worlds[0]!.collective.recvValue(-1, 0),
    worlds[0]!.collective.sendValue([filled(100_000)], 1, 0, false),
  ];
  const apart = x!.collective.recvValue(1, 0);
  net.links[0]!.sink.lost(2, died);
  net.drain();
  for (const wait of pending) await lost(wait, 2);
  await lost(worlds[0]!.collective.recvValue(1, 8), 2);
  await lost(worlds[0]!.collective.sendValue([filled(1)], 1, 0, false), 2);
  // Rank 1 has not heard of the loss; rank 0 turns its messages down and says why.
  await lost(early, 2);
  const late = worlds[1]!.collective.sendValue([filled(100_000)], 0, 0, false);
  net.drain();
  await lost(late, 2);
  void y!.collective.sendValue([filled(1)], 0, 0, false);
  net.drain();
  await apart;
}, 60_000);

test('survivors derive a communicator without the lost rank and go on', async () => {
  const { transports, lose } = memoryJob(3);
  const waiting = transports[0]!.world.collective.recvValue(2, 0);
  lose(1);
  await lost(waiting, 1);
  const survivors = await Promise.all([0, 2].map((rank) => transports[rank]!.world.derive([0, 2])));
  const received = survivors[1]!.collective.recvValue(0, 0);
  await survivors[0]!.collective.sendValue([filled(100_000)], 1, 0, false);
  expect((await received).bytes).toBe(100_000);
  await lost(transports[0]!.world.derive([0, 1]), 1);
}, 60_000);

test('a context derived with a rank that is lost meanwhile has a dead collective plane', async () => {
  const net = new HandNet(3);
  const deriving = [0, 1].map((rank) => net.transports[rank]!.world.derive([0, 1, 2]));
  net.step(0, 1);
  net.links[1]!.sink.lost(2, died);
  const context = (await Promise.all(deriving))[1]!;
  await lost(context.collective.recvValue(0, 0), 2);
  expect(await stateOf(context.recvValue(0, 0))).toBe('pending');
}, 60_000);

test('whole messages that came before the loss can be received, announced ones cannot', async () => {
  for (const error of [died, undefined]) {
    const net = new HandNet(3);
    const [a, b] = net.transports;
    void b!.world.sendValue([filled(1)], 0, 1, false);
    const waiting = [b!.world.sendValue([filled(1)], 0, 2, true), b!.world.sendValue([filled(100_000)], 0, 3, false)];
    for (const wait of waiting) wait.catch(() => {});
    net.drain();
    net.links[0]!.sink.lost(1, error);
    expect((await a!.world.recvValue(1, 1)).tag).toBe(1);
    expect((await a!.world.recvValue(-1, 2)).tag).toBe(2);
    expect(a!.world.iprobe(-1, 3)).toBeUndefined();
    await lost(a!.world.recvValue(1, 3), 1);
    expect(a!.world.iprobe(-1, -1)).toBeUndefined();
  }
}, 60_000);

test('a peer that said goodbye is not a failure; its collective messages still arrive, nothing more is expected from it', async () => {
  const net = new HandNet(3);
  const [a] = net.transports;
  const failures: number[] = [];
  a!.onFailure((_, rank) => failures.push(rank));
  const survivors = a!.world.collective.recvValue(2, 0);
  const gone = a!.world.collective.recvValue(1, 0);
  net.links[0]!.sink.lost(1, undefined);
  await expect(gone).rejects.toMatchObject({ code: 'PAR_PEER_LOST', message: expect.stringContaining('has finished') });
  void net.transports[2]!.world.collective.sendValue([filled(1)], 0, 0, false);
  net.drain();
  await survivors;
  expect(failures).toEqual([]);
}, 60_000);

test('loss at every step of a rendezvous rejects both ends and leaves nothing pending', async () => {
  for (const received of ['value', 'buffer'] as const) {
    for (let steps = 0; steps < 12; steps++) {
      const net = new HandNet(3, { settlesLater: steps % 2 === 0 });
      const [a, b] = net.transports;
      const bytes = filled(2_500_000);
      const sent =
        received === 'value'
          ? a!.world.sendValue([filled(8), bytes], 1, 0, false)
          : a!.world.sendBuffer({ bytes, type: 'bytes' }, 1, 0, false);
      const receive =
        received === 'value'
          ? b!.world.recvValue(0, 0)
          : b!.world.recvBuffer({ bytes: new Uint8Array(2_500_000), type: 'bytes' }, 0, 0);
      const outcomes = Promise.allSettled([sent, receive]);
      let moved = 0;
      while (moved < steps) {
        if (net.step(moved === 1 ? 1 : 0, moved === 1 ? 0 : 1) === undefined) {
          await new Promise((resolve) => setImmediate(resolve));
          if (net.links[0]!.queues[1]!.length === 0) break;
        } else moved++;
      }
      net.links[0]!.sink.lost(1, died);
      net.links[1]!.sink.lost(0, died);
      for (const result of await outcomes) {
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'PAR_PEER_LOST' });
        else expect(moved).toBeGreaterThanOrEqual(7);
      }
      expect([...a!.pending(), ...b!.pending()]).toEqual([]);
      expect(net.links.map(({ waits }) => waits.at(-1) ?? false)).toEqual([false, false, false]);
    }
  }
}, 60_000);

test('a link that ends between header and payload rejects the receive that was to get it', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const receives = [b!.world.recvValue(0, 0), b!.world.recvValue(0, 1)];
  void a!.world.sendValue([filled(100)], 1, 0, false);
  const { header, payload } = net.links[0]!.queues[1]!.shift()!;
  net.links[1]!.sink.begin(0, header, payload!.length);
  expect(b!.pending()).toContainEqual(expect.stringContaining('recv source=0 tag=0 on world, its message arriving'));
  net.links[1]!.sink.lost(0, died);
  for (const receive of receives) await lost(receive, 0);
}, 60_000);

test('an abort rejects everything, now and later, with its status, its reason and the loss behind it', async () => {
  const transports = memoryTransports(3);
  const [a, b, c] = transports;
  const failures: [number, number][] = [];
  for (const transport of transports) {
    transport.onFailure((error, rank) => failures.push([(error as { status?: number }).status!, rank]));
  }
  const pending = [
    a!.world.recvValue(-1, 0),
    b!.world.collective.recvValue(0, 0),
    c!.world.sendValue([filled(100_000)], 0, 1, false),
    c!.world.sendValue([filled(1)], 0, 1, true),
  ];
  b!.abort(7, 'diverged', 2);
  for (const wait of pending) {
    await expect(wait).rejects.toMatchObject({
      code: 'PAR_ABORTED',
      status: 7,
      reason: 'diverged',
      lost: 2,
      message: expect.stringContaining('by rank 1 with status 7: diverged'),
    });
  }
  await expect(a!.world.sendValue([filled(1)], 1, 0, false)).rejects.toMatchObject({ code: 'PAR_ABORTED' });
  await expect(b!.world.recvValue(0, 0)).rejects.toMatchObject({ code: 'PAR_ABORTED' });
  expect(failures).toEqual([
    [7, 1],
    [7, 1],
  ]);
  expect(transports.flatMap((transport) => transport.pending())).toEqual([]);
  await Promise.all(transports.map((transport) => transport.close()));
}, 60_000);

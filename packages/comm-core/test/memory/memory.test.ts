import { expect, test } from 'vitest';
import { memoryJob, memoryTransports } from '../../src/memory/index.ts';

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value);

test('a program of any number of ranks runs in one process', async () => {
  for (const size of [1, 2, 5, 16]) {
    const transports = memoryTransports(size);
    const sums = await Promise.all(
      transports.map(async ({ world }) => {
        void world.sendValue([filled(1, world.rank)], (world.rank + 1) % size, 0, false);
        const { source, segments } = await world.recvValue(-1, 0);
        expect(source).toBe((world.rank + size - 1) % size);
        return segments[0]![0]!;
      }),
    );
    expect(sums.sort((a, b) => a - b)).toEqual(Array.from({ length: size }, (_, rank) => rank));
    await Promise.all(transports.map((transport) => transport.close()));
  }
}, 60_000);

test('what was sent may be changed once the send has settled', async () => {
  const [a, b] = memoryTransports(2);
  for (const length of [8, 20_000, 60_000, 1_000_000]) {
    const data = filled(length, 1);
    const received = b!.world.recvValue(0, 0);
    await a!.world.sendValue([data], 1, 0, false);
    data.fill(2);
    expect((await received).segments[0]!.every((byte) => byte === 1)).toBe(true);
  }
}, 60_000);

test('nothing is delivered before the sender returns to the event loop', async () => {
  const [a, b] = memoryTransports(2);
  void a!.world.sendValue([filled(1)], 1, 0, false);
  expect(b!.world.iprobe(-1, -1)).toBeUndefined();
  await b!.world.probe(0, 0);
}, 60_000);

test('timers run while two ranks exchange messages without end', async () => {
  const [a, b] = memoryTransports(2);
  let over = false;
  setTimeout(() => {
    over = true;
  }, 5);
  const play = async (world: typeof a, peer: number): Promise<void> => {
    while (!over) {
      void world!.world.sendValue([filled(1)], peer, 0, false);
      await world!.world.recvValue(peer, 0);
    }
    void world!.world.sendValue([filled(1)], peer, 0, false);
  };
  await Promise.all([play(a, 1), play(b, 0)]);
}, 60_000);

test('hosts are this host, or the given ones', () => {
  const [a] = memoryTransports(2);
  expect(new Set(a!.hosts).size).toBe(1);
  const [b] = memoryTransports(3, { hosts: ['x', 'y', 'x'] });
  expect(b!.hosts).toEqual(['x', 'y', 'x']);
}, 60_000);

test('impossible sizes are refused', () => {
  for (const size of [0, -1, 1.5, Number.NaN]) expect(() => memoryTransports(size)).toThrow('at least 1');
  expect(() => memoryTransports(2, { hosts: ['x'] })).toThrow('1 hosts for 2 ranks');
  expect(() => memoryTransports(2, { chunkBytes: 0 })).toThrow('chunkBytes');
}, 60_000);

test('payloads in pieces let the frames of other ranks in between', async () => {
  const [a, b, c] = memoryTransports(3, { chunkBytes: 100 });
  const order: number[] = [];
  const both = [0, 1].map((source) => c!.world.recvValue(source, 0).then(() => order.push(source)));
  void a!.world.sendValue([filled(10_000)], 2, 0, false);
  void b!.world.sendValue([filled(10)], 2, 0, false);
  await Promise.all(both);
  expect(order).toEqual([1, 0]);
}, 60_000);

test('a lost rank is cut off both ways, even in the middle of a payload; the others go on', async () => {
  const { transports, lose } = memoryJob(3, { chunkBytes: 1000 });
  const [a, b, c] = transports;
  const failures: number[][] = [[], [], []];
  for (const [i, transport] of transports.entries()) transport.onFailure((_, rank) => failures[i]!.push(rank));
  const waits = [
    a!.world.recvValue(1, 0),
    b!.world.sendValue([filled(60_000)], 0, 0, false),
    b!.world.recvValue(-1, -1),
    c!.world.sendValue([filled(60_000)], 1, 9, true),
  ];
  await Promise.resolve();
  lose(1);
  for (const wait of waits) await expect(wait).rejects.toMatchObject({ code: 'PAR_PEER_LOST' });
  expect(failures).toEqual([[1], [0, 2], [1]]);
  const received = c!.world.recvValue(0, 0);
  await a!.world.sendValue([filled(60_000)], 2, 0, false);
  expect((await received).bytes).toBe(60_000);
  await Promise.all(transports.map((transport) => transport.close()));
}, 60_000);

test('close delivers everything sent, and the others learn that the rank has finished', async () => {
  const [a, b] = memoryTransports(2);
  const failures: number[] = [];
  b!.onFailure((_, rank) => failures.push(rank));
  for (let i = 0; i < 100; i++) void a!.world.sendValue([filled(60_000, i)], 1, 0, false);
  const closing = a!.close();
  for (let i = 0; i < 100; i++) expect((await b!.world.recvValue(0, 0)).segments[0]![0]).toBe(i);
  await closing;
  await expect(b!.world.recvValue(0, 0)).rejects.toMatchObject({
    code: 'PAR_PEER_LOST',
    message: expect.stringContaining('has finished'),
  });
  await expect(b!.world.sendValue([filled(1)], 0, 0, false)).rejects.toMatchObject({ code: 'PAR_PEER_LOST' });
  expect(failures).toEqual([]);
  await a!.close();
  await b!.close();
}, 60_000);

test('leave says goodbye without waiting', async () => {
  const [a, b] = memoryTransports(2);
  void a!.world.sendValue([filled(1)], 1, 0, false);
  a!.leave();
  await b!.world.recvValue(0, 0);
  await expect(b!.world.recvValue(0, 0)).rejects.toMatchObject({ code: 'PAR_PEER_LOST' });
}, 60_000);

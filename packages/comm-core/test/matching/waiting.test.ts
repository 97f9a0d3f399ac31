import { expect, test } from 'vitest';
import { filled, HandNet } from './hand-link.ts';

test('the link is told when operations that need an arriving frame begin and end to exist', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const { waits } = net.links[1]!;
  const receives = [b!.world.recvValue(0, 0), b!.world.probe(0, 1)];
  expect(waits).toEqual([true]);
  void a!.world.sendValue([filled(1)], 1, 0, false);
  net.drain();
  expect(waits).toEqual([true]);
  void a!.world.sendValue([filled(1)], 1, 1, false);
  net.drain();
  expect(waits).toEqual([true, false]);
  await Promise.all(receives);
  await b!.world.recvValue(0, 1);
  expect(waits).toEqual([true, false]);
  expect(net.links[0]!.waits).toEqual([]);
});

test('a send waits for its answer, a rendezvous receive for its data', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const sent = a!.world.sendValue([filled(100_000)], 1, 0, false);
  expect(net.links[0]!.waits).toEqual([true]);
  net.step(0, 1);
  const received = b!.world.recvValue(0, 0);
  expect(net.links[1]!.waits).toEqual([true]);
  net.step(1, 0);
  expect(net.links[0]!.waits).toEqual([true, false]);
  net.step(0, 1);
  expect(net.links[1]!.waits).toEqual([true, false]);
  await Promise.all([sent, received]);
});

test('pending operations are described, oldest first', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  void b!.world.recvValue(0, 7);
  void b!.world.recvBuffer({ bytes: filled(1), type: 'bytes' }, -1, -1);
  void b!.world.collective.mprobe(0, -1);
  void b!.world.probe(0, 1);
  void b!.world.sendValue([filled(8)], 0, 3, true);
  void a!.world.sendBuffer({ bytes: filled(1_000_000), type: 'bytes' }, 1, 2, false);
  expect(b!.pending()).toEqual([
    'recv source=0 tag=7 on world, waiting 0 s',
    'recvInto source=ANY_SOURCE tag=ANY_TAG on world, waiting 0 s',
    'mprobe source=0 tag=ANY_TAG on world (collective), waiting 0 s',
    'probe source=0 tag=1 on world, waiting 0 s',
    'send dest=0 tag=3 (8 bytes) on world, not received yet, waiting 0 s',
  ]);
  expect(a!.pending()).toEqual(['send dest=1 tag=2 (1000000 bytes) on world, not received yet, waiting 0 s']);
});

test('a rank that has left, as in an exit listener, is refused whatever it asks for', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const pending = a!.world.recvValue(1, 0);
  a!.leave();
  await expect(pending).rejects.toMatchObject({ code: 'PAR_FREED' });
  await expect(a!.world.sendValue([filled(1)], 1, 0, false)).rejects.toMatchObject({ code: 'PAR_FREED' });
  await expect(a!.world.probe(1, 0)).rejects.toMatchObject({ code: 'PAR_FREED' });
  expect(() => a!.world.iprobe(1, 0)).toThrow(expect.objectContaining({ code: 'PAR_FREED' }));
  const late = b!.world.sendValue([filled(100_000)], 0, 0, false);
  net.drain();
  await expect(late).rejects.toMatchObject({ code: 'PAR_PEER_LOST', rank: 0 });
});

test('close flushes sends nobody has asked for yet, and a peer that closes too turns them down', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const sends = [1, 2].map((tag) => a!.world.sendValue([filled(100_000)], 1, tag, false));
  const pending = a!.world.recvValue(1, 0);
  net.drain();
  const closing = a!.close();
  await expect(pending).rejects.toMatchObject({ code: 'PAR_FREED' });
  await expect(a!.world.sendValue([filled(1)], 1, 0, false)).rejects.toMatchObject({ code: 'PAR_FREED' });
  const received = b!.world.recvValue(0, 2);
  await net.settle();
  expect((await received).bytes).toBe(100_000);
  await sends[1];
  expect(net.links[0]!.closed).toBe(false);
  const refused = expect(sends[0]).rejects.toMatchObject({ code: 'PAR_PEER_LOST', rank: 1 });
  await b!.close();
  await net.settle();
  await refused;
  await closing;
  expect(net.links[0]!.closed).toBe(true);
});

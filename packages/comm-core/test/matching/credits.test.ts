import { expect, test } from 'vitest';
import { CREDIT, EAGER, RTS } from '../../src/matching/header.ts';
import { CREDIT_BYTES, CREDIT_MESSAGES } from '../../src/matching/limits.ts';
import { filled, HandNet } from './hand-link.ts';

function countFrames(net: HandNet, from: number, to: number): Map<number, { frames: number; bytes: number }> {
  const counts = new Map<number, { frames: number; bytes: number }>();
  for (const { header, payload } of net.links[from]!.queues[to]!) {
    const count = counts.get(header[0]!) ?? { frames: 0, bytes: 0 };
    count.frames++;
    count.bytes += payload?.length ?? 0;
    counts.set(header[0]!, count);
  }
  return counts;
}

test('a flood of small messages leaves at most 1024 with the receiver; the others wait at the sender, all arrive in order', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const sends = Array.from({ length: 5000 }, (_, i) => a!.world.sendValue([filled(4, i & 0xff)], 1, 0, false));
  expect(countFrames(net, 0, 1).get(EAGER)!.frames).toBe(CREDIT_MESSAGES);
  expect(countFrames(net, 0, 1).get(RTS)!.frames).toBe(5000 - CREDIT_MESSAGES);
  net.drain();
  for (let i = 0; i < 5000; i++) {
    const receive = b!.world.recvValue(0, 0);
    net.drain();
    expect((await receive).segments[0]![0]).toBe(i & 0xff);
  }
  net.drain();
  await Promise.all(sends);
}, 60_000);

test('at most 4 MiB of unexpected eager payload leaves a sender', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const sends = Array.from({ length: 200 }, () =>
    a!.world.sendBuffer({ bytes: filled(60_000), type: 'bytes' }, 1, 0, false),
  );
  const eager = countFrames(net, 0, 1).get(EAGER)!;
  expect(eager.bytes).toBeLessThanOrEqual(CREDIT_BYTES);
  expect(eager.bytes).toBeGreaterThan(CREDIT_BYTES - 60_000);
  for (let i = 0; i < 200; i++) {
    const receive = b!.world.recvBuffer({ bytes: new Uint8Array(60_000), type: 'bytes' }, 0, 0);
    net.drain();
    await receive;
  }
  net.drain();
  await Promise.all(sends);
}, 60_000);

test('credit comes back in batches once messages are received, and sends are eager again', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  let credits = 0;
  for (let i = 0; i < 10 * CREDIT_MESSAGES; i++) {
    const receive = b!.world.recvValue(0, 0);
    void a!.world.sendValue([filled(1)], 1, 0, false);
    expect(net.step(0, 1)).toBe(EAGER);
    await receive;
    for (let kind = net.step(1, 0); kind !== undefined; kind = net.step(1, 0)) {
      expect(kind).toBe(CREDIT);
      credits++;
    }
  }
  expect(credits).toBe(20);
}, 60_000);

test('messages that are cancelled, mismatched, truncated or refused give their credit back', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const contexts = [a!.world.derive([0, 1]), b!.world.derive([0, 1])];
  net.drain();
  const [context, remote] = await Promise.all(contexts);
  await remote!.free();
  for (let i = 0; i < 3 * CREDIT_MESSAGES; i++) {
    const abort = new AbortController();
    const cancelled = a!.world.sendValue([filled(1)], 1, 9, true, abort.signal);
    net.drain();
    abort.abort();
    const refused = context!.sendValue([filled(1)], 1, 0, true);
    const mismatch = b!.world.recvBuffer({ bytes: new Uint8Array(1), type: 'bytes' }, 0, 0);
    void a!.world.sendValue([filled(1)], 1, 0, false);
    const truncated = b!.world.recvBuffer({ bytes: new Uint8Array(0), type: 'bytes' }, 0, 0);
    void a!.world.sendBuffer({ bytes: filled(1), type: 'bytes' }, 1, 0, false);
    net.drain();
    await Promise.allSettled([cancelled, refused, mismatch, truncated]).then((results) => {
      expect(results.map((result) => (result as PromiseRejectedResult).reason.code)).toEqual([
        'PAR_CANCELLED',
        'PAR_FREED',
        'PAR_MISMATCH',
        'PAR_TRUNCATED',
      ]);
    });
  }
  void a!.world.sendValue([filled(1)], 1, 0, false);
  expect(net.step(0, 1)).toBe(EAGER);
}, 60_000);

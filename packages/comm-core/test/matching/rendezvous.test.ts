import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CHUNK_BYTES, CHUNKS_IN_FLIGHT, CHUNKS_PER_TURN } from '../../src/matching/limits.ts';
import { memoryTransports } from '../../src/memory/index.ts';
import { filled, HandNet, isFilled, stateOf } from './hand-link.ts';

test('every segment of a value arrives in an ArrayBuffer of its own size, at any size', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(0, 1, 7, 8, 1000, 40_000, 65_536, 70_000, CHUNK_BYTES + 1), {
        minLength: 1,
        maxLength: 6,
      }),
      fc.boolean(),
      fc.constantFrom(undefined, 60_000),
      async (lengths, posted, chunkBytes) => {
        const [a, b] = memoryTransports(2, { chunkBytes });
        const segments = lengths.map((length, i) => filled(length, i + 1));
        const early = posted ? b!.world.recvValue(0, 0) : undefined;
        const sent = a!.world.sendValue(segments, 1, 0, false);
        const message = await (early ?? b!.world.recvValue(0, 0));
        await sent;
        expect(message.bytes).toBe(lengths.reduce((sum, length) => sum + length, 0));
        expect(message.segments.map(({ length }) => length)).toEqual(lengths);
        message.segments.forEach((segment, i) => {
          expect(isFilled(segment, i + 1)).toBe(true);
          if (lengths.length > 1) expect([segment.byteOffset, segment.buffer.byteLength]).toEqual([0, lengths[i]]);
        });
      },
    ),
    { numRuns: 60 },
  );
}, 60_000);

test('small messages get between the chunks of a large one', async () => {
  for (const settlesLater of [false, true]) {
    const net = new HandNet(2, { settlesLater });
    const [a, b] = net.transports;
    const into = new Uint8Array(CHUNK_BYTES * 64);
    const large = b!.world.recvBuffer({ bytes: into, type: 'bytes' }, 0, 1);
    const small = b!.world.recvValue(0, 2);
    const sent = a!.world.sendBuffer({ bytes: filled(into.length, 7), type: 'bytes' }, 1, 1, false);
    net.step(0, 1);
    net.step(1, 0);
    const smallSent = a!.world.sendValue([filled(1)], 1, 2, false);
    // No more than the link is given ahead: chunks in flight, or the chunks of one turn.
    expect(net.links[0]!.queues[1]!.length).toBeLessThanOrEqual(
      1 + (settlesLater ? CHUNKS_IN_FLIGHT : CHUNKS_PER_TURN),
    );
    let frames = 0;
    while ((await stateOf(small)) === 'pending') {
      expect(net.step(0, 1)).toBeDefined();
      frames++;
    }
    expect(frames).toBeLessThan(8);
    expect(await stateOf(large)).toBe('pending');
    for (let i = 0; i < 4; i++) await net.settle();
    expect((await large).count).toBe(into.length);
    expect(isFilled(into, 7)).toBe(true);
    await Promise.all([sent, smallSent]);
  }
}, 60_000);

test('two large messages to one rank advance in turn', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const receives = [1, 2].map((tag) =>
    b!.world.recvBuffer({ bytes: new Uint8Array(CHUNK_BYTES * 8), type: 'bytes' }, 0, tag),
  );
  const sends = [1, 2].map((tag) =>
    a!.world.sendBuffer({ bytes: filled(CHUNK_BYTES * 8), type: 'bytes' }, 1, tag, false),
  );
  for (let i = 0; i < 2; i++) net.step(0, 1);
  for (let i = 0; i < 2; i++) net.step(1, 0);
  while (net.step(0, 1) !== undefined);
  const progress = b!.pending().map((line) => Number(/ (\d+) of/.exec(line)![1]) / CHUNK_BYTES);
  expect(progress).toHaveLength(2);
  expect(Math.abs(progress[0]! - progress[1]!)).toBeLessThanOrEqual(4);
  expect(Math.min(...progress)).toBeGreaterThan(0);
  await net.settle();
  await Promise.all([...receives, ...sends]);
}, 60_000);

test('a rendezvous send settles only when the link needs its memory no more', async () => {
  const net = new HandNet(2, { settlesLater: true });
  const [a, b] = net.transports;
  const received = b!.world.recvBuffer({ bytes: new Uint8Array(100_000), type: 'bytes' }, 0, 0);
  const sent = a!.world.sendBuffer({ bytes: filled(100_000), type: 'bytes' }, 1, 0, false);
  net.step(0, 1);
  net.step(1, 0);
  expect(await stateOf(sent)).toBe('pending');
  net.step(0, 1);
  await Promise.all([sent, received]);
}, 60_000);

test('eager, rendezvous and synchronous messages of one tag stay in order', async () => {
  const sizes = fc.array(fc.constantFrom(1, 65_536, 65_537, 200_000), { minLength: 1, maxLength: 30, size: 'max' });
  await fc.assert(
    fc.asyncProperty(sizes, fc.infiniteStream(fc.boolean()), async (lengths, sync) => {
      const [a, b] = memoryTransports(2);
      const sends = lengths.map((length, i) => a!.world.sendValue([filled(length, i)], 1, 0, sync.next().value));
      for (const [i, length] of lengths.entries()) {
        const { segments } = await b!.world.recvValue(-1, 0);
        expect([segments[0]![0], segments[0]!.length]).toEqual([i, length]);
      }
      await Promise.all(sends);
    }),
    { numRuns: 50 },
  );
}, 60_000);

test('a rank sends itself large and synchronous messages', async () => {
  const [only] = memoryTransports(1);
  const large = only!.world.sendValue([filled(1_000_000, 3)], 0, 1, false);
  const synchronous = only!.world.sendValue([filled(8, 4)], 0, 2, true);
  await only!.world.sendValue([filled(8, 5)], 0, 3, false);
  expect(await stateOf(synchronous)).toBe('pending');
  expect((await only!.world.recvValue(0, 2)).segments[0]![0]).toBe(4);
  await synchronous;
  expect((await only!.world.recvValue(-1, 1)).segments[0]!.length).toBe(1_000_000);
  await large;
  expect((await only!.world.recvValue(-1, -1)).tag).toBe(3);
}, 60_000);

test('a synchronous send settles when it is matched, not before', async () => {
  const [a, b] = memoryTransports(2);
  for (const length of [0, 8, 100_000]) {
    const sent = a!.world.sendValue([filled(length)], 1, 0, true);
    await b!.world.probe(0, 0);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await stateOf(sent)).toBe('pending');
    await b!.world.recvValue(0, 0);
    await sent;
  }
}, 60_000);

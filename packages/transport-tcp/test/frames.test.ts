import { describe, expect, test } from 'vitest';
import { headerOf, numberOf, startFrameJob } from './frame-job.ts';

describe.each([
  ['Unix sockets', { family: 'unix' }],
  ['TCP', { family: 'tcp' }],
  ['Unix sockets with TLS', { family: 'unix', secure: true }],
  ['TCP with TLS', { family: 'tcp', secure: true }],
] as const)('frames over %s', (_name, options) => {
  test('every pair of 5 ranks delivers frames of all sizes whole and in order, to itself too', async () => {
    await using job = await startFrameJob(5, options);
    const sizes = [0, 1, 31, 32, 33, 8_191, 16_384, 16_385, 65_535, 65_536, 300_000, 5, 2_000_000, 0, 7];
    for (const [source, { link }] of job.ranks.entries()) {
      for (const [number, size] of sizes.entries()) {
        for (let dest = 0; dest < 5; dest++) {
          void link.send(dest, headerOf(number, size), new Uint8Array(size).fill(number * 31 + source * 5 + dest));
        }
      }
    }
    for (const [dest, rank] of job.ranks.entries()) {
      await rank.until(({ frames }) => frames.length === 5 * sizes.length);
      for (let source = 0; source < 5; source++) {
        const frames = rank.inbox.frames.filter((frame) => frame.source === source);
        expect(frames.map(numberOf)).toEqual(sizes.map((_, number) => number));
        for (const [number, { payload }] of frames.entries()) {
          const expected = Buffer.alloc(sizes[number]!, number * 31 + source * 5 + dest);
          expect(Buffer.compare(payload, expected)).toBe(0);
        }
      }
    }
  });

  test('memory of a sent payload may be changed once send has returned nothing or its promise has settled', async () => {
    await using job = await startFrameJob(2, options);
    const [sender, receiver] = job.ranks;
    const memory = new Uint8Array(1_000_000);
    for (let number = 0; number < 20; number++) {
      const payload = memory.subarray(0, number % 2 === 0 ? 1_000_000 : 100);
      payload.fill(number);
      await sender!.link.send(1, headerOf(number, payload.length), payload);
    }
    memory.fill(255);
    await receiver!.until(({ frames }) => frames.length === 20);
    for (const frame of receiver!.inbox.frames) expect(new Set(frame.payload)).toEqual(new Set([numberOf(frame)]));
  });

  test('payloads in shared memory are sent like any other', async () => {
    await using job = await startFrameJob(2, options);
    const shared = new Uint8Array(new SharedArrayBuffer(200_000)).fill(9);
    await job.ranks[0]!.link.send(1, headerOf(0, shared.length), shared);
    await job.ranks[0]!.link.send(1, headerOf(1, 10), shared.subarray(0, 10));
    await job.ranks[1]!.until(({ frames }) => frames.length === 2);
    expect(
      job.ranks[1]!.inbox.frames.map(({ payload }) => [payload.length, payload.every((byte) => byte === 9)]),
    ).toEqual([
      [200_000, true],
      [10, true],
    ]);
  });

  test('a rank that closes is reported as finished, after everything it sent', async () => {
    await using job = await startFrameJob(3, options);
    const [leaving, ...others] = job.ranks;
    for (let number = 0; number < 100; number++) {
      for (const dest of [1, 2]) void leaving!.link.send(dest, headerOf(number, 50_000), new Uint8Array(50_000));
    }
    await leaving!.link.close();
    for (const rank of others) {
      await rank.until(({ losses }) => losses.length === 1);
      expect(rank.inbox.frames).toHaveLength(100);
      expect(rank.inbox.losses).toEqual([{ rank: 0, error: undefined }]);
      await expect(rank.link.send(0, headerOf(0, 0), undefined)).rejects.toMatchObject({
        code: 'PAR_PEER_LOST',
        rank: 0,
      });
    }
    void others[0]!.link.send(2, headerOf(7, 0), undefined);
    await others[1]!.until(({ frames }) => frames.length === 101);
  });

  test('an abort reaches every other rank once, with its status, its reason and the loss behind it', async () => {
    await using job = await startFrameJob(4, options);
    job.ranks[2]!.link.abort(42, 'numbers do not add up', 9);
    for (const rank of [0, 1, 3].map((index) => job.ranks[index]!)) {
      await rank.until(({ aborts }) => aborts.length > 0);
      expect(rank.inbox.aborts).toEqual([{ status: 42, reason: 'numbers do not add up', rank: 2, lost: 9 }]);
    }
    expect(job.ranks[2]!.inbox.aborts).toEqual([]);
  });
});

test('ranks of a job above the mesh size connect when they first talk, whoever starts', async () => {
  await using job = await startFrameJob(6, { connect: 'lazy' });
  for (const [source, { link }] of job.ranks.entries()) {
    for (let dest = 0; dest < 6; dest++) void link.send(dest, headerOf(source, 1), new Uint8Array(1).fill(source));
  }
  for (const rank of job.ranks) {
    await rank.until(({ frames }) => frames.length === 6);
    expect(new Set(rank.inbox.frames.map(numberOf)).size).toBe(6);
  }
  expect(job.log).toEqual([]);
});

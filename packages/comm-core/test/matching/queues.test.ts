import { expect, test } from 'vitest';
import { memoryTransports } from '../../src/memory/index.ts';
import { filled } from './hand-link.ts';

const DEPTH = 10_000;

function shuffled(length: number): number[] {
  // A fixed permutation that is neither ascending nor descending; 7919 is prime.
  return Array.from({ length }, (_, i) => (i * 7919) % length);
}

test('10,000 receives with different tags each get their message, whatever order messages come in', async () => {
  const [a, b] = memoryTransports(2);
  const receives = Array.from({ length: DEPTH }, (_, tag) => b!.world.recvValue(0, tag));
  for (const tag of shuffled(DEPTH)) void a!.world.sendValue([filled(1, tag & 0xff)], 1, tag, false);
  const messages = await Promise.all(receives);
  expect(messages.every(({ tag, segments }, i) => tag === i && segments[0]![0] === (i & 0xff))).toBe(true);
  expect(b!.pending()).toEqual([]);
}, 60_000);

test('10,000 unexpected messages are found by tag, and by wildcard in the order they came', async () => {
  const [a, b] = memoryTransports(2);
  const sends = shuffled(DEPTH).map((tag) => a!.world.sendValue([filled(1, tag & 0xff)], 1, tag, false));
  for (const tag of [1, 5000, DEPTH - 1]) expect((await b!.world.recvValue(0, tag)).tag).toBe(tag);
  const rest = shuffled(DEPTH).filter((tag) => ![1, 5000, DEPTH - 1].includes(tag));
  for (const tag of rest) expect((await b!.world.recvValue(-1, -1)).tag).toBe(tag);
  await Promise.all(sends);
}, 60_000);

test('matching stays fast with 50,000 receives pending', async () => {
  const [a, b] = memoryTransports(2);
  const round = async (): Promise<number> => {
    const start = performance.now();
    for (let i = 0; i < 5000; i++) {
      const receive = b!.world.recvValue(0, 1);
      void a!.world.sendValue([filled(1)], 1, 1, false);
      await receive;
    }
    return performance.now() - start;
  };
  await round();
  const alone = Math.min(await round(), await round());
  const receives = Array.from({ length: 5 * DEPTH }, (_, i) => b!.world.recvValue(0, 2 + i));
  const crowded = Math.min(await round(), await round());
  // A search through the queue would take thousands of times as long.
  expect(crowded).toBeLessThan(alone * 20 + 100);
  for (const [i] of receives.entries()) void a!.world.sendValue([filled(1)], 1, 2 + i, false);
  await Promise.all(receives);
}, 60_000);

test('posted receives match in posting order, wildcards and exact ones alike', async () => {
  const [a, b] = memoryTransports(2);
  const order: string[] = [];
  const post = (name: string, source: number, tag: number): Promise<unknown> =>
    b!.world.recvValue(source, tag).then(({ segments }) => order.push(`${name}${segments[0]![0]}`));
  const all = [
    post('any', -1, -1),
    post('exact', 0, 3),
    post('source', 0, -1),
    post('tag', -1, 3),
    post('exact', 0, 3),
  ];
  for (let i = 0; i < 5; i++) void a!.world.sendValue([filled(1, i)], 1, 3, false);
  await Promise.all(all);
  expect(order).toEqual(['any0', 'exact1', 'source2', 'tag3', 'exact4']);
}, 60_000);

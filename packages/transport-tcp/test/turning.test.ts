import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KeepAlive } from '../src/link/keep-alive.ts';
import { Turning, turningTime } from '../src/link/turning.ts';

let keepAlive: KeepAlive;

beforeEach(() => {
  keepAlive = new KeepAlive();
});

afterEach(() => {
  keepAlive.close();
});

/** Turns of the event loop in so many milliseconds, seen by a timer so that the count itself turns nothing. */
async function turnsDuring(milliseconds: number, meanwhile?: () => void): Promise<number> {
  const before = performance.nodeTiming.uvMetricsInfo.loopCount;
  meanwhile?.();
  await sleep(milliseconds);
  return performance.nodeTiming.uvMetricsInfo.loopCount - before;
}

test('a loop whose rank waits turns, then sleeps, and turns again when something arrives', async () => {
  const turning = new Turning(keepAlive, 40);
  turning.waiting(true);
  expect(await turnsDuring(20)).toBeGreaterThan(100);
  await sleep(60);
  expect(await turnsDuring(50)).toBeLessThan(50);
  expect(await turnsDuring(20, () => turning.arrived())).toBeGreaterThan(100);
  turning.waiting(false);
});

test('a loop whose rank waits for nothing does not turn', async () => {
  const turning = new Turning(keepAlive, 1000);
  turning.waiting(true);
  turning.waiting(false);
  await sleep(5);
  expect(await turnsDuring(50)).toBeLessThan(50);
});

test('without time to turn the loop sleeps at once, whatever arrives', async () => {
  const turning = new Turning(keepAlive, 0);
  turning.waiting(true);
  expect(await turnsDuring(50, () => turning.arrived())).toBeLessThan(50);
  turning.waiting(false);
});

test('ranks that outnumber the cores of their host do not turn, unless they are told to', () => {
  expect(turningTime(undefined, availableParallelism())).toBeGreaterThan(0);
  expect(turningTime(undefined, availableParallelism() + 1)).toBe(0);
  expect(turningTime(0, 1)).toBe(0);
  expect(turningTime(250, 1000)).toBe(0.25);
});

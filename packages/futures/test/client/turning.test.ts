import { availableCores } from '@par/comm-core';
import { expect, test } from 'vitest';
import { Turning } from '../../src/client/turning.ts';

const isTurning = (): boolean => process.getActiveResourcesInfo().includes('Immediate');

/** Resolves once nothing keeps the loop turning; a turning loop never gets here. */
async function asleep(): Promise<void> {
  while (isTurning()) await new Promise((resolve) => setTimeout(resolve, 1));
}

test('the loop turns while a result is waited for, and sleeps when none comes', async () => {
  await asleep();
  const turning = new Turning();
  turning.begin(0);
  expect(isTurning()).toBe(true);
  await asleep();
  turning.end();
});

test('the loop does not turn while tasks need all cores', async () => {
  await asleep();
  const turning = new Turning();
  turning.begin(availableCores());
  expect(isTurning()).toBe(false);
  turning.end();
});

import fc from 'fast-check';
import { test } from 'vitest';
import { checkNothingLeft, finishEverything } from './ending.ts';
import { histories, type Step } from './history.ts';
import { World } from './world.ts';

/*
 * Whatever happens in whatever order, with the scheduler's invariants checked after every event: in the end every wanted
 * future is finished, failed or cancelled for a reason that applies to it, and nothing is left once all is released.
 */

function play(history: readonly Step[]): void {
  const world = new World();
  world.cluster.join(world.nextRank++);
  for (const step of history) world.apply(step);
  finishEverything(world);
  checkNothingLeft(world);
}

// More of them: PAR_TEST_HISTORIES=20000, from another start: PAR_TEST_SEED.
const { PAR_TEST_HISTORIES = '400', PAR_TEST_SEED = '1' } = process.env;

test('random histories, the same in every run, keep every invariant and end with every future settled and nothing left', () => {
  const options = { numRuns: Number(PAR_TEST_HISTORIES), seed: Number(PAR_TEST_SEED) };
  fc.assert(fc.property(histories, play), options);
}, 240_000);

test('so do some that are new; a failure says the seed', () => {
  fc.assert(fc.property(histories, play), { numRuns: 30 });
});

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Membership } from '../../src/scheduler/membership.ts';
import { checkNothingLeft, finishEverything } from './ending.ts';
import { histories, type Step } from './history.ts';
import { FIRST_WORKER, World } from './world.ts';

/*
 * Whatever happens in whatever order, with the scheduler's invariants checked after every event: in the end every wanted
 * future is finished, failed or cancelled for a reason that applies to it, and nothing is left once all is released.
 */

type Plan = Omit<Membership, 'initial'> | undefined;

/** What is known of the workers there will be. */
const plans = fc.constantFrom<Plan>(
  undefined,
  { replaced: false, more: 'none' },
  { replaced: true, more: 'none' },
  { replaced: true, more: 'alike' },
  { replaced: true, more: 'any' },
);

function play(history: readonly Step[], plan: Plan): void {
  const world = new World(plan && { initial: [FIRST_WORKER], ...plan });
  world.cluster.join(world.nextRank++);
  const { state } = world.cluster.scheduler;
  for (const step of history) {
    world.apply(step);
    for (const placement of state.classes.values()) {
      expect(placement.queued > 0 && state.members.verdict(placement) === 'impossible').toBe(false);
    }
  }
  finishEverything(world);
  checkNothingLeft(world);
}

// More of them: PAR_TEST_HISTORIES=20000, from another start: PAR_TEST_SEED.
const { PAR_TEST_HISTORIES = '400', PAR_TEST_SEED = '1' } = process.env;

test('random histories, the same in every run, keep every invariant and end with every future settled and nothing left', () => {
  const options = { numRuns: Number(PAR_TEST_HISTORIES), seed: Number(PAR_TEST_SEED) };
  fc.assert(fc.property(histories, plans, play), options);
}, 240_000);

test('so do some that are new; a failure says the seed', () => {
  fc.assert(fc.property(histories, plans, play), { numRuns: 30 });
});

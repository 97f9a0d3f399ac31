import { test } from 'vitest';
import { killOne } from './random-kill.ts';

test('20 random kills of launchers and ranks, at any moment of a job’s life, leave no process and no file', async () => {
  // Most of the time is waited: for the moment, and for the reaper's last look.
  const lane = async (): Promise<void> => {
    for (let i = 0; i < 5; i++) await killOne(Math.random, 3, 800);
  };
  await Promise.all([lane(), lane(), lane(), lane()]);
});

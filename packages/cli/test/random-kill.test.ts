import { test } from 'vitest';
import { killOne } from './random-kill.ts';

test('20 random kills of launchers and ranks, at any moment of a job’s life, leave no process and no file', async () => {
  for (let i = 0; i < 20; i++) await killOne(Math.random, 3, 800);
});

import { expect, test } from 'vitest';
import { SUM } from '../../src/index.ts';
import { onRanks } from '../topology/on-ranks.ts';

/** Without PAR_DEBUG the ranks compare nothing; what the messages give away must still lead to the cause. */
test('values that meet buffers in a collective are told as ranks that call different ones', async () => {
  const errors = await onRanks(2, async (world) => {
    const signal = AbortSignal.timeout(5000);
    const call = world.rank === 0 ? world.bcast('text', { signal }) : world.bcastInto(new Float64Array(2), { signal });
    return call.then(
      () => '',
      (error: Error & { code: string }) => `${error.code} ${error.message}`,
    );
  });
  expect(errors[1]).toMatch(/^PAR_MISMATCH .*PAR_DEBUG=1/);
  expect(errors[1]).not.toContain('receive it with');
});

test('buffers of different lengths in a collective are told as such', async () => {
  const errors = await onRanks(2, async (world) => {
    const signal = AbortSignal.timeout(500);
    const array = new Float64Array(world.rank === 0 ? 4 : 2);
    return world.allreduceInto(array, array.slice(), SUM, { signal }).then(
      () => '',
      (error: Error & { code: string }) => `${error.code} ${error.message}`,
    );
  });
  expect(errors.join('\n')).toMatch(/PAR_TRUNCATED .*PAR_DEBUG=1/);
  expect(errors.join('\n')).not.toContain('probe');
});

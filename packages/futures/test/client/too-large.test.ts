import { getHeapStatistics } from 'node:v8';
import { expect, it } from 'vitest';
import { checkFits } from '../../src/client/too-large.ts';

// Memory that nobody touches costs nothing.
const limit = getHeapStatistics().heap_size_limit;

it('a result whose strings and objects have no room in the heap is refused, with the task’s name', () => {
  expect(() => checkFits('sum-1', [new Uint8Array(limit)])).toThrow(
    expect.objectContaining({
      code: 'PAR_RESULT_TOO_LARGE',
      message: expect.stringMatching(/result of sum-1 .* heap/),
    }),
  );
});

it('typed arrays of any size have room', () => {
  checkFits('sum-1', [new Uint8Array(10), new Uint8Array(limit)]);
  checkFits('sum-1', [new Uint8Array(2 ** 27)]);
});

import type { EncodedValue } from '../protocol/index.ts';
import { FuturesError } from './errors.ts';

/** Smaller values are not worth a look at the heap. */
const LOOK_BYTES = 2 ** 26;
/** Part of what is left that a value may take: close to its end V8 does nothing but collect garbage. */
const SHARE = 0.9;

/**
 * Throws PAR_RESULT_TOO_LARGE for a value whose strings and objects, encoded in the first segment, have no room in what is
 * left of the heap: V8 ends a process that runs out of it. Typed arrays are outside of the heap.
 */
export function checkFits(label: string, [head]: EncodedValue): void {
  if (head === undefined || head.length < LOOK_BYTES) return;
  const { heap_size_limit: limit, used_heap_size: used } = process.getBuiltinModule('node:v8').getHeapStatistics();
  if (head.length <= SHARE * (limit - used)) return;
  const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  throw new FuturesError(
    'PAR_RESULT_TOO_LARGE',
    `the result of ${label} has ${megabytes(head.length)} of strings and objects, and of this process's heap of ${megabytes(limit)} only ${megabytes(limit - used)} are left; let another task reduce it first, keep numbers in typed arrays, or give Node more with --max-old-space-size`,
  );
}

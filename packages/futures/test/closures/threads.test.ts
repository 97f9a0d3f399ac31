import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import { expect, test, vi } from 'vitest';
import { capture, rebuild } from '../../src/closures/index.ts';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

test('worker threads rebuild functions, capture some of their own and send them back', async () => {
  const worker = new Worker(new URL('programs/thread.ts', import.meta.url), { execArgv: [] });
  try {
    const factor = 6;
    worker.postMessage(capture((x: number) => x * factor));
    const [answer] = await once(worker, 'message', { signal: AbortSignal.timeout(50_000) });
    expect(answer.product).toBe(42);
    const back = await rebuild<(x: number) => number[]>(answer.shipped);
    expect(back(1)).toEqual([42, 1]);
  } finally {
    await worker.terminate();
  }
});

test('what was captured can be collected', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const make = (): WeakRef<object> => {
    const held = { data: new Uint8Array(1_000_000) };
    let changing = 0;
    const fn = () => [held.data.length, changing];
    changing += 1;
    capture(fn);
    return new WeakRef(held);
  };
  const refs = Array.from({ length: 20 }, make);
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  expect(refs.filter((ref) => ref.deref() !== undefined).length).toBeLessThanOrEqual(1);
});

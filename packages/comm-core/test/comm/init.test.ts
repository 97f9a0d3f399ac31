import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';

test('init in a worker thread of a rank is refused, and says where to call it', async () => {
  const rank = { PAR_RANK: '0', PAR_SIZE: '2', PAR_RENDEZVOUS: 'unix:/nowhere', PAR_TRANSPORT: 'tcp' };
  const worker = new Worker(new URL('./programs/init-in-thread.ts', import.meta.url), {
    env: { PATH: process.env.PATH, ...rank },
  });
  const [answer] = await once(worker, 'message', { signal: AbortSignal.timeout(20_000) });
  expect(answer).toMatchObject({ code: 'PAR_ENVIRONMENT' });
  expect(answer.message).toContain('main thread');
  await worker.terminate();
});

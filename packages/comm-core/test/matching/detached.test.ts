import { expect, test } from 'vitest';
import { memoryTransports } from '../../src/memory/index.ts';
import { filled } from './hand-link.ts';

test('a receive whose memory was detached while it was pending says so, and takes its message; others go on', async () => {
  for (const bytes of [8, 1_000_000]) {
    const [a, b] = memoryTransports(2);
    const into = new Uint8Array(bytes);
    const received = b!.world.recvBuffer({ bytes: into, type: 'bytes' }, 0, 1);
    structuredClone(into.buffer, { transfer: [into.buffer] });
    const sent = a!.world.sendBuffer({ bytes: filled(bytes), type: 'bytes' }, 1, 1, false);
    await expect(received).rejects.toMatchObject({ code: 'PAR_BUFFER', message: expect.stringMatching(/detached/) });
    await sent;
    const next = b!.world.recvValue(0, 2);
    await a!.world.sendValue([filled(1)], 1, 2, false);
    expect((await next).bytes).toBe(1);
  }
}, 60_000);

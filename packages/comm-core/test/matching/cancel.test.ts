import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryTransports } from '../../src/memory/index.ts';
import { filled, HandNet, stateOf } from './hand-link.ts';

test('an unmatched receive, probe or mprobe is cancelled; what comes afterwards goes to others', async () => {
  const [a, b] = memoryTransports(2);
  const abort = new AbortController();
  const into = { bytes: filled(1), type: 'bytes' as const };
  const waits = [
    b!.world.recvValue(0, 1, abort.signal),
    b!.world.recvBuffer(into, -1, 1, abort.signal),
    b!.world.probe(0, 1, abort.signal),
    b!.world.mprobe(-1, -1, abort.signal),
  ];
  const reason = new Error('enough');
  abort.abort(reason);
  for (const wait of waits) {
    await expect(wait).rejects.toMatchObject({ code: 'PAR_CANCELLED', name: 'AbortError', cause: reason });
  }
  const received = b!.world.recvValue(0, 1);
  await a!.world.sendValue([filled(1)], 1, 1, false);
  expect((await received).bytes).toBe(1);
}, 60_000);

test('a deadline is PAR_TIMEOUT and names the operation', async () => {
  const [, b] = memoryTransports(2);
  await expect(b!.world.recvValue(0, 7, AbortSignal.timeout(5))).rejects.toMatchObject({
    code: 'PAR_TIMEOUT',
    name: 'TimeoutError',
    message: 'recv source=0 tag=7 on world: timed out',
  });
}, 60_000);

test('a signal that has fired already stops an operation before it starts, and takes no message', async () => {
  const [a, b] = memoryTransports(2);
  await a!.world.sendValue([filled(1)], 1, 0, false);
  await b!.world.probe(0, 0);
  await expect(b!.world.recvValue(0, 0, AbortSignal.abort())).rejects.toMatchObject({ code: 'PAR_CANCELLED' });
  await expect(a!.world.sendValue([filled(1)], 1, 0, false, AbortSignal.abort())).rejects.toMatchObject({
    code: 'PAR_CANCELLED',
  });
  await b!.world.recvValue(0, 0);
  expect(b!.world.iprobe(-1, -1)).toBeUndefined();
}, 60_000);

test('no listener stays on a signal once its operation has settled', async () => {
  const [a, b] = memoryTransports(2);
  const { signal } = new AbortController();
  for (const length of [1, 200_000]) {
    for (const sync of [false, true]) {
      const early = b!.world.recvValue(0, 0, signal);
      const first = a!.world.sendValue([filled(length)], 1, 0, sync, signal);
      await Promise.all([early, first]);
      const second = a!.world.sendValue([filled(length)], 1, 0, sync, signal);
      await b!.world.probe(0, 0, signal);
      const late = b!.world.recvBuffer({ bytes: filled(length), type: 'bytes' }, 0, 0, signal);
      await expect(late).rejects.toMatchObject({ code: 'PAR_MISMATCH' });
      await second;
    }
  }
  expect(getEventListeners(signal, 'abort')).toHaveLength(0);
}, 60_000);

test('cancelling a send races its match fairly: either the message was never there, or it is received whole', async () => {
  const steps = fc.array(fc.constantFrom('abort', 'recv', '0>1', '1>0'), { minLength: 1, maxLength: 14, size: 'max' });
  await fc.assert(
    fc.asyncProperty(steps, fc.constantFrom(8, 100_000), async (script, length) => {
      const net = new HandNet(2);
      const [a, b] = net.transports;
      const abort = new AbortController();
      const sent = a!.world.sendValue([filled(length)], 1, 0, true, abort.signal);
      // It may reject before the schedule ends.
      sent.catch(() => {});
      let receive: Promise<unknown> | undefined;
      for (const step of script) {
        if (step === 'abort') abort.abort();
        else if (step === 'recv') receive ??= b!.world.recvValue(0, 0);
        else net.step(Number(step[0]), Number(step[2]));
      }
      receive ??= b!.world.recvValue(0, 0);
      await net.settle();
      const outcome = await stateOf(sent);
      expect(await stateOf(receive)).toBe(outcome === 'fulfilled' ? 'fulfilled' : 'pending');
      if (outcome === 'rejected') {
        await expect(sent).rejects.toMatchObject({ code: 'PAR_CANCELLED' });
        const next = a!.world.sendValue([filled(length)], 1, 0, false);
        await net.settle();
        await Promise.all([next, receive]);
      } else {
        await sent;
      }
      expect([...a!.pending(), ...b!.pending()]).toEqual([]);
      expect(net.links.map(({ waits }) => waits.at(-1) ?? false)).toEqual([false, false]);
    }),
    { numRuns: 300 },
  );
}, 60_000);

test('a matched transfer cannot be cancelled by either side', async () => {
  const net = new HandNet(2);
  const [a, b] = net.transports;
  const abort = new AbortController();
  const sent = a!.world.sendValue([filled(2_000_000)], 1, 0, false, abort.signal);
  const received = b!.world.recvValue(0, 0, abort.signal);
  net.step(0, 1);
  net.step(1, 0);
  abort.abort();
  await net.settle();
  expect((await received).bytes).toBe(2_000_000);
  await sent;
}, 60_000);

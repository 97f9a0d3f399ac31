import { expect, test } from 'vitest';
import { memoryTransports } from '../../src/memory/index.ts';
import { ELEMENT_TYPES } from '../../src/transport/index.ts';
import { filled, isFilled } from './hand-link.ts';

const SIZES = [10, 100_000];

for (const length of SIZES) {
  for (const posted of [true, false]) {
    const [a, b] = memoryTransports(2);
    const name = `${length} bytes, ${posted ? 'posted' : 'unexpected'}`;
    const order = async <T>(send: () => Promise<void>, receive: () => Promise<T>): Promise<T> => {
      if (posted) {
        const received = receive();
        received.catch(() => {});
        await send();
        return received;
      }
      const sent = send();
      await b!.world.probe(0, 0);
      const received = receive();
      received.catch(() => {});
      await sent;
      return received;
    };

    test(`a message longer than the buffer is a TruncationError that consumes it and releases the sender (${name})`, async () => {
      const into = filled(length - 1, 0);
      const receive = order(
        () => a!.world.sendBuffer({ bytes: filled(length), type: 'float64' }, 1, 0, false),
        () => b!.world.recvBuffer({ bytes: into, type: 'float64' }, 0, 0),
      );
      await expect(receive).rejects.toMatchObject({ code: 'PAR_TRUNCATED', bytes: length, capacity: length - 1 });
      expect(isFilled(into, 0)).toBe(true);
      expect(b!.world.iprobe(-1, -1)).toBeUndefined();
    });

    test(`a shorter message leaves the rest of the buffer alone and counts whole elements (${name})`, async () => {
      const into = filled(length + 16, 9);
      const envelope = await order(
        () => a!.world.sendBuffer({ bytes: filled(length - 2), type: 'float64' }, 1, 0, false),
        () => b!.world.recvBuffer({ bytes: into, type: 'float64' }, 0, 0),
      );
      expect(envelope).toEqual({ source: 0, tag: 0, bytes: length - 2, count: Math.floor((length - 2) / 8) });
      expect(isFilled(into.subarray(length - 2), 9)).toBe(true);
      expect(isFilled(into.subarray(0, length - 2), 1)).toBe(true);
    });

    test(`a value met by a buffer receive, and the reverse, are MismatchErrors and the communicator goes on (${name})`, async () => {
      const bytes = filled(length);
      await expect(
        order(
          () => a!.world.sendValue([bytes], 1, 0, false),
          () => b!.world.recvBuffer({ bytes: new Uint8Array(length), type: 'bytes' }, 0, 0),
        ),
      ).rejects.toMatchObject({ code: 'PAR_MISMATCH' });
      await expect(
        order(
          () => a!.world.sendBuffer({ bytes, type: 'int32' }, 1, 0, false),
          () => b!.world.recvValue(0, 0),
        ),
      ).rejects.toMatchObject({ code: 'PAR_MISMATCH', message: expect.stringContaining('int32') });
      const next = b!.world.recvValue(0, 0);
      await a!.world.sendValue([bytes], 1, 0, true);
      expect((await next).bytes).toBe(length);
    });

    test(`element types must agree; raw bytes meet every type (${name})`, async () => {
      for (const sent of ELEMENT_TYPES) {
        for (const wanted of ELEMENT_TYPES) {
          const raw = [sent, wanted].some((type) => type === 'bytes' || type === 'uint8');
          const receive = order(
            () => a!.world.sendBuffer({ bytes: filled(length), type: sent }, 1, 0, false),
            () => b!.world.recvBuffer({ bytes: new Uint8Array(length), type: wanted }, 0, 0),
          );
          if (raw || sent === wanted) expect((await receive).bytes).toBe(length);
          else await expect(receive).rejects.toMatchObject({ code: 'PAR_MISMATCH' });
        }
      }
    });
  }
}

test('receive errors name the operation', async () => {
  const [a, b] = memoryTransports(2);
  void a!.world.sendBuffer({ bytes: filled(9), type: 'bytes' }, 1, 5, false);
  await expect(b!.world.recvBuffer({ bytes: filled(1), type: 'bytes' }, -1, 5)).rejects.toThrow(
    'recvInto source=0 tag=5 on world: the message has 9 bytes, the buffer 1',
  );
});

import { expect, test } from 'vitest';
import { memoryTransports } from '../../src/memory/index.ts';
import { filled, stateOf } from './hand-link.ts';

const bytes = (length: number): { bytes: Uint8Array; type: 'bytes' } => ({
  bytes: new Uint8Array(length),
  type: 'bytes',
});

test('iprobe sees nothing on a quiet communicator, then the oldest match, without taking it', async () => {
  const [a, b] = memoryTransports(2);
  expect(b!.world.iprobe(-1, -1)).toBeUndefined();
  const sent = a!.world.sendValue([filled(3), filled(4)], 1, 123, true);
  expect(await b!.world.probe(0, 123)).toEqual({ source: 0, tag: 123, bytes: 7 });
  expect(b!.world.iprobe(-1, -1)).toEqual({ source: 0, tag: 123, bytes: 7 });
  expect(b!.world.iprobe(0, 122)).toBeUndefined();
  expect(await stateOf(sent)).toBe('pending');
  await b!.world.recvValue(-1, -1);
  await sent;
});

test('a waiting probe leaves the message to the receive', async () => {
  const [a, b] = memoryTransports(2);
  const probes = [b!.world.probe(0, 5), b!.world.probe(-1, -1)];
  const other = b!.world.probe(0, 6);
  void a!.world.sendBuffer({ bytes: filled(100_000), type: 'int32' }, 1, 5, false);
  for (const probe of probes) expect(await probe).toEqual({ source: 0, tag: 5, bytes: 100_000 });
  expect(await stateOf(other)).toBe('pending');
  expect((await b!.world.recvBuffer({ bytes: filled(100_000), type: 'int32' }, 0, 5)).count).toBe(25_000);
  void a!.world.sendValue([filled(1)], 1, 6, false);
  await other;
});

for (const length of [8, 100_000]) {
  test(`a message taken by mprobe is no one else's, whenever it is received (${length} bytes)`, async () => {
    const [a, b] = memoryTransports(2);
    const waiting = b!.world.mprobe(-1, 1);
    void a!.world.sendBuffer({ bytes: filled(length), type: 'bytes' }, 1, 1, false);
    void a!.world.sendValue([filled(length, 2)], 1, 1, false);
    const first = await waiting;
    expect(first).toMatchObject({ kind: 'buffer', source: 0, tag: 1, bytes: length });
    await b!.world.probe(0, 1);
    const second = b!.world.improbe(0, -1)!;
    expect(second).toMatchObject({ kind: 'value', bytes: length });
    expect(b!.world.improbe(-1, -1)).toBeUndefined();
    expect((await second.recvValue()).segments[0]![0]).toBe(2);
    expect(await first.recvBuffer(bytes(length))).toEqual({ source: 0, tag: 1, bytes: length, count: length });
    await expect(first.recvBuffer(bytes(length))).rejects.toMatchObject({ code: 'PAR_ARGUMENT' });
  });

  test(`mprobe takes its place among the posted receives (${length} bytes)`, async () => {
    const [a, b] = memoryTransports(2);
    const before = b!.world.recvValue(0, 0);
    const probe = b!.world.mprobe(0, 0);
    const after = b!.world.recvValue(0, 0);
    for (let i = 0; i < 3; i++) void a!.world.sendValue([filled(length, i)], 1, 0, false);
    expect((await before).segments[0]![0]).toBe(0);
    expect((await after).segments[0]![0]).toBe(2);
    expect((await (await probe).recvValue()).segments[0]![0]).toBe(1);
  });

  test(`a synchronous send to mprobe settles when the message is received (${length} bytes)`, async () => {
    const [a, b] = memoryTransports(2);
    const sent = a!.world.sendValue([filled(length)], 1, 0, true);
    const matched = await b!.world.mprobe(0, 0);
    await expect(matched.recvBuffer(bytes(length))).rejects.toMatchObject({ code: 'PAR_MISMATCH' });
    await sent;
  });
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  CANCEL,
  CREDIT,
  CTS,
  DATA,
  EAGER,
  HeaderWriter,
  REFUSE,
  RELEASED,
  RTS,
  VALUE,
} from '../../src/matching/header.ts';
import { CREDIT_MESSAGES } from '../../src/matching/limits.ts';
import { filled, HandNet } from './hand-link.ts';

interface Fields {
  flags?: number;
  detail?: number;
  plane?: number;
  tag?: number;
  id?: number;
  length?: number;
  extra?: number;
}

const writer = new HeaderWriter();
function header(
  kind: number,
  { flags = 0, detail = 0, plane = 0, tag = 0, id = 0, length = 0, extra = 0 }: Fields,
): Uint8Array {
  return writer.write(kind, flags, detail, plane, tag, id, length, extra).slice();
}

function expectRefused(net: HandNet, kind: number, fields: Fields): void {
  let error: unknown;
  try {
    net.links[0]!.sink.begin(1, header(kind, fields), fields.length ?? 0);
  } catch (caught) {
    error = caught;
  }
  expect(error, JSON.stringify([kind, fields])).toMatchObject({ code: 'PAR_PROTOCOL' });
}

test('headers no par rank sends are refused', () => {
  const net = new HandNet(2);
  void net.transports[0]!.world.sendValue([filled(8)], 1, 0, true);
  const impossible: [number, Fields][] = [
    [0, {}],
    [8, {}],
    [255, {}],
    [EAGER, { length: 65_537 }],
    [EAGER, { flags: 8 }],
    [EAGER, { detail: 12 }],
    [EAGER, { tag: -1 }],
    [EAGER, { flags: VALUE, detail: 3, length: 11 }],
    [RTS, { length: 8, extra: 8 }],
    [RTS, { flags: VALUE, length: 7, extra: 8 }],
    [RTS, { flags: VALUE, length: 8 * 2 ** 22 + 8 }],
    [RTS, { flags: RELEASED, extra: 8 }],
    [RTS, { detail: 12, extra: 8 }],
    [RTS, { extra: -1 }],
    [RTS, { extra: 1.5 }],
    [RTS, { extra: 2 ** 53 }],
    [RTS, { extra: Number.NaN }],
    [CTS, { id: 77 }],
    [CTS, { id: 1 }],
    [CTS, { id: 1, flags: RELEASED, length: 1 }],
    [DATA, { id: 77, length: 1 }],
    [CREDIT, { id: 2, extra: 0 }],
    [CREDIT, { id: 0, extra: 9 }],
    [CREDIT, { id: 0, extra: -1 }],
    [CREDIT, { id: 0, extra: Number.NaN }],
    [REFUSE, { id: 77 }],
    [REFUSE, { id: 1, detail: 0 }],
    [REFUSE, { id: 1, detail: 4 }],
    [REFUSE, { id: 1, detail: 2, extra: 5 }],
    [CANCEL, { id: 1, length: 4 }],
  ];
  for (const [kind, fields] of impossible) expectRefused(net, kind, fields);
}, 60_000);

test('data outside what was announced is refused', async () => {
  const net = new HandNet(2);
  const receive = net.transports[0]!.world.recvValue(1, 0);
  const { sink } = net.links[0]!;
  const lengths = new Uint8Array(new Float64Array([10, 90_000]).buffer);
  sink.begin(1, header(RTS, { flags: VALUE, id: 5, length: 16, extra: 90_010 }), 16).set(lengths);
  sink.end(1);
  for (const [extra, length] of [
    [1, 9],
    [0, 11],
    [0, 90_010],
    [-1, 5],
    [0, 0],
    [Number.NaN, 5],
  ] as const) {
    expectRefused(net, DATA, { id: 5, extra, length });
  }
  expectRefused(net, RTS, { flags: VALUE, id: 5, length: 8, extra: 1 });
  net.links[0]!.deliver(1, header(DATA, { id: 5, length: 10 }), filled(10));
  expectRefused(net, DATA, { id: 5, extra: 0, length: 10 });
  expectRefused(net, DATA, { id: 5, extra: 10, length: 90_001 });
  net.links[0]!.deliver(1, header(DATA, { id: 5, extra: 10, length: 90_000 }), filled(90_000));
  expect((await receive).bytes).toBe(90_010);
  expectRefused(net, DATA, { id: 5, extra: 90_010, length: 1 });
}, 60_000);

test('a peer that sends more than its credit is refused', () => {
  const net = new HandNet(2);
  for (let i = 0; i < CREDIT_MESSAGES; i++) net.links[0]!.deliver(1, header(EAGER, {}), undefined);
  expectRefused(net, EAGER, {});
}, 60_000);

test('a message in a context its sender does not belong to is refused', async () => {
  const net = new HandNet(3);
  const deriving = [0, 2].map((rank) => net.transports[rank]!.world.derive([0, 2]));
  net.drain();
  await Promise.all(deriving);
  const plane = 3 * 2;
  expectRefused(net, EAGER, { plane });
  expectRefused(net, RTS, { plane: plane + 1, extra: 100_000 });
}, 60_000);

test('segment tables and lengths that do not add up fail the receive, not the rank', async () => {
  const net = new HandNet(2);
  const { world } = net.transports[0]!;
  const table = new Uint8Array(new Uint32Array([4, 100, 1, 1]).buffer);
  const eager = world.recvValue(1, 0);
  net.links[0]!.deliver(1, header(EAGER, { flags: VALUE, detail: 2, length: 16 }), table);
  await expect(eager).rejects.toMatchObject({ code: 'PAR_PROTOCOL' });
  for (const lengths of [
    [1, 2],
    [-1, 101],
    [0.5, 99.5],
    [Number.NaN, 100],
  ]) {
    const announced = world.recvValue(1, 0);
    const payload = new Uint8Array(new Float64Array(lengths).buffer);
    net.links[0]!.deliver(1, header(RTS, { flags: VALUE, id: 1, length: 16, extra: 100 }), payload);
    await expect(announced).rejects.toMatchObject({ code: 'PAR_PROTOCOL' });
  }
}, 60_000);

test('a value larger than any memory fails its receive and releases its sender', async () => {
  const net = new HandNet(2);
  const receive = net.transports[0]!.world.recvValue(1, 0);
  const payload = new Uint8Array(new Float64Array([2 ** 52]).buffer);
  net.links[0]!.deliver(1, header(RTS, { flags: VALUE, id: 1, length: 8, extra: 2 ** 52 }), payload);
  await expect(receive).rejects.toMatchObject({ code: 'PAR_BUFFER' });
  expect(net.links[0]!.queues[1]![0]!.header.subarray(0, 2)).toEqual(new Uint8Array([CTS, RELEASED]));
}, 60_000);

test('random headers either are refused or leave the rank working', async () => {
  const byte = fc.oneof(fc.constant(0), fc.constant(1), fc.nat(255));
  const frames = fc.array(fc.tuple(fc.nat(8), fc.uint8Array({ minLength: 31, maxLength: 31 }), fc.nat(40), byte), {
    maxLength: 20,
  });
  await fc.assert(
    fc.asyncProperty(frames, async (garbage) => {
      const net = new HandNet(2);
      const [a] = net.transports;
      const { sink } = net.links[0]!;
      for (const [kind, rest, length, fill] of garbage) {
        const bytes = new Uint8Array(32);
        bytes[0] = kind;
        bytes.set(rest, 1);
        if (fill < 200) bytes.fill(0, 4, 12);
        try {
          const memory = sink.begin(1, bytes, length);
          expect(memory.length).toBe(length);
          memory.fill(fill);
          sink.end(1);
        } catch (error) {
          expect(error).toMatchObject({ code: 'PAR_PROTOCOL' });
          sink.lost(1, error as Error);
          break;
        }
      }
      const self = a!.world.recvValue(0, 1_000_000);
      void a!.world.sendValue([filled(3)], 0, 1_000_000, false);
      net.drain();
      expect((await self).bytes).toBe(3);
    }),
    { numRuns: 300 },
  );
}, 60_000);

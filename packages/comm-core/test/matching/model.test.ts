import fc from 'fast-check';
import { expect, test } from 'vitest';
import { memoryTransports } from '../../src/memory/index.ts';
import type { EncodedMessage, MatchedMessage } from '../../src/transport/index.ts';
import { isFilled } from './hand-link.ts';

/*
 * Random schedules against the plainest model of MPI matching there is: per rank one list of posted receives and one
 * of unexpected messages, both searched from the front.
 */

type Command =
  | { do: 'send'; from: number; to: number; tag: number; kind: 'value' | 'buffer'; size: number; sync: boolean }
  | { do: 'recv'; at: number; source: number; tag: number; how: 'value' | 'buffer' | 'mprobe'; capacity: number }
  | { do: 'probe'; at: number; source: number; tag: number }
  | { do: 'cancelSend'; which: number }
  | { do: 'cancelRecv'; which: number }
  | { do: 'iprobe'; at: number; source: number; tag: number }
  | { do: 'flush' };

interface SendModel {
  from: number;
  to: number;
  tag: number;
  kind: 'value' | 'buffer';
  bytes: number;
  number: number;
  waits: boolean;
  fate: 'pending' | 'done' | 'cancelled';
  cancelling: boolean;
}
interface RecvModel {
  at: number;
  source: number;
  tag: number;
  how: 'value' | 'buffer' | 'mprobe' | 'probe';
  capacity: number;
  fate: string;
}

const EAGER_SIZES = [4, 100, 65536];
const RENDEZVOUS_SIZES = [65537, 200_000];
const ANY = -1;

class Model {
  readonly sends: SendModel[] = [];
  readonly recvs: RecvModel[] = [];
  readonly posted: RecvModel[][];
  readonly unexpected: SendModel[][];
  inFlight: (() => void)[] = [];

  constructor(size: number) {
    this.posted = Array.from({ length: size }, () => []);
    this.unexpected = Array.from({ length: size }, () => []);
  }

  oldest(at: number, source: number, tag: number): SendModel | undefined {
    return this.unexpected[at]!.find((m) => (source === ANY || source === m.from) && (tag === ANY || tag === m.tag));
  }

  send(send: SendModel): void {
    this.sends.push(send);
    this.inFlight.push(() => {
      const posted = this.posted[send.to]!;
      const match = posted.find(
        (r) =>
          r.how !== 'probe' && (r.source === ANY || r.source === send.from) && (r.tag === ANY || r.tag === send.tag),
      );
      if (match) {
        posted.splice(posted.indexOf(match), 1);
        this.match(match, send);
        return;
      }
      this.unexpected[send.to]!.push(send);
      for (const probe of [...posted]) {
        if (probe.how !== 'probe') continue;
        if (this.oldest(send.to, probe.source, probe.tag) !== send) continue;
        posted.splice(posted.indexOf(probe), 1);
        probe.fate = `probed ${send.number}`;
      }
    });
  }

  recv(recv: RecvModel): void {
    this.recvs.push(recv);
    const message = this.oldest(recv.at, recv.source, recv.tag);
    if (message === undefined) this.posted[recv.at]!.push(recv);
    else if (recv.how === 'probe') recv.fate = `probed ${message.number}`;
    else {
      this.unexpected[recv.at]!.splice(this.unexpected[recv.at]!.indexOf(message), 1);
      this.match(recv, message);
    }
  }

  match(recv: RecvModel, send: SendModel): void {
    if (send.fate === 'pending') send.fate = 'done';
    if (recv.how !== 'mprobe' && recv.how !== send.kind) recv.fate = 'PAR_MISMATCH';
    else if (recv.how === 'buffer' && send.bytes > recv.capacity) recv.fate = 'PAR_TRUNCATED';
    else recv.fate = `got ${send.number}`;
  }

  cancelSend(send: SendModel): void {
    if (!send.waits || send.fate !== 'pending' || send.cancelling) return;
    send.cancelling = true;
    this.inFlight.push(() => {
      const waiting = this.unexpected[send.to]!;
      if (!waiting.includes(send)) return;
      waiting.splice(waiting.indexOf(send), 1);
      send.fate = 'cancelled';
    });
  }

  cancelRecv(recv: RecvModel): void {
    const posted = this.posted[recv.at]!;
    if (!posted.includes(recv)) return;
    posted.splice(posted.indexOf(recv), 1);
    recv.fate = 'PAR_CANCELLED';
  }

  flush(): void {
    const now = this.inFlight;
    this.inFlight = [];
    for (const arrive of now) arrive();
  }
}

function commands(senders: number, size: number): fc.Arbitrary<Command[]> {
  const from = fc.nat(senders - 1);
  const at = fc.nat(size - 1);
  const tag = fc.nat(2);
  const source = fc.oneof(at, fc.constant(ANY));
  const anyTag = fc.oneof(tag, fc.constant(ANY));
  const bytes = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...EAGER_SIZES) },
    { weight: 1, arbitrary: fc.constantFrom(...RENDEZVOUS_SIZES) },
  );
  const kind = fc.oneof(
    { weight: 5, arbitrary: fc.constant('value' as const) },
    { weight: 2, arbitrary: fc.constant('buffer' as const) },
  );
  return fc.array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('send' as const),
          from,
          to: at,
          tag,
          kind,
          size: bytes,
          sync: fc.boolean(),
        }),
      },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('recv' as const),
          at,
          source,
          tag: anyTag,
          how: fc.oneof({ weight: 6, arbitrary: kind }, { weight: 1, arbitrary: fc.constant('mprobe' as const) }),
          capacity: fc.constantFrom(100, 300_000),
        }),
      },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('probe' as const), at, source, tag: anyTag }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('cancelSend' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('cancelRecv' as const), which: fc.nat() }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('iprobe' as const), at, source, tag: anyTag }) },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('flush' as const) }) },
    ),
    { maxLength: 80, size: 'max' },
  );
}

/** Everything in flight arrives: deliveries are microtasks, with an immediate every 256 of them. */
async function quiet(chunked: boolean): Promise<void> {
  for (let turn = 0; turn < (chunked ? 40 : 8); turn++) await new Promise((resolve) => setImmediate(resolve));
}

async function compare(script: readonly Command[], size: number, chunkBytes: number | undefined): Promise<void> {
  const transports = memoryTransports(size, { chunkBytes });
  const worlds = transports.map(({ world }) => world);
  const model = new Model(size);
  const fates: string[] = [];
  const sent: string[] = [];
  const sendAborts: AbortController[] = [];
  const recvAborts: AbortController[] = [];

  const payload = (number: number, bytes: number): Uint8Array => {
    const data = new Uint8Array(bytes).fill(number & 0xff);
    new DataView(data.buffer).setUint32(0, number, true);
    return data;
  };
  const numberOf = (data: Uint8Array, bytes: number): number => {
    const number = new DataView(data.buffer, data.byteOffset).getUint32(0, true);
    expect(isFilled(data.subarray(4, bytes), number & 0xff)).toBe(true);
    return number;
  };
  const codeOf = (error: unknown): string => (error as { code: string }).code;

  const doRecv = async (index: number, recv: RecvModel, signal: AbortSignal): Promise<void> => {
    const world = worlds[recv.at]!;
    const check = (envelope: { source: number; tag: number; bytes: number }, number: number): void => {
      const send = model.sends[number]!;
      expect(envelope).toMatchObject({ source: send.from, tag: send.tag, bytes: send.bytes });
      expect(send.to).toBe(recv.at);
    };
    const gotValue = (message: EncodedMessage): string => {
      const number = numberOf(message.segments[0]!, message.segments[0]!.length);
      check(message, number);
      return `got ${number}`;
    };
    const gotBuffer = async (matched?: MatchedMessage): Promise<string> => {
      const bytes = new Uint8Array(recv.how === 'mprobe' ? 300_000 : recv.capacity);
      const view = { bytes, type: 'bytes' as const };
      const envelope = await (matched
        ? matched.recvBuffer(view)
        : world.recvBuffer(view, recv.source, recv.tag, signal));
      const number = numberOf(bytes, envelope.bytes);
      check(envelope, number);
      return `got ${number}`;
    };
    try {
      if (recv.how === 'value') fates[index] = gotValue(await world.recvValue(recv.source, recv.tag, signal));
      else if (recv.how === 'buffer') fates[index] = await gotBuffer();
      else if (recv.how === 'probe') {
        const envelope = await world.probe(recv.source, recv.tag, signal);
        fates[index] = 'probed';
        const expected = model.sends[Number(recv.fate.split(' ')[1])]!;
        expect(envelope).toEqual({ source: expected.from, tag: expected.tag, bytes: expected.bytes });
      } else {
        const matched = await world.mprobe(recv.source, recv.tag, signal);
        fates[index] = matched.kind === 'value' ? gotValue(await matched.recvValue()) : await gotBuffer(matched);
      }
    } catch (error) {
      if (!codeOf(error)) throw error;
      fates[index] = codeOf(error);
    }
  };

  const running: Promise<void>[] = [];
  for (const command of script) {
    if (command.do === 'send') {
      const { from, to, tag, kind, sync } = command;
      const number = model.sends.length;
      const waits = sync || command.size > 65536;
      model.send({
        from,
        to,
        tag,
        kind,
        bytes: command.size,
        number,
        waits,
        fate: waits ? 'pending' : 'done',
        cancelling: false,
      });
      const abort = new AbortController();
      sendAborts.push(abort);
      sent.push('pending');
      const data = payload(number, command.size);
      const world = worlds[from]!;
      const done =
        kind === 'value'
          ? world.sendValue([data], to, tag, sync, abort.signal)
          : world.sendBuffer({ bytes: data, type: 'uint8' }, to, tag, sync, abort.signal);
      running.push(
        done.then(
          () => {
            sent[number] = 'done';
          },
          (error) => {
            expect(codeOf(error)).toBe('PAR_CANCELLED');
            sent[number] = 'cancelled';
          },
        ),
      );
    } else if (command.do === 'recv' || command.do === 'probe') {
      const how = command.do === 'probe' ? 'probe' : command.how;
      const capacity = command.do === 'probe' ? 0 : command.capacity;
      const recv: RecvModel = {
        at: command.at,
        source: command.source,
        tag: command.tag,
        how,
        capacity,
        fate: 'pending',
      };
      model.recv(recv);
      const abort = new AbortController();
      recvAborts.push(abort);
      fates.push('pending');
      running.push(doRecv(fates.length - 1, recv, abort.signal));
    } else if (command.do === 'cancelSend' && model.sends.length > 0) {
      const which = command.which % model.sends.length;
      model.cancelSend(model.sends[which]!);
      sendAborts[which]!.abort();
    } else if (command.do === 'cancelRecv' && model.recvs.length > 0) {
      const which = command.which % model.recvs.length;
      model.cancelRecv(model.recvs[which]!);
      recvAborts[which]!.abort();
    } else if (command.do === 'iprobe') {
      const found = worlds[command.at]!.iprobe(command.source, command.tag);
      const expected = model.oldest(command.at, command.source, command.tag);
      expect(found).toEqual(expected && { source: expected.from, tag: expected.tag, bytes: expected.bytes });
    } else if (command.do === 'flush') {
      model.flush();
      await quiet(chunkBytes !== undefined);
    }
  }
  model.flush();
  await quiet(chunkBytes !== undefined);
  model.flush();
  await quiet(chunkBytes !== undefined);
  expect(fates).toEqual(model.recvs.map(({ fate }) => (fate.startsWith('probed') ? 'probed' : fate)));
  expect(sent).toEqual(model.sends.map(({ fate }) => fate));
  // Whatever is left can be cancelled, and then nothing is pending.
  for (const abort of [...recvAborts, ...sendAborts]) abort.abort();
  await Promise.all(running);
  expect(transports.flatMap((transport) => transport.pending())).toEqual([]);
}

test('random schedules match as the reference model says', async () => {
  await fc.assert(
    fc.asyncProperty(commands(3, 3), (script) => compare(script, 3, undefined)),
    { numRuns: 200 },
  );
}, 60_000);

test('random schedules with payloads delivered in pieces match as the reference model says', async () => {
  await fc.assert(
    fc.asyncProperty(commands(1, 2), (script) => compare(script, 2, 20_000)),
    { numRuns: 100 },
  );
}, 60_000);

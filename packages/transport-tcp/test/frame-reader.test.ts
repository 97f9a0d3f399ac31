import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader } from '../src/link/frame-reader.ts';
import { headerOf, Inbox, numberOf } from './frame-job.ts';

interface Seen {
  readonly inbox: Inbox;
  readonly events: string[];
  readonly reader: FrameReader;
}

function newReader(): Seen {
  const inbox = new Inbox();
  const events: string[] = [];
  const reader = new FrameReader(3, inbox, {
    arrived: () => {},
    bye: () => events.push(`bye after ${inbox.frames.length}`),
    byeAcknowledged: () => events.push(`acknowledged after ${inbox.frames.length}`),
    aborted: (status, reason, lost) => events.push(`abort ${status} ${reason} ${lost}`),
    corrupt: (error) => events.push(`corrupt ${(error as { code?: string }).code}`),
  });
  return { inbox, events, reader };
}

/** Writes the stream as a socket would: never more than the reader's memory takes, at most the given number of bytes. */
function feed(reader: FrameReader, stream: Uint8Array, chunks: readonly number[]): void {
  let turn = 0;
  for (let at = 0; at < stream.length; ) {
    const target = reader.target();
    const bytes = Math.min(target.length, stream.length - at, chunks[turn++ % chunks.length]!);
    target.set(stream.subarray(at, at + bytes));
    at += bytes;
    reader.received(bytes);
  }
}

const control = (kind: number): Uint8Array => headerOf(0, kind);
const payloadOf = (number: number, length: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => number * 7 + index * 13);

test('frames come out whole and in order however the stream is cut', () => {
  const sizes = fc.array(fc.oneof(fc.nat(100), fc.nat(20_000), fc.constant(70_000)), { maxLength: 12 });
  const chunks = fc.array(fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 100_000 })), {
    minLength: 1,
    maxLength: 8,
  });
  fc.assert(
    fc.property(sizes, chunks, (lengths, cuts) => {
      const { inbox, events, reader } = newReader();
      const parts = lengths.flatMap((length, number) => [headerOf(number, length), payloadOf(number, length)]);
      feed(reader, Buffer.concat([...parts, control(-1)]), cuts);
      expect(inbox.frames.map(numberOf)).toEqual(lengths.map((_, number) => number));
      for (const [number, { source, payload }] of inbox.frames.entries()) {
        expect(source).toBe(3);
        expect(Buffer.compare(payload, payloadOf(number, lengths[number]!))).toBe(0);
      }
      expect(events).toEqual([`bye after ${lengths.length}`]);
    }),
    { numRuns: 60 },
  );
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, 1.5, 2 ** 53, -4, -0.5])(
  'a frame with the length %d cuts the stream, and nothing after it is delivered',
  (length) => {
    const { inbox, events, reader } = newReader();
    feed(reader, Buffer.concat([headerOf(0, 0), headerOf(1, length), headerOf(2, 0), control(-1)]), [1000]);
    expect(inbox.frames).toHaveLength(1);
    expect(events).toEqual(['corrupt PAR_PROTOCOL']);
  },
);

test('a header the receiver refuses cuts the stream', () => {
  const { inbox, events, reader } = newReader();
  inbox.begin = () => {
    throw Object.assign(new Error('no such kind'), { code: 'PAR_PROTOCOL' });
  };
  feed(reader, Buffer.concat([headerOf(0, 5), new Uint8Array(5), headerOf(1, 0)]), [7]);
  expect(inbox.frames).toEqual([]);
  expect(events).toEqual(['corrupt PAR_PROTOCOL']);
});

test('an abort carries its status, its reason and the loss behind it; a longer reason than the protocol allows cuts the stream', () => {
  const abort = (status: number, bytes: number, lost: number): Uint8Array => {
    const header = headerOf(0, -3);
    const view = new DataView(header.buffer);
    view.setInt32(0, status, true);
    view.setUint32(4, bytes, true);
    view.setInt32(8, lost, true);
    return header;
  };
  const good = newReader();
  feed(
    good.reader,
    Buffer.concat([abort(-5, 6, 2), Buffer.from('reason'), abort(7, 1, -1), Buffer.from('x'), headerOf(1, 0)]),
    [3],
  );
  expect(good.events).toEqual(['abort -5 reason 2', 'abort 7 x undefined']);
  expect(good.inbox.frames).toHaveLength(1);
  const bad = newReader();
  feed(bad.reader, Buffer.concat([abort(1, 4097, -1), new Uint8Array(100)]), [50]);
  expect(bad.events).toEqual(['corrupt PAR_PROTOCOL']);
});

import { SUM } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { ranksOf, sameBytes, tagged, taggedBytes } from '../tagged.ts';

const KIB = 1024;
const MIB = 1024 * KIB;
/** Lengths in bytes at which transports change from one way of sending to another. */
const BOUNDARIES = [
  2047,
  2048,
  2049,
  4095,
  4096,
  4097,
  64 * KIB - 1,
  64 * KIB,
  64 * KIB + 1,
  256 * KIB + 1,
  MIB - 1,
  MIB,
  MIB + 1,
];
const EVERYWHERE = ['world'] as const;

const boundaries: ConformanceCase = {
  name: 'buffers and arrays in values arrive whole at every length around 2 KiB, 4 KiB, 64 KiB and 1 MiB',
  on: ['world', 'split'],
  sizes: [1, 2, 3],
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of BOUNDARIES) {
      const buffer = new Uint8Array(length);
      const mine = taggedBytes(length, rank, dest, length);
      const expected = taggedBytes(length, source, rank, length);
      await comm.sendrecvInto(mine, buffer, { dest, source });
      t.ok(sameBytes(buffer, expected), `buffer of ${length} bytes`);
      const value = { ...tagged(rank, dest), data: [mine, mine.subarray(1)] };
      const got = await comm.sendrecv<typeof value>(value, { dest, source });
      t.ok(sameBytes(got.data[0]!, expected), `array of ${length} bytes`);
      t.ok(sameBytes(got.data[1]!, expected.subarray(1)), `array of ${length - 1} bytes beside it`);
      const text = 'é'.repeat(length / 2);
      t.equal((await comm.sendrecv<string>(text, { dest, source })).length, text.length, `text of ${length} bytes`);
    }
  },
};

const sixteenMiB: ConformanceCase = {
  name: 'messages of more than 16 MiB, both ways at once, arrive whole',
  on: EVERYWHERE,
  sizes: [2],
  deadlineMs: 60_000,
  async run(comm, t) {
    const { rank } = comm;
    const other = 1 - rank;
    const length = 17 * MIB + 3;
    const mine = taggedBytes(length, rank, other);
    const buffer = new Uint8Array(length);
    await comm.sendrecvInto(mine, buffer, { dest: other, source: other });
    const expected = taggedBytes(length, other, rank);
    t.ok(sameBytes(buffer, expected), 'the buffer');
    const got = await comm.sendrecv<Uint8Array>(mine, { dest: other, source: other });
    t.ok(sameBytes(got, expected), 'the value');
  },
};

const symmetric: ConformanceCase = {
  name: 'all ranks send a long message to all others before any of them receives',
  sizes: [2, 3, 4, 5],
  async run(comm, t) {
    const { rank, size } = comm;
    const length = 200_000;
    const sends = ranksOf(size).map((dest) => comm.sendBuffer(taggedBytes(length, rank, dest), { dest, tag: 1 }));
    for (const source of ranksOf(size)) {
      const buffer = new Uint8Array(length);
      await comm.recvInto(buffer, { source, tag: 1 });
      t.ok(sameBytes(buffer, taggedBytes(length, source, rank)), `from rank ${source}`);
    }
    await Promise.all(sends);
  },
};

const shortBesideLong: ConformanceCase = {
  name: 'a short message of another tag is received while a long one is under way',
  minSize: 2,
  sizes: [2, 3],
  async run(comm, t) {
    const { rank } = comm;
    const length = 4 * MIB;
    if (rank === 0) {
      const long = comm.sendBuffer(taggedBytes(length, 0, 1), { dest: 1, tag: 1 });
      await comm.send('short', { dest: 1, tag: 2 });
      await long;
    } else if (rank === 1) {
      const buffer = new Uint8Array(length);
      const long = comm.recvInto(buffer, { source: 0, tag: 1 });
      t.equal(await comm.recv({ source: 0, tag: 2 }), 'short', 'the short message');
      await long;
      t.ok(sameBytes(buffer, taggedBytes(length, 0, 1)), 'the long message');
    }
  },
};

const slowConsumer: ConformanceCase = {
  name: 'a receiver that comes late gets every message of several senders that ran ahead, in order',
  on: EVERYWHERE,
  sizes: [2, 3, 5],
  deadlineMs: 40_000,
  async run(comm, t) {
    const { rank, size } = comm;
    const [count, short, long] = [1500, 900, 70_000];
    const length = (i: number) => (i % 100 === 99 ? long : short);
    if (rank > 0) {
      const sends = ranksOf(count).map((i) => comm.sendBuffer(taggedBytes(length(i), rank, 0, i), { dest: 0, tag: 1 }));
      await comm.send('all posted', { dest: 0, tag: 2 });
      await Promise.all(sends);
    } else {
      const posted = await Promise.all(ranksOf(size - 1).map((i) => comm.recv({ source: i + 1, tag: 2 })));
      t.equal(posted.length, size - 1, 'senders that have posted everything');
      const buffer = new Uint8Array(long);
      for (let i = 0; i < count; i++) {
        for (let source = 1; source < size; source++) {
          const { bytes } = await comm.recvInto(buffer, { source, tag: 1 });
          t.equal(bytes, length(i), `length of message ${i} of rank ${source}`);
          const expected = taggedBytes(bytes, source, 0, i);
          t.ok(sameBytes(buffer.subarray(0, bytes), expected), `message ${i} of rank ${source}`);
        }
      }
    }
  },
};

const longCollectives: ConformanceCase = {
  name: 'collectives on a megabyte move and reduce every byte',
  on: EVERYWHERE,
  sizes: [2, 3, 4, 5],
  async run(comm, t) {
    const { rank, size } = comm;
    const length = MIB + 4;
    const root = size - 1;
    const buffer = taggedBytes(length, rank, 0);
    await comm.bcastInto(buffer, { root });
    t.ok(sameBytes(buffer, taggedBytes(length, root, 0)), 'bcastInto');
    const value = await comm.bcast(rank === root ? taggedBytes(length, rank, 1) : undefined, { root });
    t.ok(sameBytes(value!, taggedBytes(length, root, 1)), 'bcast');
    const elements = length / 4;
    const send = new Int32Array(elements).map((_, i) => i + rank);
    const recv = new Int32Array(elements);
    await comm.allreduceInto(send, recv, SUM);
    const sum = ranksOf(size).reduce((a, b) => a + b, 0);
    const total = new Int32Array(elements).map((_, i) => size * i + sum);
    t.ok(sameBytes(recv, total), 'allreduceInto');
    const all = new Uint8Array(size * length);
    await comm.allgatherInto(taggedBytes(length, rank, 2), all);
    for (const source of ranksOf(size)) {
      const part = all.subarray(source * length, (source + 1) * length);
      t.ok(sameBytes(part, taggedBytes(length, source, 2)), `allgatherInto, rank ${source}`);
    }
  },
};

export const large: readonly ConformanceCase[] = [
  boundaries,
  sixteenMiB,
  symmetric,
  shortBesideLong,
  slowConsumer,
  longCollectives,
];

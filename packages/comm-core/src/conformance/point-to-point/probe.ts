import { ANY_TAG, PROC_NULL } from '../../constants.ts';
import type { ConformanceCase } from '../case.ts';
import { ranksOf, tagged, taggedBytes } from '../tagged.ts';

const probeLeaves: ConformanceCase = {
  name: 'probe and iprobe report source and tag of a waiting message and leave it where it is',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    t.equal(comm.iprobe(), undefined, 'iprobe before anything was sent');
    await comm.barrier();
    const sent = comm.send(tagged(rank, dest), { dest, tag: 123, mode: 'synchronous' });
    for (const filter of [{}, { source }, { tag: 123 }, { source, tag: 123 }]) {
      const { source: from, tag, bytes } = await comm.probe(filter);
      t.equal([from, tag], [source, 123], 'probe');
      t.ok(bytes > 0, 'probe reports the size');
      t.equal(comm.iprobe(filter), { source, tag: 123, bytes }, 'iprobe');
    }
    t.equal(comm.iprobe({ tag: 124 }), undefined, 'iprobe of another tag');
    await t.unsettled(sent, 'the synchronous send of a probed message');
    await comm.barrier();
    t.equal(await comm.recv({ source, tag: 123 }), tagged(source, rank), 'the message');
    await sent;
    t.equal(comm.iprobe(), undefined, 'iprobe after it was received');
  },
};

const probeWaits: ConformanceCase = {
  name: 'probe waits for a message that comes later',
  async run(comm, t) {
    const { rank } = comm;
    const probing = comm.probe({ source: rank, tag: 2 });
    await comm.send('other', { dest: rank, tag: 1 });
    await t.unsettled(probing, 'a probe of another tag');
    await comm.send('mine', { dest: rank, tag: 2 });
    t.equal((await probing).tag, 2, 'the tag probed');
    t.equal(await comm.recv({ tag: 2 }), 'mine', 'the probed message');
    t.equal(await comm.recv({ tag: 1 }), 'other', 'the other message');
  },
};

const mprobeTakes: ConformanceCase = {
  name: 'a message taken by mprobe or improbe can be received by its holder alone, and once',
  async run(comm, t) {
    const { rank } = comm;
    t.equal(comm.improbe(), undefined, 'improbe before anything was sent');
    const sends = [1, 2, 3].map((i) => comm.send(tagged(rank, rank, i), { dest: rank, tag: 7 }));
    const first = await comm.mprobe({ source: rank, tag: 7 });
    await comm.probe({ tag: 7 });
    const second = comm.improbe({ tag: 7 });
    t.equal([first.source, first.tag], [rank, 7], 'the first message');
    t.equal([second?.source, second?.tag], [rank, 7], 'the second message');
    t.equal(await comm.recv({ source: rank, tag: 7 }), tagged(rank, rank, 3), 'what a receive gets');
    t.equal(comm.iprobe(), undefined, 'what is left to probe');
    t.equal(await second?.recv(), tagged(rank, rank, 2), 'the second message, received first');
    t.equal(await first.recv(), tagged(rank, rank, 1), 'the first message');
    let again: unknown;
    try {
      again = await first.recv();
    } catch (error) {
      again = error;
    }
    t.ok(again instanceof Error, 'a second receive of the same message is an error');
    await Promise.all(sends);
  },
};

const concurrentMprobes: ConformanceCase = {
  name: 'two mprobes waiting at once get one message each',
  async run(comm, t) {
    const { rank } = comm;
    const probes = [comm.mprobe({ source: rank }), comm.mprobe({ tag: 4 })];
    for (const i of [1, 2]) await comm.send(tagged(rank, rank, i), { dest: rank, tag: 4 });
    const got: unknown[] = [];
    for (const message of await Promise.all(probes)) got.push(await message.recv());
    t.equal(got, [tagged(rank, rank, 1), tagged(rank, rank, 2)], 'the messages');
  },
};

const probedBuffers: ConformanceCase = {
  name: 'the size probe reports makes a buffer that fits, for short and for long messages',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of [0, 10, 100_000]) {
      const sends = [1, 2].map((tag) => comm.sendBuffer(taggedBytes(length, rank, dest, tag), { dest, tag }));
      const { bytes } = await comm.probe({ source, tag: 1 });
      const into = new Uint8Array(bytes);
      await comm.recvInto(into, { source, tag: 1 });
      t.equal(into, taggedBytes(length, source, rank, 1), 'after probe');
      const message = await comm.mprobe({ source, tag: 2 });
      const buffer = new Uint8Array(message.bytes);
      t.equal(await message.recvInto(buffer), { source, tag: 2, bytes: length, count: length }, 'status of recvInto');
      t.equal(buffer, taggedBytes(length, source, rank, 2), 'after mprobe');
      await Promise.all(sends);
    }
  },
};

const bothWays: ConformanceCase = {
  name: 'synchronous sends both ways, received through mprobe, do not block each other',
  async run(comm, t) {
    const { rank, size } = comm;
    const sends = ranksOf(size).map((dest) =>
      comm.send({ ...tagged(rank, dest), data: taggedBytes(70_000, rank, dest) }, { dest, mode: 'synchronous' }),
    );
    for (const source of ranksOf(size)) {
      const message = await comm.mprobe({ source });
      const expected = { ...tagged(source, rank), data: taggedBytes(70_000, source, rank) };
      t.equal(await message.recv(), expected, `message of rank ${source}`);
    }
    await Promise.all(sends);
  },
};

const procNull: ConformanceCase = {
  name: 'probing PROC_NULL finds an empty message at once',
  async run(comm, t) {
    const empty = { source: PROC_NULL, tag: ANY_TAG, bytes: 0 };
    t.equal(await comm.probe({ source: PROC_NULL }), empty, 'probe');
    t.equal(comm.iprobe({ source: PROC_NULL }), empty, 'iprobe');
    for (const message of [await comm.mprobe({ source: PROC_NULL }), comm.improbe({ source: PROC_NULL })!]) {
      t.equal([message.source, message.tag, message.bytes], [PROC_NULL, ANY_TAG, 0], 'a probed message');
      t.equal(await message.recv(), undefined, 'its value');
    }
    const message = await comm.mprobe({ source: PROC_NULL });
    t.equal((await message.recvInto(new Int8Array(2))).count, 0, 'its count');
  },
};

export const probe: readonly ConformanceCase[] = [
  probeLeaves,
  probeWaits,
  mprobeTakes,
  concurrentMprobes,
  probedBuffers,
  bothWays,
  procNull,
];

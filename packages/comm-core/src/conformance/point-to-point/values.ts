import { ANY_SOURCE, ANY_TAG, PROC_NULL } from '../../constants.ts';
import type { ConformanceCase } from '../case.ts';
import { comparable, payloads } from '../payloads.ts';
import { ELEMENT_KINDS, ranksOf, tagged, taggedArray } from '../tagged.ts';

const MODES = ['standard', 'synchronous'] as const;

const chains: ConformanceCase[] = MODES.map((mode) => ({
  name: `a ${mode} send carries every kind of value unchanged along a chain of ranks`,
  async run(comm, t) {
    const { rank, size } = comm;
    const [source, dest] = size === 1 ? [0, 0] : [rank - 1, rank + 1];
    // All values are under way at once; each waits on a rank only for itself.
    const passed = payloads().map(async (payload, tag) => {
      const before = rank === 0 && size > 1 ? undefined : comm.recv({ source, tag });
      if (rank === 0) await comm.send(payload, { dest, tag, mode });
      const got = await before;
      if (before) t.equal(comparable(got), comparable(payload), `payload ${tag}`);
      if (rank > 0 && rank < size - 1) await comm.send(got, { dest, tag, mode });
    });
    await Promise.all(passed);
  },
}));

const byTag: ConformanceCase[] = MODES.map((mode) => ({
  name: `${mode} sends with tags 3, 2, 1 meet receives of tags 1, 2, 3 by tag`,
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    const sends = [3, 2, 1].map((tag) => comm.send(tagged(rank, dest, tag), { dest, tag, mode }));
    for (const tag of [1, 2, 3]) {
      t.equal(await comm.recv({ source, tag }), tagged(source, rank, tag), `tag ${tag}`);
    }
    await Promise.all(sends);
  },
}));

const ring: ConformanceCase = {
  name: 'a receive posted before the send settles with the message of its source',
  async run(comm, t) {
    const { rank, size } = comm;
    const receives = ranksOf(size).map((source) => comm.recv({ source, tag: 5 }));
    await Promise.all(ranksOf(size).map((dest) => comm.send(tagged(rank, dest), { dest, tag: 5 })));
    const got = await Promise.all(receives);
    t.equal(
      got,
      ranksOf(size).map((source) => tagged(source, rank)),
      'one message of every rank',
    );
  },
};

const toSelf: ConformanceCase = {
  name: 'a rank sends to itself before and after the receive is posted',
  async run(comm, t) {
    const { rank } = comm;
    const early = comm.recv({ source: rank, tag: 1 });
    await t.unsettled(early, 'a receive without a message');
    await comm.send(tagged(rank, rank, 1), { dest: rank, tag: 1 });
    t.equal(await early, tagged(rank, rank, 1), 'received by the posted receive');
    const sent = comm.send(tagged(rank, rank, 2), { dest: rank, tag: 1 });
    t.equal(await comm.recv({ source: rank, tag: 1 }), tagged(rank, rank, 2), 'received after the send');
    await sent;
  },
};

const race: ConformanceCase = {
  name: 'of three receives on three tags, the one whose message came settles, and no other',
  async run(comm, t) {
    const { rank } = comm;
    const waiting = new Map([1, 2, 3].map((tag) => [tag, comm.recvMessage({ source: rank, tag })]));
    for (const tag of [2, 3, 1]) {
      await comm.send(tagged(rank, rank, tag), { dest: rank, tag });
      const first = await Promise.race(waiting.values());
      t.equal(first.tag, tag, 'the first to settle');
      t.equal(first.value, tagged(rank, rank, tag), 'its value');
      waiting.delete(tag);
      for (const other of waiting.values()) await t.unsettled(other, 'a receive of another tag');
    }
  },
};

const sixToSelf: ConformanceCase = {
  name: 'six synchronous sends to self settle one by one, as each is received',
  async run(comm, t) {
    const { rank } = comm;
    let settled = 0;
    const sends = ranksOf(6).map((i) =>
      comm.send(tagged(rank, rank, i), { dest: rank, tag: i, mode: 'synchronous' }).then(() => {
        settled += 1;
      }),
    );
    await t.unsettled(Promise.race(sends), 'a synchronous send nobody received');
    for (const i of [0, 1, 2])
      t.equal(await comm.recv({ source: rank, tag: i }), tagged(rank, rank, i), `message ${i}`);
    await Promise.all(sends.slice(0, 3));
    t.equal(settled, 3, 'sends settled after three receives');
    await t.unsettled(Promise.race(sends.slice(3)), 'a synchronous send nobody received yet');
    for (const i of [5, 4, 3])
      t.equal(await comm.recv({ source: rank, tag: i }), tagged(rank, rank, i), `message ${i}`);
    await Promise.all(sends);
  },
};

const synchronous: ConformanceCase = {
  name: 'a synchronous send to another rank settles only once the receive matched it',
  minSize: 2,
  async run(comm, t) {
    if (comm.rank === 0) {
      const sent = comm.send('late', { dest: 1, tag: 1, mode: 'synchronous' });
      await comm.send('go on', { dest: 1, tag: 2 });
      // By now rank 1 has the message, and has not received it.
      await comm.recv({ source: 1, tag: 3 });
      await t.unsettled(sent, 'the send');
      await comm.send('receive it', { dest: 1, tag: 2 });
      await sent;
    } else if (comm.rank === 1) {
      await comm.recv({ source: 0, tag: 2 });
      await comm.probe({ source: 0, tag: 1 });
      await comm.send('it is here', { dest: 0, tag: 3 });
      await comm.recv({ source: 0, tag: 2 });
      t.equal(await comm.recv({ source: 0, tag: 1 }), 'late', 'the value');
    }
  },
};

const sendrecv: ConformanceCase = {
  name: 'sendrecv moves values round a ring, and nothing to and from PROC_NULL',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    const got = await comm.sendrecv(tagged(rank, dest), { dest, source, sendTag: 4, recvTag: 4 });
    t.equal(got, tagged(source, rank), "the neighbour's value");
    t.equal(await comm.sendrecv(undefined, { dest, source }), undefined, 'undefined');
    t.equal(await comm.sendrecv(null, { dest, source }), null, 'null');
    t.equal(await comm.sendrecv('lost', { dest: PROC_NULL, source: PROC_NULL }), undefined, 'both ends PROC_NULL');
    const line = { dest: rank + 1 < size ? rank + 1 : PROC_NULL, source: rank > 0 ? rank - 1 : PROC_NULL };
    const before = await comm.sendrecv(tagged(rank, rank + 1), line);
    t.equal(before, rank > 0 ? tagged(rank - 1, rank) : undefined, 'a line with PROC_NULL ends');
  },
};

const procNull: ConformanceCase = {
  name: 'PROC_NULL takes every send and gives an empty message to every receive',
  async run(comm, t) {
    for (const mode of MODES) await comm.send('nobody', { dest: PROC_NULL, tag: 3, mode });
    t.equal(await comm.recv({ source: PROC_NULL, tag: 3 }), undefined, 'recv');
    const empty = { value: undefined, source: PROC_NULL, tag: ANY_TAG, bytes: 0 };
    t.equal(await comm.recvMessage({ source: PROC_NULL }), empty, 'recvMessage');
  },
};

const envelope: ConformanceCase = {
  name: 'recvMessage without options says who sent what with which tag, in how many bytes',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const dest of ranksOf(size)) await comm.send(tagged(rank, dest, dest), { dest, tag: 40 + rank });
    const seen = new Set<number>();
    for (let i = 0; i < size; i++) {
      const { value, source, tag, bytes } = await comm.recvMessage({ source: ANY_SOURCE, tag: ANY_TAG });
      t.equal(value, tagged(source, rank, rank), `message of rank ${source}`);
      t.equal(tag, 40 + source, `tag of the message of rank ${source}`);
      t.ok(Number.isInteger(bytes) && bytes > 0, 'bytes is the size of the encoded value');
      seen.add(source);
    }
    t.equal(seen.size, size, 'ranks heard of');
  },
};

const ownership: ConformanceCase = {
  name: 'what a rank does to a value after its send settled, or after it received it, changes no other copy',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of [3, 20_000]) {
      const mine = { tag: tagged(rank, dest), data: new Float64Array(length).fill(rank) };
      const [received] = await Promise.all([
        comm.recv<typeof mine>({ source, tag: 1 }),
        comm.send(mine, { dest, tag: 1 }).then(() => {
          mine.tag.sequence = 99;
          mine.data.fill(-1);
        }),
      ]);
      t.equal(received, { tag: tagged(source, rank), data: new Float64Array(length).fill(source) }, 'received');
      received.data.fill(7);
      received.tag.source = 7;
      await comm.barrier();
      t.equal(mine.data[0], -1, 'the array of the sender');
      t.equal(mine.tag.source, rank, 'the object of the sender');
    }
  },
};

const manyArrays: ConformanceCase = {
  name: 'a value with arrays of every element type and of many lengths arrives with each at its place',
  async run(comm, t) {
    const { rank, size } = comm;
    const value = (source: number, dest: number) =>
      ELEMENT_KINDS.map((type, k) => ({
        name: type.name,
        arrays: [0, 1, 63, 64, 65, 1000].map((length) => taggedArray(type, length, source, dest, k + length)),
      }));
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    t.equal(await comm.sendrecv(value(rank, dest), { dest, source }), value(source, rank), 'the arrays');
  },
};

export const values: readonly ConformanceCase[] = [
  ...chains,
  ...byTag,
  ring,
  toSelf,
  race,
  sixToSelf,
  synchronous,
  sendrecv,
  procNull,
  envelope,
  ownership,
  manyArrays,
];

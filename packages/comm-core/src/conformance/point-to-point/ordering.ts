import type { ConformanceCase } from '../case.ts';
import { ranksOf, type Tagged, tagged, taggedBytes } from '../tagged.ts';

/** Lengths in bytes of consecutive messages: sent at once and announced first, in no pattern the receiver could rely on. */
const MIXED = [0, 70_000, 8, 65_536, 1, 65_537, 200, 90_000, 30, 30];

/** As many of them as a job of this size exchanges between all pairs in short time. */
function mixedLengths(size: number): readonly number[] {
  return size <= 5 ? MIXED : MIXED.slice(0, 4);
}

interface Load extends Tagged {
  data: Uint8Array;
}

const mixedValues: ConformanceCase = {
  name: 'values of mixed lengths overtake each other on no pair of ranks',
  async run(comm, t) {
    const { rank, size } = comm;
    const lengths = mixedLengths(size);
    const sends = ranksOf(size).flatMap((dest) =>
      lengths.map((length, i) =>
        comm.send({ ...tagged(rank, dest, i), data: new Uint8Array(length) } satisfies Load, { dest, tag: 1 }),
      ),
    );
    const next = ranksOf(size).map(() => 0);
    for (let i = 0; i < size * lengths.length; i++) {
      const { value, source } = await comm.recvMessage<Load>({ tag: 1 });
      const { data, ...tags } = value;
      t.equal(tags, tagged(source, rank, next[source]!), `the next message of rank ${source}`);
      t.equal(data.length, lengths[next[source]!], 'its length');
      next[source]! += 1;
    }
    t.equal(
      next,
      ranksOf(size).map(() => lengths.length),
      'messages of each rank',
    );
    await Promise.all(sends);
  },
};

const mixedBuffers: ConformanceCase = {
  name: 'buffers of mixed lengths are received in the order they were sent, from each source and with each tag',
  async run(comm, t) {
    const { rank, size } = comm;
    const tags = [3, 4];
    const lengths = mixedLengths(size);
    const sends = ranksOf(size).flatMap((dest) =>
      lengths.flatMap((length, i) =>
        tags.map((tag) => comm.sendBuffer(taggedBytes(length, rank, dest, i * 10 + tag), { dest, tag })),
      ),
    );
    // The second tag first, the last source first: everything else has to wait in its queue.
    for (const tag of [...tags].reverse()) {
      for (const source of ranksOf(size).reverse()) {
        for (const [i, length] of lengths.entries()) {
          const buffer = new Uint8Array(length);
          await comm.recvInto(buffer, { source, tag });
          const expected = taggedBytes(length, source, rank, i * 10 + tag);
          t.equal(buffer, expected, `message ${i} of rank ${source}, tag ${tag}`);
        }
      }
    }
    await Promise.all(sends);
  },
};

const postedInOrder: ConformanceCase = {
  name: 'receives match in the order they were posted, wildcards among them',
  async run(comm, t) {
    const { rank } = comm;
    const posted = [
      comm.recv({ source: rank, tag: 5 }),
      comm.recv(),
      comm.recv({ tag: 6 }),
      comm.recv({ source: rank }),
      comm.recv({ source: rank, tag: 5 }),
    ];
    for (const [i, tag] of [6, 5, 5, 6, 5].entries()) await comm.send(tagged(rank, rank, i), { dest: rank, tag });
    const got = (await Promise.all(posted)) as Tagged[];
    t.equal(
      got.map((value) => value.sequence),
      [1, 0, 3, 2, 4],
      'the message of each receive',
    );
  },
};

const arrivalOrder: ConformanceCase = {
  name: 'wildcard receives take waiting messages in the order they arrived',
  async run(comm, t) {
    const { rank } = comm;
    const tags = [9, 2, 5, 2, 9];
    for (const [i, tag] of tags.entries()) await comm.send(tagged(rank, rank, i), { dest: rank, tag });
    t.equal((await comm.recv<Tagged>({ tag: 5 })).sequence, 2, 'a receive of one tag takes its own');
    const order: number[] = [];
    for (let i = 0; i < 4; i++) order.push((await comm.recv<Tagged>()).sequence);
    t.equal(order, [0, 1, 3, 4], 'the others');
  },
};

const anySource: ConformanceCase = {
  name: 'a master serving ANY_SOURCE answers every worker as often as it asks',
  minSize: 2,
  async run(comm, t) {
    const { rank, size } = comm;
    const [ask, answer, rounds] = [1, 2, 6];
    if (rank === 0) {
      const asked = ranksOf(size).map(() => 0);
      for (let i = 0; i < rounds * (size - 1); i++) {
        const { value, source } = await comm.recvMessage<Tagged>({ tag: ask });
        t.equal(value, tagged(source, 0, asked[source]!), `question of rank ${source}`);
        await comm.send(tagged(0, source, asked[source]!), { dest: source, tag: answer });
        asked[source]! += 1;
      }
      t.equal(asked.slice(1), new Array(size - 1).fill(rounds), 'questions of each worker');
    } else {
      for (let i = 0; i < rounds; i++) {
        await comm.send(tagged(rank, 0, i), { dest: 0, tag: ask });
        t.equal(await comm.recv({ source: 0, tag: answer }), tagged(0, rank, i), `answer ${i}`);
      }
    }
  },
};

const notStarved: ConformanceCase = {
  name: 'a rank that floods another does not keep the messages of a third from ANY_SOURCE',
  minSize: 3,
  async run(comm, t) {
    const { rank } = comm;
    const flood = 200;
    if (rank === 1) {
      const sends = ranksOf(flood).map((i) => comm.send(tagged(1, 0, i), { dest: 0, tag: 1 }));
      // Rank 2 speaks when half of the flood has been received: rank 0 says so.
      await Promise.all(sends);
    } else if (rank === 2) {
      await comm.recv({ source: 0, tag: 3 });
      await comm.send(tagged(2, 0), { dest: 0, tag: 1, mode: 'synchronous' });
      await comm.send('done', { dest: 0, tag: 4 });
    } else if (rank === 0) {
      const from = [0, 0, 0];
      for (let i = 0; i < flood + 1; i++) {
        const { value, source } = await comm.recvMessage<Tagged>({ tag: 1 });
        t.equal(value, tagged(source, 0, from[source]!), 'the next message of its source');
        from[source]! += 1;
        if (i === flood / 2) await comm.send('speak', { dest: 2, tag: 3 });
      }
      t.equal(from, [0, flood, 1], 'messages of each rank');
      await comm.recv({ source: 2, tag: 4 });
    }
  },
};

const outOfOrderAwait: ConformanceCase = {
  name: 'many receives in flight settle whatever order they are awaited in',
  async run(comm, t) {
    const { rank, size } = comm;
    const count = 20;
    const keys = ranksOf(size).flatMap((peer) => ranksOf(count).map((i) => ({ peer, i })));
    const receives = keys.map(({ peer, i }) => comm.recv({ source: peer, tag: i }));
    const sends = [...keys].reverse().map(({ peer, i }) => comm.send(tagged(rank, peer, i), { dest: peer, tag: i }));
    for (let k = keys.length - 1; k >= 0; k--) {
      const { peer, i } = keys[k]!;
      t.equal(await receives[k], tagged(peer, rank, i), `tag ${i} of rank ${peer}`);
    }
    await Promise.all(sends);
  },
};

export const ordering: readonly ConformanceCase[] = [
  mixedValues,
  mixedBuffers,
  postedInOrder,
  arrivalOrder,
  anySource,
  notStarved,
  outOfOrderAwait,
];

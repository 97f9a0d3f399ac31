import type { ConformanceCase } from '../case.ts';
import { ranksOf, type Tagged, tagged } from '../tagged.ts';

const inOrder: ConformanceCase = {
  name: 'messages() yields what matches, in order, until the loop is left, and takes no more',
  async run(comm, t) {
    const { rank, size } = comm;
    const count = 4;
    const sends = ranksOf(size).flatMap((dest) =>
      ranksOf(count).map((i) => comm.send(tagged(rank, dest, i), { dest, tag: 3 })),
    );
    sends.push(comm.send('other tag', { dest: rank, tag: 4 }));
    const next = ranksOf(size).map(() => 0);
    let seen = 0;
    for await (const { value, source, tag } of comm.messages<Tagged>({ tag: 3 })) {
      t.equal(tag, 3, 'the tag');
      t.equal(value, tagged(source, rank, next[source]!), `the next message of rank ${source}`);
      next[source]! += 1;
      seen += 1;
      if (seen === size * count - 1) break;
    }
    const last = next.findIndex((n) => n < count);
    t.equal(await comm.recv({ tag: 3 }), tagged(last, rank, count - 1), 'the message after the loop was left');
    t.equal(await comm.recv({ tag: 4 }), 'other tag', 'the message of the other tag');
    await Promise.all(sends);
  },
};

const signalEnds: ConformanceCase = {
  name: 'messages() ends without an error when its signal fires, and the next message is not lost',
  async run(comm, t) {
    const { rank } = comm;
    const controller = new AbortController();
    const { signal } = controller;
    const got: unknown[] = [];
    await comm.send(1, { dest: rank, tag: 8 });
    for await (const { value } of comm.messages({ source: rank, tag: 8, signal })) {
      got.push(value);
      queueMicrotask(() => controller.abort());
    }
    t.equal(got, [1], 'messages before the signal');
    await comm.send(2, { dest: rank, tag: 8 });
    t.equal(await comm.recv({ source: rank, tag: 8 }), 2, 'the message after the signal');
    for await (const message of comm.messages({ signal })) t.ok(false, `a signal that has fired yields ${message.tag}`);
  },
};

export const messages: readonly ConformanceCase[] = [inOrder, signalEnds];

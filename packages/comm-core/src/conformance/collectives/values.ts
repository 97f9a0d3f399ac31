import type { ConformanceCase } from '../case.ts';
import { InFlight } from '../in-flight.ts';
import { comparable, payloads } from '../payloads.ts';
import { ranksOf, type Tagged, tagged } from '../tagged.ts';

const barrier: ConformanceCase = {
  name: 'barrier lets no rank go before the last has come',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const last of ranksOf(size)) {
      const others = ranksOf(size).filter((peer) => peer !== last);
      if (rank === last) {
        for (const peer of others) await comm.send('are you through?', { dest: peer, tag: 1 });
        for (const peer of others) await comm.recv({ source: peer, tag: 2 });
        await comm.barrier();
      } else {
        const through = comm.barrier();
        await comm.recv({ source: last, tag: 1 });
        await t.unsettled(through, `the barrier that rank ${last} has not reached`);
        await comm.send('still waiting', { dest: last, tag: 2 });
        await through;
      }
    }
  },
};

const bcast: ConformanceCase = {
  name: 'bcast gives every rank the value of each root',
  async run(comm, t) {
    const { rank, size } = comm;
    const calls = new InFlight(t);
    for (const root of ranksOf(size)) {
      calls.gives(comm.bcast(tagged(rank, rank), { root }), tagged(root, root), `from root ${root}`);
    }
    await calls.settle();
    t.equal(await comm.bcast(rank), 0, 'the default root is 0');
  },
};

const everyPayload: ConformanceCase = {
  name: 'bcast, gather, scatter, allgather and alltoall carry every kind of value',
  async run(comm, t) {
    const { rank, size } = comm;
    const all = payloads();
    const copies = ranksOf(size).map(() => comparable(all));
    const seen = (got: unknown) => (got as unknown[][] | undefined)?.map((list) => list.map(comparable));
    const expected = copies.map((list) => (list as unknown[]).map(comparable));
    const root = size - 1;
    const got = await comm.bcast(rank === root ? all : undefined, { root });
    t.equal(got?.map(comparable), all.map(comparable), 'bcast');
    t.equal(seen(await comm.gather(all, { root })), rank === root ? expected : undefined, 'gather');
    const mine = await comm.scatter(rank === root ? ranksOf(size).map(() => all) : undefined, { root });
    t.equal(mine.map(comparable), all.map(comparable), 'scatter');
    t.equal(seen(await comm.allgather(all)), expected, 'allgather');
    t.equal(seen(await comm.alltoall(ranksOf(size).map(() => all))), expected, 'alltoall');
  },
};

const gather: ConformanceCase = {
  name: 'gather gives each root the values in rank order, and the others undefined',
  async run(comm, t) {
    const { rank, size } = comm;
    const calls = new InFlight(t);
    for (const root of ranksOf(size)) {
      const expected = ranksOf(size).map((source) => tagged(source, root));
      const gathered = comm.gather(tagged(rank, root), { root });
      calls.gives(gathered, rank === root ? expected : undefined, `root ${root}`);
    }
    await calls.settle();
  },
};

const scatter: ConformanceCase = {
  name: 'scatter gives every rank its own value of the list of each root',
  async run(comm, t) {
    const { rank, size } = comm;
    const calls = new InFlight(t);
    for (const root of ranksOf(size)) {
      const values = rank === root ? ranksOf(size).map((dest) => tagged(root, dest)) : undefined;
      calls.gives(comm.scatter(values, { root }), tagged(root, rank), `root ${root}`);
    }
    await calls.settle();
    const ignored = await comm.scatter([...ranksOf(size).keys()].map((dest) => tagged(rank, dest)));
    t.equal(ignored, tagged(0, rank), 'lists of ranks that are not the root are ignored');
  },
};

const allgather: ConformanceCase = {
  name: 'allgather gives every rank all values in rank order, whatever their sizes',
  async run(comm, t) {
    const { rank, size } = comm;
    const value = (source: number) => ({ ...tagged(source, -1), text: 'x'.repeat(source * 50) });
    t.equal(await comm.allgather(value(rank)), ranksOf(size).map(value), 'values of growing size');
    const uneven = (source: number) => new Float64Array(source % 2 ? 12_000 : 1).fill(source);
    t.equal(await comm.allgather(uneven(rank)), ranksOf(size).map(uneven), 'arrays, long on odd ranks');
  },
};

const alltoall: ConformanceCase = {
  name: 'alltoall gives rank i the i-th value of every rank, whatever their sizes',
  async run(comm, t) {
    const { rank, size } = comm;
    const value = (source: number, dest: number) => ({
      ...tagged(source, dest),
      data: new Uint8Array((source + dest) % 3 === 0 ? 70_000 : source).fill(dest),
    });
    const got = await comm.alltoall(ranksOf(size).map((dest) => value(rank, dest)));
    t.equal(
      got,
      ranksOf(size).map((source) => value(source, rank)),
      'the values',
    );
  },
};

const independent: ConformanceCase = {
  name: 'no two ranks share what a collective gave them, nor a root with its receivers',
  async run(comm, t) {
    const { rank, size } = comm;
    const mine = new Float64Array([rank, 1, 2]);
    const results = [
      await comm.bcast(mine, { root: 0 }),
      ...(await comm.allgather(mine)),
      await comm.scatter(ranksOf(size).map(() => mine)),
      ...(await comm.alltoall(ranksOf(size).map(() => mine))),
      await comm.allreduce(mine, (a, b) => Float64Array.from(a, (x, i) => Math.max(x, b[i]!))),
    ];
    await comm.barrier();
    const copies = results.map((array) => array.slice());
    for (const array of results) if (array !== mine) array.fill(-1 - rank);
    await comm.barrier();
    for (const [i, array] of results.entries()) {
      if (array !== mine) t.equal(array, copies[i]!.fill(-1 - rank), `result ${i} after the others changed theirs`);
    }
    await comm.barrier();
  },
};

const longSequence: ConformanceCase = {
  name: 'a long sequence of collectives with changing roots stays in step',
  async run(comm, t) {
    const { rank, size } = comm;
    for (let i = 0; i < 25; i++) {
      const root = (i * 7) % size;
      t.equal(await comm.bcast(rank === root ? i : -1, { root }), i, `bcast ${i}`);
      const gathered = await comm.gather<Tagged>(tagged(rank, root, i), { root });
      if (rank === root) t.equal(gathered?.at(-1), tagged(size - 1, root, i), `gather ${i}`);
      t.equal(await comm.allreduce(i, (a, b) => a + b), i * size, `allreduce ${i}`);
    }
  },
};

export const collectiveValues: readonly ConformanceCase[] = [
  barrier,
  bcast,
  everyPayload,
  gather,
  scatter,
  allgather,
  alltoall,
  independent,
  longSequence,
];

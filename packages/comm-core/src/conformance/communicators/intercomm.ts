import type { Communicator } from '../../comm/communicator.ts';
import type { Intercommunicator } from '../../comm/intercommunicator.ts';
import { PROC_NULL, ROOT, SUM } from '../../index.ts';
import type { ConformanceCase, Tools } from '../case.ts';
import { ranksOf, tagged } from '../tagged.ts';

/** Both halves of a communicator, joined. `first` is true for the ranks of the lower half. */
interface Halves {
  readonly local: Communicator;
  readonly inter: Intercommunicator;
  readonly first: boolean;
}

async function makeHalves(comm: Communicator): Promise<Halves> {
  const { rank, size } = comm;
  const middle = Math.floor(size / 2);
  const first = rank < middle;
  const local = (await comm.split({ color: first ? 0 : 1, key: rank }))!;
  const inter = await local.intercomm({ localLeader: 0, bridge: comm, remoteLeader: first ? middle : 0, tag: 3 });
  return { local, inter, first };
}

/** The halves of a communicator, which cases about what goes on between them share: many ranks take long to make them. */
const shared = new WeakMap<Communicator, Promise<Halves>>();

function halvesOf(comm: Communicator): Promise<Halves> {
  const made = shared.get(comm) ?? makeHalves(comm);
  shared.set(comm, made);
  return made;
}

/** Calls `use` for every root of both groups with the root argument of this rank, and who the root is. */
async function forEachRoot(
  { inter, first }: Halves,
  use: (root: number, at: { mine: boolean; here: boolean; rank: number }) => Promise<void>,
): Promise<void> {
  for (const rootIsFirst of [true, false]) {
    const here = first === rootIsFirst;
    for (const rank of ranksOf(here ? inter.size : inter.remoteSize)) {
      const mine = here && inter.rank === rank;
      await use(mine ? ROOT : here ? PROC_NULL : rank, { mine, here, rank });
    }
  }
}

function intercommCase(name: string, run: (halves: Halves, t: Tools) => Promise<void>): ConformanceCase {
  return { name, minSize: 2, run: async (comm, t) => run(await halvesOf(comm), t) };
}

const sizes: ConformanceCase = {
  name: 'an intercommunicator knows both of its groups, and is freed like any communicator',
  minSize: 2,
  async run(comm, t) {
    const { local, inter } = await makeHalves(comm);
    t.equal([inter.rank, inter.size], [local.rank, local.size], 'the local group');
    t.equal([...inter.group.ranks], [...local.group.ranks], 'its members');
    const both = [...inter.group.ranks, ...inter.remoteGroup.ranks];
    t.equal(both.length, comm.size, 'the members of both groups');
    t.equal(new Set(both), new Set(comm.group.ranks), 'the ranks of the communicator, none twice');
    t.equal(inter.remoteGroup.ranks.length, inter.remoteSize, 'the remote group');
    await inter.free();
    await local.free();
    await t.rejects((async () => inter.barrier())(), 'PAR_FREED', 'barrier of the freed one');
  },
};

const messages = intercommCase('messages go to the ranks of the remote group', async ({ inter }, t) => {
  const peers = ranksOf(inter.remoteSize);
  const sends = peers.map((dest) => inter.send(tagged(inter.rank, dest), { dest, tag: 4 }));
  for (const source of [...peers].reverse()) {
    t.equal(await inter.recv({ source, tag: 4 }), tagged(source, inter.rank), `message of remote rank ${source}`);
  }
  await Promise.all(sends);
  const buffers = peers.map((dest) => inter.sendBuffer(Int32Array.of(inter.rank, dest), { dest, tag: 5 }));
  for (const source of peers) {
    const into = new Int32Array(2);
    const status = await inter.recvInto(into, { source, tag: 5 });
    t.equal([status.source, ...into], [source, source, inter.rank], `buffer of remote rank ${source}`);
  }
  await Promise.all(buffers);
  await t.refuses(() => inter.send(1, { dest: inter.remoteSize }), 'PAR_RANK', 'a rank the remote group does not have');
});

const rooted = intercommCase('bcast, gather, scatter and reduce go both ways, from each root', async (halves, t) => {
  const { inter } = halves;
  const everyone = ranksOf(inter.remoteSize);
  await forEachRoot(halves, async (root, { mine, here, rank }) => {
    const what = `root ${rank} of ${here ? 'this' : 'the other'} group`;
    const got = await inter.bcast(mine ? tagged(rank, -1) : undefined, { root });
    if (!here) t.equal(got, tagged(rank, -1), `bcast, ${what}`);
    const gathered = await inter.gather(here ? undefined : tagged(inter.rank, rank), { root });
    t.equal(gathered, mine ? everyone.map((source) => tagged(source, rank)) : undefined, `gather, ${what}`);
    const values = mine ? everyone.map((dest) => tagged(rank, dest)) : undefined;
    const part = await inter.scatter(values, { root });
    if (!here) t.equal(part, tagged(rank, inter.rank), `scatter, ${what}`);
    const text = await inter.reduce(here ? '' : `${inter.rank}.`, (a, b) => a + b, { root });
    t.equal(text, mine ? everyone.map((r) => `${r}.`).join('') : undefined, `reduce, ${what}`);
  });
});

const rootedBuffers = intercommCase(
  'bcastInto, gatherInto, scatterInto and reduceInto go both ways',
  async (halves, t) => {
    const { inter } = halves;
    const everyone = ranksOf(inter.remoteSize);
    await forEachRoot(halves, async (root, { mine, here, rank }) => {
      const what = `root ${rank} of ${here ? 'this' : 'the other'} group`;
      const buffer = Int32Array.of(mine ? rank : -1, mine ? 5 : -1);
      await inter.bcastInto(buffer, { root });
      t.equal(buffer, here && !mine ? Int32Array.of(-1, -1) : Int32Array.of(rank, 5), `bcastInto, ${what}`);
      const gathered = new Int32Array(inter.remoteSize);
      await inter.gatherInto(Int32Array.of(inter.rank * 3), mine ? gathered : undefined, { root });
      if (mine)
        t.equal(
          gathered,
          Int32Array.from(everyone, (r) => r * 3),
          `gatherInto, ${what}`,
        );
      const part = new Int32Array(1);
      await inter.scatterInto(mine ? Int32Array.from(everyone, (r) => r * 7) : undefined, part, { root });
      if (!here) t.equal(part, Int32Array.of(inter.rank * 7), `scatterInto, ${what}`);
      const sum = new Int32Array(1);
      await inter.reduceInto(Int32Array.of(inter.rank + 1), mine ? sum : undefined, SUM, { root });
      if (mine)
        t.equal(
          sum[0],
          everyone.reduce((s, r) => s + r + 1, 0),
          `reduceInto, ${what}`,
        );
    });
  },
);

const everyoneCase = intercommCase(
  'barrier, allgather, alltoall, allreduce and reduceScatter exchange with the remote group',
  async ({ inter, first }, t) => {
    const { rank } = inter;
    const remote = ranksOf(inter.remoteSize);
    const side = first ? 'first' : 'second';
    const other = first ? 'second' : 'first';
    await inter.barrier();
    t.equal(
      await inter.allgather({ side, rank }),
      remote.map((r) => ({ side: other, rank: r })),
      'allgather',
    );
    const values = remote.map((dest) => ({ side, ...tagged(rank, dest) }));
    t.equal(
      await inter.alltoall(values),
      remote.map((source) => ({ side: other, ...tagged(source, rank) })),
      'alltoall',
    );
    t.equal(
      await inter.allreduce(`${side}${rank}`, (a, b) => a + b),
      remote.map((r) => other + r).join(''),
      'allreduce',
    );
    t.equal(await inter.allreduce(first ? 1 : 100, SUM), inter.remoteSize * (first ? 100 : 1), 'allreduce SUM');
    const into = new Int32Array(inter.remoteSize);
    await inter.allgatherInto(Int32Array.of(rank * 2), into);
    t.equal(
      into,
      Int32Array.from(remote, (r) => r * 2),
      'allgatherInto',
    );
    const crossed = new Int32Array(inter.remoteSize);
    await inter.alltoallInto(
      Int32Array.from(remote, (dest) => rank * 10 + dest),
      crossed,
    );
    t.equal(
      crossed,
      Int32Array.from(remote, (source) => source * 10 + rank),
      'alltoallInto',
    );
    const sum = new Int32Array(1);
    await inter.allreduceInto(Int32Array.of(rank + 1), sum, SUM);
    t.equal(
      sum[0],
      remote.reduce((s, r) => s + r + 1, 0),
      'allreduceInto',
    );
  },
);

const merge = intercommCase('merge puts the group that says high last', async ({ inter, first }, t) => {
  for (const high of [true, false]) {
    const whole = await inter.merge({ high: first === high });
    t.equal(whole.size, inter.size + inter.remoteSize, 'the size');
    const expected = first !== high ? inter.rank : inter.remoteSize + inter.rank;
    t.equal(whole.rank, expected, 'the rank');
    t.equal(await whole.allgather(whole.rank), ranksOf(whole.size), 'a collective of all');
    await whole.free();
  }
});

const badRoots = intercommCase('a root that is no remote rank, ROOT or PROC_NULL is refused', async ({ inter }, t) => {
  for (const root of [inter.remoteSize, -inter.remoteSize - 10, 0.5, Number.NaN]) {
    await t.refuses(() => inter.bcast(1, { root }), 'PAR_RANK', `bcast with root ${root}`);
    await t.refuses(() => inter.gather(1, { root }), 'PAR_RANK', `gather with root ${root}`);
    await t.refuses(() => inter.reduce(1, SUM, { root }), 'PAR_RANK', `reduce with root ${root}`);
  }
  await inter.barrier();
});

const dup = intercommCase('a duplicate of an intercommunicator has messages of its own', async ({ inter }, t) => {
  const twin = await inter.dup();
  t.equal([twin.rank, twin.size, twin.remoteSize], [inter.rank, inter.size, inter.remoteSize], 'rank and sizes');
  const peers = ranksOf(inter.remoteSize);
  const sends = peers.flatMap((dest) => [inter.send('original', { dest }), twin.send('twin', { dest })]);
  for (const source of peers) {
    t.equal(await twin.recv({ source }), 'twin', 'on the duplicate');
    t.equal(await inter.recv({ source }), 'original', 'on the original');
  }
  await Promise.all(sends);
  await twin.free();
});

export const intercomm: readonly ConformanceCase[] = [
  sizes,
  messages,
  rooted,
  rootedBuffers,
  everyoneCase,
  merge,
  badRoots,
  dup,
];

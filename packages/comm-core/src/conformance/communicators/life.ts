import { SUM, UNDEFINED } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { ranksOf, tagged } from '../tagged.ts';

const identity: ConformanceCase = {
  name: 'a communicator knows its rank, size, group, transport, name and host',
  async run(comm, t) {
    const { rank, size } = comm;
    t.ok(Number.isInteger(rank) && rank >= 0 && rank < size, 'the rank is one of the size');
    t.equal(await comm.allgather(rank), ranksOf(size), 'every rank occurs once');
    t.equal(comm.group.ranks.length, size, 'members of the group');
    t.equal(new Set(comm.group.ranks).size, size, 'different members of the group');
    t.equal(await comm.bcast([...comm.group.ranks]), [...comm.group.ranks], 'the group is the same everywhere');
    t.ok(typeof comm.transport === 'string' && comm.transport.length > 0, 'the transport has a name');
    t.ok(typeof comm.processorName === 'string' && comm.processorName.length > 0, 'the host has a name');
    const dup = await comm.dup();
    const name = dup.name;
    dup.name = 'renamed';
    t.equal(dup.name, 'renamed', 'the new name');
    t.ok(name !== 'renamed' && comm.name !== 'renamed', 'the name of the other');
    await dup.free();
  },
};

const dup: ConformanceCase = {
  name: 'a duplicate has the same ranks, is congruent, and its messages are its own',
  async run(comm, t) {
    const { rank, size } = comm;
    const twin = await comm.dup();
    t.equal([twin.rank, twin.size], [rank, size], 'rank and size');
    t.equal(twin.compare(comm), 'congruent', 'compared with the original');
    t.equal(twin.compare(twin), 'ident', 'compared with itself');
    t.equal(twin.iprobe(), undefined, 'a message before any was sent');
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    const onTwin = twin.recv({ source, tag: 1 });
    await comm.send(tagged(rank, dest, 1), { dest, tag: 1 });
    t.equal(await comm.recv({ source, tag: 1 }), tagged(source, rank, 1), 'on the original');
    await t.unsettled(onTwin, 'the receive on the duplicate');
    await comm.barrier();
    await twin.send(tagged(rank, dest, 2), { dest, tag: 1 });
    t.equal(await onTwin, tagged(source, rank, 2), 'on the duplicate');
    const second = await twin.dup();
    t.equal(await second.allreduce(rank, SUM), (size * (size - 1)) / 2, 'a duplicate of the duplicate');
    await second.free();
    await twin.free();
  },
};

const split: ConformanceCase = {
  name: 'split makes one communicator per color, ranked by key and then by old rank',
  async run(comm, t) {
    const { rank, size } = comm;
    const whole = (await comm.split({ color: 42, key: rank }))!;
    t.equal([whole.rank, whole.size], [rank, size], 'one color');
    const reversed = (await comm.split({ color: 0, key: -rank }))!;
    t.equal(reversed.rank, size - 1 - rank, 'reversed keys');
    t.equal(reversed.compare(comm), size === 1 ? 'congruent' : 'similar', 'the reversed one compared');
    const alone = (await comm.split({ color: rank }))!;
    t.equal([alone.rank, alone.size], [0, 1], 'a color for each');
    t.equal(await alone.allgather(rank), [rank], 'alone');
    const thirds = (await comm.split({ color: rank % 3, key: 1 }))!;
    const members = ranksOf(size).filter((r) => r % 3 === rank % 3);
    t.equal(await thirds.allgather(rank), members, 'equal keys keep the order');
    t.equal(await reversed.allgather(rank), ranksOf(size).reverse(), 'reversed members');
    t.equal(
      [...thirds.group.ranks],
      members.map((r) => comm.group.ranks[r]),
      'the group of the part',
    );
    for (const made of [whole, reversed, alone, thirds]) await made.free();
  },
};

const undefinedColor: ConformanceCase = {
  name: 'ranks that split with color UNDEFINED get no communicator',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const only of ranksOf(size)) {
      const part = await comm.split({ color: rank === only ? 1 : UNDEFINED });
      t.equal(part?.size, rank === only ? 1 : undefined, `rank ${only} alone`);
      await part?.free();
    }
    t.equal(await comm.split({ color: UNDEFINED }), undefined, 'nobody');
  },
};

const splitByHost: ConformanceCase = {
  name: 'splitByHost joins the ranks that run on one host, by key',
  async run(comm, t) {
    const { rank, size } = comm;
    const hosts = await comm.allgather(comm.processorName);
    const neighbours = ranksOf(size).filter((r) => hosts[r] === hosts[rank]);
    const host = await comm.splitByHost();
    t.equal(await host.allgather(rank), neighbours, 'the ranks of this host');
    const reversed = await comm.splitByHost({ key: -rank });
    t.equal(await reversed.allgather(rank), [...neighbours].reverse(), 'with keys');
    await host.free();
    await reversed.free();
  },
};

const create: ConformanceCase = {
  name: 'create makes a communicator of a group, createFromGroup without the ranks outside it',
  async run(comm, t) {
    const { rank, size } = comm;
    const whole = (await comm.create(comm.group))!;
    t.equal(whole.compare(comm), 'congruent', 'of the whole group');
    // Every second rank, the last first.
    const chosen = ranksOf(size)
      .filter((r) => r % 2 === 0)
      .reverse();
    const group = comm.group.include(chosen);
    const part = await comm.create(group);
    t.equal(part?.rank, rank % 2 === 0 ? chosen.indexOf(rank) : undefined, 'rank in the part');
    if (part) {
      t.equal(await part.allgather(rank), chosen, 'members of the part');
      const again = await comm.createFromGroup(group);
      t.equal(
        await again.allgather(tagged(rank, again.rank)),
        chosen.map((r, i) => tagged(r, i)),
        'of createFromGroup',
      );
      await again.free();
      await part.free();
    }
    t.equal(await comm.create(comm.group.include([])), undefined, 'of the empty group');
    await whole.free();
  },
};

/** Communicators that many ranks make take long where they share cores: one of each kind is enough there. */
const roundsAt = (size: number): number => (size <= 5 ? 3 : 1);

const manyAtOnce: ConformanceCase = {
  name: 'communicators made one after the other, and freed in another order, stay apart',
  async run(comm, t) {
    const { rank, size } = comm;
    const made = [];
    for (let i = 0; i < 4 * roundsAt(size); i++)
      made.push(i % 3 ? await comm.dup() : (await comm.split({ color: 0, key: rank }))!);
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    const sends = made.map((c, i) => c.send(tagged(rank, dest, i), { dest, tag: 1 }));
    for (const [i, c] of [...made.entries()].reverse()) {
      t.equal(await c.recv({ source, tag: 1 }), tagged(source, rank, i), `communicator ${i}`);
    }
    await Promise.all(sends);
    for (const [i, c] of made.entries()) if (i % 2) await c.free();
    const fresh = await comm.dup();
    t.equal(fresh.iprobe(), undefined, 'nothing waits on a new one');
    for (const [i, c] of made.entries()) {
      if (i % 2 === 0) t.equal(await c.allreduce(i, SUM), i * size, `communicator ${i} after others were freed`);
    }
    for (const [i, c] of made.entries()) if (i % 2 === 0) await c.free();
    await fresh.free();
  },
};

const concurrentDups: ConformanceCase = {
  name: 'duplicates asked for at the same time are different communicators, the same ones on every rank',
  async run(comm, t) {
    const { rank, size } = comm;
    const twins = await Promise.all([comm.dup(), comm.dup(), comm.dup()]);
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    const sends = twins.map((c, i) => c.send(tagged(rank, dest, i), { dest }));
    for (const i of [2, 0, 1]) t.equal(await twins[i]!.recv({ source }), tagged(source, rank, i), `duplicate ${i}`);
    await Promise.all(sends);
    for (const c of twins) await c.free();
  },
};

const concurrentMaking: ConformanceCase = {
  name: 'splits, duplicates and creations asked for at the same time give each rank the same communicators',
  async run(comm, t) {
    const { rank, size } = comm;
    for (let round = 0; round < roundsAt(size); round++) {
      const made = await Promise.all([
        comm.split({ color: 0, key: rank }),
        comm.dup(),
        comm.split({ color: 0, key: rank }),
        comm.create(comm.group),
        comm.split({ color: rank % 2 }),
        comm.split({ color: rank % 2 }),
        comm.dup(),
      ]);
      const found = await Promise.all(made.map((c, i) => c!.allgather({ i, rank })));
      for (const [i, got] of found.entries()) {
        const members = ranksOf(size).filter((r) => i < 4 || i > 5 || r % 2 === rank % 2);
        t.equal(
          got,
          members.map((r) => ({ i, rank: r })),
          `communicator ${i}, round ${round}`,
        );
      }
      for (const c of made) await c!.free();
    }
  },
};

const freed: ConformanceCase = {
  name: 'operations of a freed communicator, pending and new, reject with PAR_FREED',
  async run(comm, t) {
    const { rank } = comm;
    const twin = await comm.dup();
    const pending = [twin.recv({ source: rank, tag: 1 }), twin.probe({ tag: 2 })];
    const refused = pending.map((promise, i) => t.rejects(promise, 'PAR_FREED', `pending operation ${i}`));
    await twin.free();
    await Promise.all(refused);
    const calls: Record<string, () => Promise<unknown>> = {
      send: () => twin.send(1, { dest: rank }),
      recv: () => twin.recv({ source: rank }),
      recvInto: () => twin.recvInto(new Uint8Array(1)),
      probe: () => twin.probe(),
      barrier: () => twin.barrier(),
      allreduce: () => twin.allreduce(1, SUM),
      dup: () => twin.dup(),
      split: () => twin.split({ color: 0 }),
    };
    for (const [name, call] of Object.entries(calls)) await t.rejects((async () => call())(), 'PAR_FREED', name);
    await twin.free();
    t.equal(await comm.allreduce(1, SUM), comm.size, 'the original');
  },
};

const worldStays: ConformanceCase = {
  name: 'the world cannot be freed',
  on: ['world'],
  async run(comm, t) {
    await t.rejects((async () => comm.free())(), ['PAR_FREED', 'PAR_ARGUMENT'], 'free');
    t.equal(await comm.allreduce(1, SUM), comm.size, 'the world');
  },
};

const disposed: ConformanceCase = {
  name: 'leaving the scope of `await using` frees a communicator',
  async run(comm, t) {
    const kept = await comm.dup();
    // What `await using` calls at the end of its scope.
    await kept[Symbol.asyncDispose]();
    await t.rejects((async () => kept.barrier())(), 'PAR_FREED', 'barrier');
  },
};

export const life: readonly ConformanceCase[] = [
  identity,
  dup,
  split,
  undefinedColor,
  splitByHost,
  create,
  manyAtOnce,
  concurrentDups,
  concurrentMaking,
  freed,
  worldStays,
  disposed,
];

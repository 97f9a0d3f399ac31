import { SUM } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { ranksOf, tagged } from '../tagged.ts';

const outOfOrder: ConformanceCase = {
  name: 'collectives in flight at once are told apart, whatever order they are awaited in',
  async run(comm, t) {
    const { rank, size } = comm;
    const root = size - 1;
    const sum = ranksOf(size).reduce((a, b) => a + b, 0);
    const buffer = new Float64Array(9000).fill(rank === root ? 1 : 0);
    const total = new Int32Array(500);
    const started: [string, Promise<unknown>, unknown][] = [
      ['barrier', comm.barrier(), undefined],
      ['bcast', comm.bcast(rank === root ? 'a' : 'b', { root }), 'a'],
      ['allreduce', comm.allreduce(rank, SUM), sum],
      ['bcastInto', comm.bcastInto(buffer, { root }), undefined],
      ['gather', comm.gather(rank, { root }), rank === root ? ranksOf(size) : undefined],
      ['allgather', comm.allgather(tagged(rank, -1)), ranksOf(size).map((r) => tagged(r, -1))],
      ['second allreduce', comm.allreduce(2 * rank, SUM), 2 * sum],
      ['allreduceInto', comm.allreduceInto(new Int32Array(500).fill(rank), total, SUM), undefined],
      ['scan', comm.scan(`${rank}`, (a, b) => a + b), ranksOf(rank + 1).join('')],
      [
        'alltoall',
        comm.alltoall(ranksOf(size).map((dest) => tagged(rank, dest))),
        ranksOf(size).map((source) => tagged(source, rank)),
      ],
      ['second bcast', comm.bcast(rank === 0 ? 'c' : 'd'), 'c'],
    ];
    // Each rank awaits in an order of its own.
    const awaited = started.map((_, i) => (i * 5 + rank * 3) % started.length);
    for (const i of awaited) {
      const [name, promise, expected] = started[i]!;
      t.equal(await promise, expected, name);
    }
    t.equal(buffer, new Float64Array(9000).fill(1), 'the buffer of bcastInto');
    t.equal(total, new Int32Array(500).fill(sum), 'the buffer of allreduceInto');
  },
};

const besideMessages: ConformanceCase = {
  name: 'messages and collectives on one communicator never meet each other',
  async run(comm, t) {
    const { rank, size } = comm;
    // Receives that would take anything are posted before the collectives, and messages wait before them.
    const sources = ranksOf(size);
    const wild = sources.map(() => comm.recvMessage());
    const into = new Int32Array(2);
    const parked = comm.recvInto(into, { source: rank, tag: 9 });
    t.equal(await comm.allreduce(rank, SUM), (size * (size - 1)) / 2, 'allreduce beside posted wildcard receives');
    const buffer = new Float64Array(10_000).fill(rank);
    await comm.bcastInto(buffer, { root: size - 1 });
    t.equal(buffer[9999], size - 1, 'bcastInto beside them');
    for (const receive of wild) await t.unsettled(receive, 'a receive without a message');
    await comm.barrier();
    const sends = sources.map((dest) => comm.send(tagged(rank, dest), { dest, tag: 0 }));
    const gathered = comm.gather(rank);
    const got = await Promise.all(wild);
    for (const { value, source } of got) t.equal(value, tagged(source, rank), `message of rank ${source}`);
    t.equal(await gathered, rank === 0 ? sources : undefined, 'gather beside the sends');
    await Promise.all(sends);
    await comm.sendBuffer(Int32Array.of(rank, 1), { dest: rank, tag: 9 });
    await parked;
    t.equal(into, Int32Array.of(rank, 1), 'the buffer received at last');
  },
};

const overlapping: ConformanceCase = {
  name: 'communicators that share ranks do not share messages',
  async run(comm, t) {
    const { rank, size } = comm;
    const twin = await comm.dup();
    const half = (await comm.split({ color: rank % 2, key: -rank }))!;
    const rows = (await comm.split({ color: Math.floor(rank / 2) }))!;
    const comms = [comm, twin, half, rows];
    // The same tag and the same peers on all: only the communicator tells the messages apart.
    const sends = comms.flatMap((c, k) =>
      ranksOf(c.size).map((dest) => c.send({ k, ...tagged(c.rank, dest) }, { dest, tag: 1 })),
    );
    const sums = comms.map((c) => c.allreduce(1, SUM));
    for (const k of [2, 0, 3, 1]) {
      const c = comms[k]!;
      for (const source of ranksOf(c.size).reverse()) {
        t.equal(
          await c.recv({ source, tag: 1 }),
          { k, ...tagged(source, c.rank) },
          `communicator ${k}, rank ${source}`,
        );
      }
    }
    t.equal(
      await Promise.all([...sums].reverse()),
      comms.map((c) => c.size).reverse(),
      'an allreduce on each, all at once',
    );
    await Promise.all(sends);
    const interleaved: Promise<unknown>[] = [];
    for (let i = 0; i < 5; i++) for (const c of comms) interleaved.push(c.bcast(c.rank === 0 ? i : -1));
    t.equal(
      await Promise.all(interleaved),
      ranksOf(5).flatMap((i) => comms.map(() => i)),
      'bcasts in turn',
    );
    t.equal(size, comm.size, 'the size');
    for (const c of [twin, half, rows]) await c.free();
  },
};

const skewed: ConformanceCase = {
  name: 'a rank that runs ahead of the others by many collectives disturbs none of them',
  async run(comm, t) {
    const { rank, size } = comm;
    const ahead: Promise<unknown>[] = [];
    if (rank === size - 1) for (let i = 0; i < 30; i++) ahead.push(comm.gather({ i, rank }, { root: 0 }));
    // The others start only when the first rank has seen that the last one is done calling.
    if (rank === size - 1) await comm.send('called', { dest: 0, tag: 2 });
    if (rank === 0) {
      await comm.recv({ source: size - 1, tag: 2 });
      for (let peer = 1; peer < size - 1; peer++) await comm.send('start', { dest: peer, tag: 3 });
    } else if (rank !== size - 1) {
      await comm.recv({ source: 0, tag: 3 });
    }
    if (rank !== size - 1) {
      for (let i = 0; i < 30; i++) {
        const got = await comm.gather({ i, rank }, { root: 0 });
        if (rank === 0)
          t.equal(
            got,
            ranksOf(size).map((r) => ({ i, rank: r })),
            `gather ${i}`,
          );
      }
    }
    await Promise.all(ahead);
  },
};

export const concurrent: readonly ConformanceCase[] = [outOfOrder, besideMessages, overlapping, skewed];

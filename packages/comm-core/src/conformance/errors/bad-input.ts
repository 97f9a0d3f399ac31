import type { Communicator } from '../../comm/communicator.ts';
import type { ParErrorCode } from '../../errors.ts';
import { SUM, TAG_MAX } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { ranksOf, tagged } from '../tagged.ts';

type Call = (comm: Communicator, bad: number) => unknown;

/** Nothing was sent, nothing was posted, and everybody still understands each other. */
async function stillWorks(comm: Communicator): Promise<boolean> {
  const { rank, size } = comm;
  const dest = (rank + 1) % size;
  const source = (rank + size - 1) % size;
  const got = await comm.sendrecv<{ source: number }>(tagged(rank, dest), { dest, source });
  const sum = await comm.allreduce(1, SUM);
  return got.source === source && sum === size && comm.iprobe() === undefined;
}

const DESTS: Record<string, Call> = {
  send: (comm, dest) => comm.send(1, { dest }),
  sendBuffer: (comm, dest) => comm.sendBuffer(new Uint8Array(1), { dest }),
  sendrecv: (comm, dest) => comm.sendrecv(1, { dest }),
  sendrecvInto: (comm, dest) => comm.sendrecvInto(new Uint8Array(1), new Uint8Array(1), { dest }),
  sendrecvReplace: (comm, dest) => comm.sendrecvReplace(new Uint8Array(1), { dest }),
};

const SOURCES: Record<string, Call> = {
  recv: (comm, source) => comm.recv({ source }),
  recvMessage: (comm, source) => comm.recvMessage({ source }),
  recvInto: (comm, source) => comm.recvInto(new Uint8Array(1), { source }),
  sendrecv: (comm, source) => comm.sendrecv(1, { dest: 0, source }),
  sendrecvInto: (comm, source) => comm.sendrecvInto(new Uint8Array(1), new Uint8Array(1), { dest: 0, source }),
  probe: (comm, source) => comm.probe({ source }),
  iprobe: async (comm, source) => comm.iprobe({ source }),
  mprobe: (comm, source) => comm.mprobe({ source }),
  improbe: async (comm, source) => comm.improbe({ source }),
  messages: (comm, source) => comm.messages({ source }).next(),
};

const ROOTS: Record<string, Call> = {
  bcast: (comm, root) => comm.bcast(1, { root }),
  bcastInto: (comm, root) => comm.bcastInto(new Uint8Array(1), { root }),
  gather: (comm, root) => comm.gather(1, { root }),
  gatherInto: (comm, root) => comm.gatherInto(new Uint8Array(1), new Uint8Array(comm.size), { root }),
  scatter: (comm, root) => comm.scatter(new Array(comm.size).fill(1), { root }),
  scatterInto: (comm, root) => comm.scatterInto(new Uint8Array(comm.size), new Uint8Array(1), { root }),
  reduce: (comm, root) => comm.reduce(1, SUM, { root }),
  reduceInto: (comm, root) => comm.reduceInto(new Uint8Array(1), new Uint8Array(1), SUM, { root }),
};

const SEND_TAGS: Record<string, Call> = {
  send: (comm, tag) => comm.send(1, { dest: 0, tag }),
  sendBuffer: (comm, tag) => comm.sendBuffer(new Uint8Array(1), { dest: 0, tag }),
  sendrecv: (comm, sendTag) => comm.sendrecv(1, { dest: 0, sendTag }),
  sendrecvReplace: (comm, sendTag) => comm.sendrecvReplace(new Uint8Array(1), { dest: 0, sendTag }),
};

const RECV_TAGS: Record<string, Call> = {
  recv: (comm, tag) => comm.recv({ tag }),
  recvInto: (comm, tag) => comm.recvInto(new Uint8Array(1), { tag }),
  probe: (comm, tag) => comm.probe({ tag }),
  mprobe: (comm, tag) => comm.mprobe({ tag }),
  sendrecv: (comm, recvTag) => comm.sendrecv(1, { dest: 0, recvTag }),
};

function refusedNumbers(
  what: string,
  calls: Record<string, Call>,
  bad: (size: number) => number[],
  code: ParErrorCode,
): ConformanceCase {
  return {
    name: `a bad ${what} is refused on every rank before anything is sent, and the communicator works afterwards`,
    async run(comm, t) {
      for (const [name, call] of Object.entries(calls)) {
        for (const value of bad(comm.size)) {
          await t.refuses(async () => call(comm, value), code, `${name} with ${what} ${value}`);
        }
      }
      t.ok(await stillWorks(comm), 'the communicator afterwards');
    },
  };
}

// −1, −2 and −3 mean ANY_SOURCE, PROC_NULL and ROOT, so that −size is only bad beyond them.
const ranks = (size: number): number[] => [size, size + 7, -size - 3, 1.5, Number.NaN, Number.POSITIVE_INFINITY];
const roots = (size: number): number[] => [-size, size, 1.5, Number.NaN];
const tags = (): number[] => [-2, TAG_MAX + 1, 0.5, Number.NaN];

const numbers = [
  refusedNumbers('destination', DESTS, (size) => [...ranks(size), -1], 'PAR_RANK'),
  refusedNumbers('source', SOURCES, ranks, 'PAR_RANK'),
  refusedNumbers('root', ROOTS, roots, 'PAR_RANK'),
  refusedNumbers('tag to send with', SEND_TAGS, () => [-1, ...tags()], 'PAR_TAG'),
  refusedNumbers('tag to receive', RECV_TAGS, tags, 'PAR_TAG'),
];

const largestTag: ConformanceCase = {
  name: 'tags from 0 to TAG_MAX are told apart',
  async run(comm, t) {
    const { rank } = comm;
    const used = [0, 1, 32_767, 32_768, 65_536, TAG_MAX - 1, TAG_MAX];
    for (const tag of used) await comm.send(tag, { dest: rank, tag });
    for (const tag of [...used].reverse()) t.equal(await comm.recv({ source: rank, tag }), tag, `tag ${tag}`);
  },
};

function detachedArray(): Float64Array {
  const array = new Float64Array(4);
  structuredClone(array, { transfer: [array.buffer] });
  return array;
}

const badBuffers: ConformanceCase = {
  name: 'what is no buffer, and a detached one, are refused by every call that takes buffers',
  async run(comm, t) {
    const good = () => new Float64Array(comm.size);
    const bad: Record<string, never> = {
      'a detached array': detachedArray() as never,
      'a string': 'text' as never,
      'a list': [1, 2] as never,
      null: null as never,
    };
    const calls: Record<string, (buffer: never) => unknown> = {
      sendBuffer: (buffer) => comm.sendBuffer(buffer, { dest: 0 }),
      recvInto: (buffer) => comm.recvInto(buffer, { source: 0 }),
      'sendrecvInto (send)': (buffer) => comm.sendrecvInto(buffer, good(), { dest: 0 }),
      'sendrecvInto (recv)': (buffer) => comm.sendrecvInto(good(), buffer, { dest: 0 }),
      sendrecvReplace: (buffer) => comm.sendrecvReplace(buffer, { dest: 0 }),
      bcastInto: (buffer) => comm.bcastInto(buffer),
      gatherInto: (buffer) => comm.gatherInto(buffer, good()),
      scatterInto: (buffer) => comm.scatterInto(good(), buffer),
      allgatherInto: (buffer) => comm.allgatherInto(buffer, good()),
      alltoallInto: (buffer) => comm.alltoallInto(buffer, good()),
      reduceInto: (buffer) => comm.reduceInto(buffer, good(), SUM),
      allreduceInto: (buffer) => comm.allreduceInto(good(), buffer, SUM),
      reduceScatterInto: (buffer) => comm.reduceScatterInto(buffer, good(), SUM),
      scanInto: (buffer) => comm.scanInto(buffer, good(), SUM),
      exscanInto: (buffer) => comm.exscanInto(good(), buffer, SUM),
    };
    for (const [name, call] of Object.entries(calls)) {
      for (const [what, buffer] of Object.entries(bad)) {
        await t.refuses(async () => call(buffer), ['PAR_BUFFER', 'PAR_ARGUMENT'], `${name} of ${what}`);
      }
    }
    t.ok(await stillWorks(comm), 'the communicator afterwards');
  },
};

const badCounts: ConformanceCase = {
  name: 'counts and displs that do not fit are refused on the rank that gives them',
  async run(comm, t) {
    const { size } = comm;
    const wide = new Int32Array(4 * size);
    const equal = (n: number) => ranksOf(size).map(() => n);
    const codes = ['PAR_COUNT', 'PAR_BUFFER', 'PAR_ARGUMENT'] as const;
    const calls: Record<string, () => Promise<unknown>> = {
      'too few counts': () => comm.allgatherInto(new Int32Array(1), wide, { counts: equal(1).slice(1) }),
      'too many counts': () => comm.allgatherInto(new Int32Array(1), wide, { counts: [...equal(1), 1] }),
      'negative counts': () => comm.allgatherInto(new Int32Array(1), wide, { counts: equal(-1) }),
      'fractional counts': () => comm.allgatherInto(new Int32Array(1), wide, { counts: equal(0.5) }),
      'counts beyond the buffer': () => comm.allgatherInto(new Int32Array(9), wide, { counts: equal(9) }),
      'displs beyond the buffer': () =>
        comm.allgatherInto(new Int32Array(1), wide, { counts: equal(1), displs: equal(4 * size) }),
      'negative displs': () => comm.allgatherInto(new Int32Array(1), wide, { counts: equal(1), displs: equal(-1) }),
      'sendCounts beyond the buffer': () =>
        comm.alltoallInto(new Int32Array(size), wide, { sendCounts: equal(2), recvCounts: equal(2) }),
      'too few recvCounts': () =>
        comm.alltoallInto(wide, wide.slice(), { sendCounts: equal(1), recvCounts: equal(1).slice(1) }),
      'too few counts of reduceScatterInto': () =>
        comm.reduceScatterInto(wide, new Int32Array(4), SUM, { counts: equal(4).slice(1) }),
      'counts of reduceScatterInto beyond the buffer': () =>
        comm.reduceScatterInto(wide, new Int32Array(5), SUM, { counts: equal(5) }),
    };
    for (const [name, call] of Object.entries(calls)) await t.refuses(call, codes, name);
    if (size > 1) {
      // Blocks of equal size that the buffer does not divide into.
      await t.refuses(
        () => comm.alltoallInto(new Int32Array(size + 1), new Int32Array(size + 1)),
        codes,
        'alltoallInto',
      );
    }
    const short = () => comm.allreduceInto(new Int32Array(3), new Int32Array(2), SUM);
    await t.refuses(short, codes, 'a receive buffer shorter than the send buffer');
    const types = () => comm.allreduceInto(new Int32Array(2), new Float32Array(2) as never, SUM);
    await t.refuses(types, codes, 'two element types');
    t.ok(await stillWorks(comm), 'the communicator afterwards');
  },
};

const badLists: ConformanceCase = {
  name: 'lists of values that are not one for each rank are refused',
  async run(comm, t) {
    const { rank, size } = comm;
    const codes = ['PAR_COUNT', 'PAR_ARGUMENT'] as const;
    const list = (length: number) => new Array<number>(length).fill(rank);
    for (const length of [size - 1, size + 1]) {
      await t.refuses(() => comm.alltoall(list(length)), codes, `alltoall of ${length}`);
      await t.refuses(() => comm.reduceScatter(list(length), SUM), codes, `reduceScatter of ${length}`);
    }
    t.ok(await stillWorks(comm), 'the communicator afterwards');
  },
};

const badOps: ConformanceCase = {
  name: 'what is no operation is refused by every reduction',
  async run(comm, t) {
    const buffer = () => new Float64Array(comm.size);
    for (const bad of [undefined, null, 'SUM', 3, {}] as never[]) {
      const calls: Record<string, () => Promise<unknown>> = {
        reduce: () => comm.reduce(1, bad),
        allreduce: () => comm.allreduce(1, bad),
        reduceScatter: () => comm.reduceScatter(ranksOf(comm.size), bad),
        scan: () => comm.scan(1, bad),
        exscan: () => comm.exscan(1, bad),
        reduceInto: () => comm.reduceInto(buffer(), buffer(), bad),
        allreduceInto: () => comm.allreduceInto(buffer(), buffer(), bad),
        reduceScatterInto: () => comm.reduceScatterInto(buffer(), new Float64Array(1), bad),
        scanInto: () => comm.scanInto(buffer(), buffer(), bad),
        exscanInto: () => comm.exscanInto(buffer(), buffer(), bad),
      };
      for (const [name, call] of Object.entries(calls)) {
        await t.refuses(async () => call(), ['PAR_OP', 'PAR_ARGUMENT'], `${name} with ${JSON.stringify(bad)}`);
      }
    }
    t.ok(await stillWorks(comm), 'the communicator afterwards');
  },
};

const unserializable: ConformanceCase = {
  name: 'a value that cannot be sent is refused with the path to it, and leaves no receive behind',
  async run(comm, t) {
    const { rank } = comm;
    const value = { model: { layers: [1, () => 2] } };
    const codes = 'PAR_NOT_SERIALIZABLE' as const;
    const error = await t.rejects((async () => comm.send(value, { dest: rank }))(), codes, 'send');
    t.ok(/layers/.test(error.message), `the message names the path: ${error.message}`);
    await t.rejects((async () => comm.send(Symbol('s'), { dest: rank }))(), codes, 'send of a symbol');
    const both = { dest: rank, source: rank };
    await t.rejects((async () => comm.sendrecv(value, both))(), codes, 'sendrecv');
    await comm.send('next', { dest: rank });
    t.equal(await comm.recv({ source: rank }), 'next', 'the next message');
    t.ok(await stillWorks(comm), 'the communicator afterwards');
  },
};

const throwingOp: ConformanceCase = {
  name: 'an error thrown by a reduction function rejects the reduction on a rank that called it',
  minSize: 2,
  async run(comm, t) {
    // On a duplicate: ranks that wait for the failed one give up by their own deadline.
    const twin = await comm.dup();
    const boom = new Error('cannot reduce this');
    const result = await twin
      .reduce(
        1,
        () => {
          throw boom;
        },
        { root: 0, signal: AbortSignal.timeout(5000) },
      )
      .then(
        () => 'done',
        (error: unknown) => error,
      );
    const seen = await comm.allgather(result === boom);
    t.ok(seen.includes(true), 'a rank got the error itself');
    if (comm.rank === 0) t.ok(result instanceof Error, 'the root did not get a result');
    t.equal(await comm.allreduce(1, SUM), comm.size, 'the original communicator');
  },
};

export const badInput: readonly ConformanceCase[] = [
  ...numbers,
  largestTag,
  badBuffers,
  badCounts,
  badLists,
  badOps,
  unserializable,
  throwingOp,
];

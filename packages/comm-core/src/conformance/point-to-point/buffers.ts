import { ANY_TAG, PROC_NULL } from '../../constants.ts';
import type { ConformanceCase } from '../case.ts';
import { InFlight } from '../in-flight.ts';
import { ELEMENT_KINDS, filled, isDue, ranksOf, setElement, taggedArray, taggedBytes } from '../tagged.ts';

/** One message below and one above the length from which on messages are announced before they are sent. */
const EAGER_AND_ANNOUNCED = [100, 100_000];

const everyType: ConformanceCase = {
  name: 'a buffer of every element type goes round a ring into a longer one, whose rest stays untouched',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    const calls = new InFlight(t);
    for (const [k, type] of ELEMENT_KINDS.entries()) {
      for (let length = 0; length <= size; length++) {
        if (!isDue(size, k + length)) continue;
        const recv = filled(type, length + 1, 99);
        const moved = comm.sendrecvInto(taggedArray(type, length, rank, dest, length), recv, { dest, source });
        const expected = taggedArray(type, length + 1, source, rank, length);
        setElement(expected, length, 99);
        calls.fills(moved, recv, expected, `${length} elements of ${type.name}`);
        const status = { source, tag: 0, bytes: length * recv.BYTES_PER_ELEMENT, count: length };
        calls.gives(moved, status, `status of ${length} elements of ${type.name}`);
      }
    }
    await calls.settle();
  },
};

const modes: ConformanceCase[] = (['standard', 'synchronous'] as const).map((mode) => ({
  name: `${mode} sends of buffers reach receives posted before them and after them`,
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of EAGER_AND_ANNOUNCED) {
      const [early, late] = [new Uint8Array(length), new Uint8Array(length)];
      const posted = comm.recvInto(early, { source, tag: 1 });
      const sends = [
        comm.sendBuffer(taggedBytes(length, rank, dest, 1), { dest, tag: 1, mode }),
        comm.sendBuffer(taggedBytes(length, rank, dest, 2), { dest, tag: 2, mode }),
      ];
      t.equal((await posted).tag, 1, 'tag of the posted receive');
      await comm.probe({ source, tag: 2 });
      const status = await comm.recvInto(late, { source, tag: 2 });
      t.equal(status, { source, tag: 2, bytes: length, count: length }, 'status of the late receive');
      await Promise.all(sends);
      t.equal(early, taggedBytes(length, source, rank, 1), 'bytes of the posted receive');
      t.equal(late, taggedBytes(length, source, rank, 2), 'bytes of the late receive');
    }
  },
}));

const reuse: ConformanceCase = {
  name: 'a buffer may be overwritten as soon as its send settled',
  minSize: 2,
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of EAGER_AND_ANNOUNCED) {
      const buffer = new Uint8Array(length);
      const send = async () => {
        for (let i = 0; i < 5; i++) {
          buffer.set(taggedBytes(length, rank, dest, i));
          await comm.sendBuffer(buffer, { dest, tag: 1 });
        }
        buffer.fill(0);
      };
      const receive = async () => {
        for (let i = 0; i < 5; i++) {
          const got = new Uint8Array(length);
          await comm.recvInto(got, { source, tag: 1 });
          t.equal(got, taggedBytes(length, source, rank, i), `message ${i} of ${length} bytes`);
        }
      };
      await Promise.all([send(), receive()]);
    }
  },
};

const memories: ConformanceCase = {
  name: 'ArrayBuffer, SharedArrayBuffer, DataView and part of an array are sent and received as the bytes they are',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    const sent = taggedBytes(24, rank, dest);
    const shared = new SharedArrayBuffer(24);
    new Uint8Array(shared).set(sent);
    const sends = [sent.buffer, shared, new DataView(sent.buffer), new Float64Array(sent.buffer)];
    for (const send of sends) {
      const target = new Uint8Array(40).fill(9);
      const sharedTarget = new SharedArrayBuffer(24);
      const receives = [target.subarray(8, 32), new DataView(target.buffer, 8, 24), sharedTarget];
      for (const recv of receives) {
        // Bytes meet every element type; two element types have to be the same.
        if (send instanceof Float64Array && recv instanceof Uint8Array) continue;
        await comm.sendrecvInto(send, recv, { dest, source });
        const got = recv instanceof SharedArrayBuffer ? new Uint8Array(recv).slice() : target.slice(8, 32);
        t.equal(got, taggedBytes(24, source, rank), `${send.constructor.name} into ${recv.constructor.name}`);
      }
      t.equal([...target.subarray(0, 8), ...target.subarray(32)], new Array(16).fill(9), 'bytes around the target');
    }
  },
};

const replace: ConformanceCase = {
  name: 'sendrecvReplace ends with the buffer of the neighbour',
  async run(comm, t) {
    const { rank, size } = comm;
    const dest = (rank + 1) % size;
    const source = (rank + size - 1) % size;
    for (const length of [0, 3, 30_000]) {
      const buffer = new Float64Array(length).fill(rank);
      const status = await comm.sendrecvReplace(buffer, { dest, source, sendTag: 2, recvTag: 2 });
      t.equal(buffer, new Float64Array(length).fill(source), `${length} elements`);
      t.equal(status, { source, tag: 2, bytes: 8 * length, count: length }, 'status');
    }
    const kept = new Float64Array([rank]);
    await comm.sendrecvReplace(kept, { dest: PROC_NULL, source: PROC_NULL });
    t.equal(kept, new Float64Array([rank]), 'with PROC_NULL on both sides');
  },
};

const procNull: ConformanceCase = {
  name: 'PROC_NULL takes buffers and leaves those received into untouched',
  async run(comm, t) {
    const buffer = new Int32Array([1, 2, 3]);
    await comm.sendBuffer(buffer, { dest: PROC_NULL });
    await comm.sendBuffer(buffer, { dest: PROC_NULL, mode: 'synchronous' });
    const nothing = { source: PROC_NULL, tag: ANY_TAG, bytes: 0, count: 0 };
    t.equal(await comm.recvInto(buffer, { source: PROC_NULL }), nothing, 'status');
    t.equal(
      await comm.sendrecvInto(buffer, buffer, { dest: PROC_NULL, source: PROC_NULL }),
      nothing,
      'of sendrecvInto',
    );
    t.equal(buffer, new Int32Array([1, 2, 3]), 'the buffer');
  },
};

const fourModes: ConformanceCase = {
  name: 'four buffers to one rank and four back arrive in order, whatever their mode',
  minSize: 2,
  async run(comm, t) {
    const { rank } = comm;
    if (rank > 1) return;
    const other = 1 - rank;
    const receives = ranksOf(4).map(() => new Uint16Array(3));
    const receive = async () => {
      for (const buffer of receives) await comm.recvInto(buffer, { source: other, tag: 0 });
    };
    const send = async () => {
      const sends = (['standard', 'synchronous', 'standard', 'synchronous'] as const).map((mode, i) =>
        comm.sendBuffer(Uint16Array.from([rank, other, i]), { dest: other, mode }),
      );
      await Promise.all(sends);
    };
    await (rank === 0 ? send() : receive());
    await (rank === 0 ? receive() : send());
    t.equal(
      receives,
      ranksOf(4).map((i) => Uint16Array.from([other, rank, i])),
      'the four buffers',
    );
  },
};

const zeroLength: ConformanceCase = {
  name: 'an empty buffer is a message: it is waited for, matched by tag and received',
  async run(comm, t) {
    const { rank } = comm;
    const waiting = comm.recvInto(new Float32Array(0), { source: rank, tag: 1 });
    await comm.sendBuffer(new Float32Array(0), { dest: rank, tag: 2 });
    await t.unsettled(waiting, 'a receive of another tag');
    await comm.sendBuffer(new Float32Array(0), { dest: rank, tag: 1 });
    t.equal(await waiting, { source: rank, tag: 1, bytes: 0, count: 0 }, 'status');
    const longer = new Float32Array([5]);
    t.equal((await comm.recvInto(longer, { source: rank, tag: 2 })).count, 0, 'count into a longer buffer');
    t.equal(longer, new Float32Array([5]), 'the longer buffer');
  },
};

export const buffers: readonly ConformanceCase[] = [
  everyType,
  ...modes,
  reuse,
  memories,
  replace,
  procNull,
  fourModes,
  zeroLength,
];

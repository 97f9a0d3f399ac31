import type { Communicator } from '../../comm/communicator.ts';
import {
  BAND,
  BOR,
  BXOR,
  createOp,
  LAND,
  LOR,
  LXOR,
  MAX,
  MAXLOC,
  MIN,
  MINLOC,
  NO_OP,
  PROD,
  type PredefinedOp,
  REPLACE,
  SUM,
} from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { InFlight } from '../in-flight.ts';
import { type AnyArray, ELEMENT_KINDS, filled, isDue, ranksOf, rootsOf, setElement } from '../tagged.ts';

const ELEMENTWISE: readonly PredefinedOp[] = [SUM, PROD, MAX, MIN, LAND, BAND, LOR, BOR, LXOR, BXOR, REPLACE, NO_OP];
const FLOATS: readonly PredefinedOp[] = [SUM, PROD, MAX, MIN, REPLACE, NO_OP];
/** Float16 has no reductions in MPI, and clamped bytes are bytes to it. */
const KINDS = ELEMENT_KINDS.filter(({ name }) => name !== 'Float16Array' && name !== 'Uint8ClampedArray');

/** What MPI-4.1 §6.9.2 says of each operation, on integers. */
const MEANING: Record<string, (a: number, b: number) => number> = {
  SUM: (a, b) => a + b,
  PROD: (a, b) => a * b,
  MAX: (a, b) => Math.max(a, b),
  MIN: (a, b) => Math.min(a, b),
  LAND: (a, b) => (a !== 0 && b !== 0 ? 1 : 0),
  LOR: (a, b) => (a !== 0 || b !== 0 ? 1 : 0),
  LXOR: (a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0),
  BAND: (a, b) => a & b,
  BOR: (a, b) => a | b,
  BXOR: (a, b) => a ^ b,
  REPLACE: (_, b) => b,
  NO_OP: (a) => a,
};

/** Operand of a rank at an index: small, different on all ranks, now and then zero, and never so large that a product wraps. */
function operand(rank: number, index: number): number {
  return (rank + index) % 4 === 3 ? 0 : 1 + ((rank * 3 + index) % 2);
}

function folded(op: PredefinedOp, ranks: readonly number[], index: number): number {
  return ranks.map((rank) => operand(rank, index)).reduce(MEANING[op.name]!);
}

const LENGTH = 4;

function operands(type: (typeof KINDS)[number], rank: number): AnyArray {
  const array = type.make(LENGTH);
  for (let i = 0; i < LENGTH; i++) setElement(array, i, operand(rank, i));
  return array;
}

function results(type: (typeof KINDS)[number], op: PredefinedOp, ranks: readonly number[]): AnyArray {
  const array = type.make(LENGTH);
  for (let i = 0; i < LENGTH; i++) setElement(array, i, folded(op, ranks, i));
  return array;
}

const onValues: ConformanceCase[] = ELEMENTWISE.map((op, k) => ({
  name: `${op.name} of numbers: reduce, allreduce, reduceScatter, scan and exscan`,
  async run(comm, t) {
    const { rank, size } = comm;
    const all = ranksOf(size);
    const mine = operand(rank, 0);
    const calls = new InFlight(t);
    for (const root of rootsOf(size, k)) {
      calls.gives(comm.reduce(mine, op, { root }), rank === root ? folded(op, all, 0) : undefined, `reduce to ${root}`);
    }
    calls.gives(comm.allreduce(mine, op), folded(op, all, 0), 'allreduce');
    const list = all.map((i) => operand(rank, i));
    calls.gives(comm.reduceScatter(list, op), folded(op, all, rank), 'reduceScatter');
    calls.gives(comm.scan(mine, op), folded(op, all.slice(0, rank + 1), 0), 'scan');
    calls.gives(comm.exscan(mine, op), rank === 0 ? undefined : folded(op, all.slice(0, rank), 0), 'exscan');
    await calls.settle();
  },
}));

/** Starts one form of a reduction; says where its result goes, and what that is. */
type Form = (
  comm: Communicator,
  op: PredefinedOp,
  type: (typeof KINDS)[number],
  send: AnyArray,
) => { done: Promise<unknown>; recv: AnyArray; expected: AnyArray };

const FORMS: Record<string, Form> = {
  reduceInto(comm, op, type, send) {
    const root = type.name.length % comm.size;
    const recv = filled(type, LENGTH, 77);
    const expected = comm.rank === root ? results(type, op, ranksOf(comm.size)) : filled(type, LENGTH, 77);
    return { done: comm.reduceInto(send, comm.rank === root ? recv : undefined, op, { root }), recv, expected };
  },
  allreduceInto(comm, op, type, send) {
    const recv = filled(type, LENGTH, 77);
    return { done: comm.allreduceInto(send, recv, op), recv, expected: results(type, op, ranksOf(comm.size)) };
  },
  scanInto(comm, op, type, send) {
    const recv = filled(type, LENGTH, 77);
    return { done: comm.scanInto(send, recv, op), recv, expected: results(type, op, ranksOf(comm.rank + 1)) };
  },
  exscanInto(comm, op, type, send) {
    const recv = filled(type, LENGTH, 77);
    const expected = comm.rank === 0 ? filled(type, LENGTH, 77) : results(type, op, ranksOf(comm.rank));
    return { done: comm.exscanInto(send, recv, op), recv, expected };
  },
  reduceScatterInto(comm, op, type) {
    const { rank, size } = comm;
    const blocks = type.make(size * LENGTH);
    for (let i = 0; i < blocks.length; i++) setElement(blocks, i, operand(rank, i));
    const recv = filled(type, LENGTH, 77);
    const expected = type.make(LENGTH);
    for (let i = 0; i < LENGTH; i++) setElement(expected, i, folded(op, ranksOf(size), rank * LENGTH + i));
    return { done: comm.reduceScatterInto(blocks, recv, op), recv, expected };
  },
};

const onBuffers: ConformanceCase[] = ELEMENTWISE.map((op, turn) => ({
  name: `${op.name} of every element type it is defined for: the Into forms`,
  async run(comm, t) {
    const calls = new InFlight(t);
    const sent: [AnyArray, AnyArray][] = [];
    for (const [k, type] of KINDS.entries()) {
      if (type.name.startsWith('Float') && !FLOATS.includes(op)) continue;
      const send = operands(type, comm.rank);
      sent.push([send, operands(type, comm.rank)]);
      for (const [f, [name, form]] of Object.entries(FORMS).entries()) {
        if (!isDue(comm.size, k + f + turn)) continue;
        const { done, recv, expected } = form(comm, op, type, send);
        calls.fills(done, recv, expected, `${name}, ${type.name}`);
      }
    }
    await calls.settle();
    for (const [send, before] of sent) t.equal(send, before, 'the send buffer');
  },
}));

/** A value every rank shares with another, so that there are ties. */
const height = (rank: number): number => [3, 7, 7, 1, 1][rank % 5]!;

const locations: ConformanceCase[] = ([MAXLOC, MINLOC] as const).map((op) => ({
  name: `${op.name} finds the extreme value and, of equals, the lowest rank that has it`,
  async run(comm, t) {
    const { rank, size } = comm;
    const all = ranksOf(size);
    const best = (ranks: readonly number[]): [number, number] => {
      const heights = ranks.map(height);
      const value = op === MAXLOC ? Math.max(...heights) : Math.min(...heights);
      return [value, ranks[heights.indexOf(value)]!];
    };
    const mine: [number, number] = [height(rank), rank];
    t.equal(await comm.allreduce(mine, op), best(all), 'allreduce');
    for (const root of all) {
      t.equal(await comm.reduce(mine, op, { root }), rank === root ? best(all) : undefined, `reduce to ${root}`);
    }
    t.equal(await comm.scan(mine, op), best(all.slice(0, rank + 1)), 'scan');
    t.equal(await comm.exscan(mine, op), rank === 0 ? undefined : best(all.slice(0, rank)), 'exscan');
    for (const Type of [Float64Array, Int32Array]) {
      const recv = new Type(4);
      await comm.allreduceInto(Type.from([...mine, -height(rank), rank]), recv, op);
      const negated = all.map((r) => -height(r));
      const other = op === MAXLOC ? Math.max(...negated) : Math.min(...negated);
      t.equal(recv, Type.from([...best(all), other, negated.indexOf(other)]), `allreduceInto, ${Type.name}`);
    }
  },
}));

const mixedValues: ConformanceCase = {
  name: 'predefined operations reduce bigints, booleans, lists and typed arrays as values',
  async run(comm, t) {
    const { rank, size } = comm;
    const all = ranksOf(size);
    const sum = all.reduce((a, b) => a + b, 0);
    t.equal(await comm.allreduce(2n ** 70n + BigInt(rank), SUM), 2n ** 70n * BigInt(size) + BigInt(sum), 'bigints');
    t.equal(await comm.allreduce(rank === 0, LOR), true, 'LOR of booleans');
    t.equal(await comm.allreduce(rank !== size - 1, LAND), false, 'LAND of booleans');
    t.equal(await comm.allreduce([rank, -rank], MIN), [0, -(size - 1)], 'lists');
    t.equal(await comm.allreduce(new Float32Array([rank, 1]), SUM), new Float32Array([sum, size]), 'typed arrays');
    t.equal(await comm.allreduce(2 ** 40 + rank, BOR), all.reduce((a, b) => a | b, 0) + 2 ** 40, 'beyond 32 bits');
  },
};

const userOps: ConformanceCase = {
  name: 'operations of createOp, commutative or not, reduce values and the elements of buffers',
  async run(comm, t) {
    const { rank, size } = comm;
    const all = ranksOf(size);
    for (const commutative of [true, false]) {
      const add = createOp<number>((a, b) => a + b, { commutative });
      t.equal(
        await comm.allreduce(rank, add),
        all.reduce((a, b) => a + b, 0),
        'allreduce',
      );
      for (let length = 0; length <= 3; length++) {
        const recv = new Float64Array(length);
        await comm.allreduceInto(new Float64Array(length).fill(rank + length), recv, add);
        t.equal(recv, new Float64Array(length).fill(all.reduce((sum, r) => sum + r + length, 0)), `${length} elements`);
      }
    }
    const big = new BigInt64Array(2);
    await comm.allreduceInto(BigInt64Array.of(BigInt(rank), 1n), big, (a: bigint, b: bigint) => a + b);
    t.equal(big, BigInt64Array.of(BigInt(all.reduce((a, b) => a + b, 0)), BigInt(size)), 'bigint elements');
    const many = Array.from({ length: 40 }, (_, i) => createOp<number>((a, b) => a + b + i, { commutative: true }));
    const calls = new InFlight(t);
    for (const [i, op] of many.entries()) calls.gives(comm.allreduce(0, op), i * (size - 1), `operation ${i} of 40`);
    await calls.settle();
  },
};

const mutating: ConformanceCase = {
  name: 'a function that changes and returns its first argument reduces rightly and leaves the input alone',
  async run(comm, t) {
    const { rank, size } = comm;
    const join = (a: number[], b: number[]) => {
      a.push(...b);
      return a;
    };
    const mine = [rank];
    t.equal(await comm.allreduce(mine, join), ranksOf(size), 'allreduce');
    const words = (source: number) => new Array<number>(source % 2 ? 5000 : 1).fill(source);
    t.equal(await comm.allreduce(words(rank), join), ranksOf(size).flatMap(words), 'allreduce, long on odd ranks');
    t.equal(await comm.reduce(mine, join, { root: size - 1 }), rank === size - 1 ? ranksOf(size) : undefined, 'reduce');
    t.equal(await comm.scan(mine, join), ranksOf(rank + 1), 'scan');
    t.equal(await comm.exscan(mine, join), rank === 0 ? undefined : ranksOf(rank), 'exscan');
    const lists = ranksOf(size).map((i) => [rank * size + i]);
    t.equal(
      await comm.reduceScatter(lists, join),
      ranksOf(size).map((r) => r * size + rank),
      'reduceScatter',
    );
    t.equal(mine, [rank], 'the input');
  },
};

export const ops: readonly ConformanceCase[] = [
  ...onValues,
  ...onBuffers,
  ...locations,
  mixedValues,
  userOps,
  mutating,
];

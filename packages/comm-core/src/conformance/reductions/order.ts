import type { Communicator } from '../../comm/communicator.ts';
import { createOp, SUM } from '../../index.ts';
import type { ConformanceCase } from '../case.ts';
import { InFlight } from '../in-flight.ts';
import { ranksOf, rootsOf, sameBytes } from '../tagged.ts';

/** An associative operation that is not commutative, with operands that show the order and the grouping was right. */
interface Ordered<T> {
  readonly name: string;
  combine(a: T, b: T): T;
  operand(rank: number): T;
}

type Matrix = [number, number, number, number];
type Affine = { scale: bigint; offset: bigint };

const strings: Ordered<string> = {
  name: 'string concatenation',
  combine: (a, b) => a + b,
  operand: (rank) => `<${rank}>`,
};
const matrices: Ordered<Matrix> = {
  name: '2×2 matrix product',
  // Exact modulo a prime: products of whole numbers do not depend on the grouping.
  combine: ([a, b, c, d], [e, f, g, h]) =>
    [a * e + b * g, a * f + b * h, c * e + d * g, c * f + d * h].map((x) => x % 9973) as Matrix,
  operand: (rank) => [rank + 1, 1, rank * 2, 3],
};
const affineMaps: Ordered<Affine> = {
  name: 'composition of affine maps',
  combine: (a, b) => ({ scale: a.scale * b.scale, offset: a.offset * b.scale + b.offset }),
  operand: (rank) => ({ scale: BigInt(rank + 2), offset: BigInt(2 * rank + 1) }),
};

function ordered<T>({ name, combine, operand }: Ordered<T>): ConformanceCase {
  return {
    name: `${name} is reduced in rank order, whatever the root`,
    async run(comm, t) {
      const { rank, size } = comm;
      const fold = (ranks: readonly number[]) => ranks.map(operand).reduce(combine);
      const all = ranksOf(size);
      for (const [k, op] of [combine, createOp(combine)].entries()) {
        const calls = new InFlight(t);
        for (const root of rootsOf(size, k)) {
          const expected = rank === root ? fold(all) : undefined;
          calls.gives(comm.reduce(operand(rank), op, { root }), expected, `root ${root}`);
        }
        calls.gives(comm.allreduce(operand(rank), op), fold(all), 'allreduce');
        calls.gives(comm.scan(operand(rank), op), fold(ranksOf(rank + 1)), 'scan');
        calls.gives(comm.exscan(operand(rank), op), rank === 0 ? undefined : fold(ranksOf(rank)), 'exscan');
        // Rank r gives operand r + 10 i to the reduction of rank i.
        const list = all.map((i) => operand(rank + 10 * i));
        const expected = all.map((r) => operand(r + 10 * rank)).reduce(combine);
        calls.gives(comm.reduceScatter(list, op), expected, 'reduceScatter');
        await calls.settle();
      }
    },
  };
}

/** a ∘ b on numbers below 10⁴ as pairs of digits (a's first, b's last): associative, not commutative, exact in every type. */
const firstAndLast = (a: number, b: number): number => Math.floor(a / 100) * 100 + (b % 100);

const orderedBuffers: ConformanceCase = {
  name: 'a non-commutative function reduces the elements of buffers of every length in rank order',
  async run(comm, t) {
    const { rank, size } = comm;
    const operand = (r: number) => (r + 1) * 100 + (r + 1);
    const fold = (first: number, last: number) => (first + 1) * 100 + (last + 1);
    // Short, around a power of two, and long enough for every algorithm that cuts buffers into parts.
    for (const length of [1, size, size + 1, 1025, ...(size <= 5 ? [40_000] : [])]) {
      const send = new Int32Array(length).fill(operand(rank));
      const expected = new Int32Array(length).fill(fold(0, size - 1));
      for (const root of [0, size - 1]) {
        const recv = new Int32Array(length);
        await comm.reduceInto(send, rank === root ? recv : undefined, firstAndLast, { root });
        t.ok(rank !== root || sameBytes(recv, expected), `reduceInto ${length} elements to ${root}`);
      }
      const recv = new Int32Array(length);
      await comm.allreduceInto(send, recv, firstAndLast);
      t.ok(sameBytes(recv, expected), `allreduceInto ${length} elements`);
      await comm.scanInto(send, recv, firstAndLast);
      t.ok(sameBytes(recv, new Int32Array(length).fill(fold(0, rank))), `scanInto ${length} elements`);
      await comm.exscanInto(send, recv, firstAndLast);
      if (rank > 0) t.ok(sameBytes(recv, new Int32Array(length).fill(fold(0, rank - 1))), `exscanInto ${length}`);
      const blocks = new Int32Array(size * length).fill(operand(rank));
      await comm.reduceScatterInto(blocks, recv, firstAndLast);
      t.ok(sameBytes(recv, expected), `reduceScatterInto ${length} elements`);
    }
  },
};

const SCALES = Float64Array.from(ranksOf(30), (i) => 10 ** (i - 15));

/** Floats whose sum depends on the order and grouping of the additions. */
function roughFloat(rank: number, i: number): number {
  return Math.sin((rank + 1) * (i + 1)) * SCALES[(rank * 7 + i) % SCALES.length]!;
}

function roughFloats(rank: number, length: number): Float64Array<ArrayBuffer> {
  return new Float64Array(length).map((_, i) => roughFloat(rank, i));
}

async function sameOnAllRanks(comm: Communicator, result: Float64Array): Promise<boolean> {
  const first = await comm.bcast(result, { root: 0 });
  return sameBytes(first, result);
}

const bitIdentical: ConformanceCase = {
  name: 'allreduce of floats gives the same bits on every rank, for every length',
  async run(comm, t) {
    const { rank, size } = comm;
    // The longest only where few ranks share the machine.
    for (const length of [1, 2, 7, size, 600, 1025, 9000, ...(size <= 5 ? [70_000] : [])]) {
      const recv = new Float64Array(length);
      await comm.allreduceInto(roughFloats(rank, length), recv, SUM);
      t.ok(await sameOnAllRanks(comm, recv), `allreduceInto of ${length} floats is the same everywhere`);
      for (const i of [0, length >> 1, length - 1]) {
        const terms = ranksOf(size).map((r) => roughFloat(r, i));
        const scale = terms.reduce((sum, term) => sum + Math.abs(term), 0);
        const sum = terms.reduce((a, b) => a + b, 0);
        t.ok(Math.abs(recv[i]! - sum) <= 1e-12 * scale, `element ${i} of ${length} is the sum`);
      }
      const value = await comm.allreduce(roughFloats(rank, Math.min(length, 1025)), SUM);
      t.ok(await sameOnAllRanks(comm, value), `allreduce of ${length} floats is the same everywhere`);
    }
  },
};

const repeatable: ConformanceCase = {
  name: 'the same reduction of floats gives the same bits each time',
  async run(comm, t) {
    const { rank } = comm;
    for (const length of [3, 2000]) {
      const send = roughFloats(rank, length);
      const first = new Float64Array(length);
      await comm.allreduceInto(send, first, SUM);
      for (let i = 0; i < 3; i++) {
        const again = new Float64Array(length);
        await comm.allreduceInto(send, again, SUM);
        t.ok(sameBytes(first, again), `${length} floats, run ${i}`);
      }
    }
  },
};

const longReductions: ConformanceCase = {
  name: 'reductions of long buffers are right whatever algorithm is chosen for their length',
  async run(comm, t) {
    const { rank, size } = comm;
    const factor = ranksOf(size).reduce((sum, r) => sum + r + 1, 0);
    for (const length of [0, 1, size - 1, size * 3 + 1, 513, 8193, 20_001]) {
      const send = new Float64Array(length).map((_, i) => (rank + 1) * (i % 1000));
      const expected = new Float64Array(length).map((_, i) => factor * (i % 1000));
      const recv = new Float64Array(length);
      await comm.allreduceInto(send, recv, SUM);
      t.ok(sameBytes(recv, expected), `allreduceInto ${length} elements`);
      const root = length % size;
      recv.fill(-1);
      await comm.reduceInto(send, rank === root ? recv : undefined, SUM, { root });
      t.ok(rank !== root || sameBytes(recv, expected), `reduceInto ${length} elements`);
      const counts = ranksOf(size).map((r) => Math.floor((length * (r + 1)) / size) - Math.floor((length * r) / size));
      const start = Math.floor((length * rank) / size);
      const part = new Float64Array(counts[rank]!);
      await comm.reduceScatterInto(send, part, SUM, { counts });
      t.ok(sameBytes(part, expected.subarray(start, start + part.length)), `reduceScatterInto ${length} elements`);
    }
  },
};

export const order: readonly ConformanceCase[] = [
  ordered(strings),
  ordered(matrices),
  ordered(affineMaps),
  orderedBuffers,
  bitIdentical,
  repeatable,
  longReductions,
];

import type { ConformanceCase } from '../case.ts';
import { InFlight } from '../in-flight.ts';
import {
  type AnyArray,
  ELEMENT_KINDS,
  type ElementKind,
  filled,
  isDue,
  ranksOf,
  rootsOf,
  taggedArray,
  taggedBytes,
} from '../tagged.ts';

/** The arrays one after the other. */
export function joined(type: ElementKind, parts: readonly AnyArray[]): AnyArray {
  const all = type.make(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    // Both are of `type`; the cast only says so to the compiler.
    (all as Float64Array).set(part as Float64Array, at);
    at += part.length;
  }
  return all;
}

const bcastInto: ConformanceCase = {
  name: 'bcastInto fills the buffers of every element type from each root, empty ones too',
  async run(comm, t) {
    const { rank, size } = comm;
    const calls = new InFlight(t);
    for (const [k, type] of ELEMENT_KINDS.entries()) {
      for (const root of rootsOf(size, k)) {
        const buffer = taggedArray(type, root, rank, root);
        const expected = taggedArray(type, root, root, root);
        calls.fills(comm.bcastInto(buffer, { root }), buffer, expected, `${type.name} from root ${root}`);
      }
    }
    await calls.settle();
  },
};

const gatherInto: ConformanceCase = {
  name: 'gatherInto puts the blocks of every element type in rank order at each root, and nowhere else',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const [k, type] of ELEMENT_KINDS.entries()) {
      const calls = new InFlight(t);
      for (const root of rootsOf(size, k)) {
        const send = taggedArray(type, root + 1, rank, root);
        const recv = filled(type, size * (root + 1), 77);
        const gathered = comm.gatherInto(send, rank === root ? recv : undefined, { root });
        const parts = ranksOf(size).map((source) => taggedArray(type, root + 1, source, root));
        const expected = rank === root ? joined(type, parts) : filled(type, size * (root + 1), 77);
        calls.fills(gathered, recv, expected, `${type.name} at root ${root}`);
        calls.fills(gathered, send, taggedArray(type, root + 1, rank, root), 'the send buffer');
      }
      await calls.settle();
    }
  },
};

const scatterInto: ConformanceCase = {
  name: 'scatterInto gives every rank its block of every element type from each root',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const [k, type] of ELEMENT_KINDS.entries()) {
      const calls = new InFlight(t);
      for (const root of rootsOf(size, k)) {
        const parts = ranksOf(size).map((dest) => taggedArray(type, root + 1, root, dest));
        const recv = filled(type, root + 1, 77);
        const scattered = comm.scatterInto(rank === root ? joined(type, parts) : undefined, recv, { root });
        calls.fills(scattered, recv, parts[rank]!, `${type.name} from root ${root}`);
      }
      await calls.settle();
    }
  },
};

const allgatherInto: ConformanceCase = {
  name: 'allgatherInto puts the blocks of every element type in rank order on every rank',
  async run(comm, t) {
    const { rank, size } = comm;
    const calls = new InFlight(t);
    for (const [k, type] of ELEMENT_KINDS.entries()) {
      for (const [l, length] of [0, 1, 3].entries()) {
        if (!isDue(size, k + l)) continue;
        const recv = filled(type, size * length, 77);
        const gathered = comm.allgatherInto(taggedArray(type, length, rank, 0, length), recv);
        const parts = ranksOf(size).map((source) => taggedArray(type, length, source, 0, length));
        calls.fills(gathered, recv, joined(type, parts), `${length} elements of ${type.name}`);
      }
    }
    await calls.settle();
  },
};

const alltoallInto: ConformanceCase = {
  name: 'alltoallInto exchanges equal blocks of every element type',
  async run(comm, t) {
    const { rank, size } = comm;
    const calls = new InFlight(t);
    for (const [k, type] of ELEMENT_KINDS.entries()) {
      for (const [l, length] of [0, 1, 3].entries()) {
        if (!isDue(size, k + l)) continue;
        const send = joined(
          type,
          ranksOf(size).map((dest) => taggedArray(type, length, rank, dest)),
        );
        const recv = filled(type, size * length, 77);
        const exchanged = comm.alltoallInto(send, recv);
        const parts = ranksOf(size).map((source) => taggedArray(type, length, source, rank));
        calls.fills(exchanged, recv, joined(type, parts), `${length} elements of ${type.name}`);
      }
    }
    await calls.settle();
  },
};

/** Block lengths in bytes at which implementations change their algorithm or protocol. */
const LENGTHS = [255, 257, 4096, 16_385, 65_537];

const longerBlocks: ConformanceCase = {
  name: 'data-moving collectives put long blocks where short ones go',
  async run(comm, t) {
    const { rank, size } = comm;
    for (const length of LENGTHS) {
      const root = length % size;
      const block = (source: number, dest: number) => taggedBytes(length, source, dest);
      const all = (at: (peer: number) => Uint8Array) => new Uint8Array(Buffer.concat(ranksOf(size).map(at)));
      const buffer = block(rank, 0);
      await comm.bcastInto(buffer, { root });
      t.ok(Buffer.from(buffer).equals(block(root, 0)), `bcastInto ${length} bytes`);
      const gathered = new Uint8Array(size * length);
      await comm.gatherInto(block(rank, root), rank === root ? gathered : undefined, { root });
      const wanted = all((source) => block(source, root));
      t.ok(rank !== root || Buffer.from(gathered).equals(wanted), `gatherInto ${length} bytes`);
      const part = new Uint8Array(length);
      await comm.scatterInto(rank === root ? all((dest) => block(root, dest)) : undefined, part, { root });
      t.ok(Buffer.from(part).equals(block(root, rank)), `scatterInto ${length} bytes`);
      const everything = new Uint8Array(size * length);
      await comm.allgatherInto(block(rank, 1), everything);
      t.ok(Buffer.from(everything).equals(all((source) => block(source, 1))), `allgatherInto ${length} bytes`);
      await comm.alltoallInto(
        all((dest) => block(rank, dest)),
        everything,
      );
      t.ok(Buffer.from(everything).equals(all((source) => block(source, rank))), `alltoallInto ${length} bytes`);
    }
  },
};

export const collectiveBuffers: readonly ConformanceCase[] = [
  bcastInto,
  gatherInto,
  scatterInto,
  allgatherInto,
  alltoallInto,
  longerBlocks,
];

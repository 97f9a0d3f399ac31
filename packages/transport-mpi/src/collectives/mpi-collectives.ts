import { ArgumentRangeError } from '@par/comm-core';
import type { AlltoallBlocks, BufferView, NativeCollectives } from '@par/comm-core/transport';
import { ELEMENT_BYTES, TYPE_CODE } from '../messages/element-types.ts';
import { PendingCollective } from '../messages/operations.ts';
import { DONE, FAILED, type Handle, type Native, ROUND } from '../native.ts';
import type { Progress } from '../progress.ts';
import { codeOf } from './operations.ts';

const INT_MAX = 2 ** 31 - 1;
/** Bytes of the pieces of a broadcast or reduction of more bytes than an int can count (MPICH 4.0.2 fails such ones whole). */
const PIECE = 2 ** 30;

type ElementwiseCall = (send: Uint8Array | undefined, recv: Uint8Array, type: number, op: number) => number;

/**
 * MPI's nonblocking collectives on the program's own communicator: any MPI program that calls the same forms takes part.
 * Where all ranks run par, few ranks exchange short buffers in one round of messages instead (native/rounds.cc).
 */
export class MpiCollectives implements NativeCollectives {
  readonly #progress: Progress;
  readonly #native: Native;
  readonly #comm: Handle;
  /** Communicator of those rounds. */
  readonly #rounds: Handle | undefined;
  readonly #rank: number;
  readonly #size: number;
  readonly #owner: object;

  constructor(progress: Progress, comm: Handle, rounds: Handle | undefined, rank: number, size: number, owner: object) {
    this.#progress = progress;
    this.#native = progress.native;
    this.#comm = comm;
    this.#rounds = rounds;
    this.#rank = rank;
    this.#size = size;
    this.#owner = owner;
  }

  barrier(): Promise<void> {
    const rounds = this.#rounds;
    const slot = rounds ? this.#native.barrierRound(rounds) : this.#native.barrier(this.#comm);
    return this.#pending(slot, 'barrier', undefined, undefined);
  }

  bcast(buffer: BufferView, root: number): Promise<void> {
    const rounds = this.#rounds;
    const memory = memoryOf(buffer);
    if (rounds && memory.byteLength <= ROUND.bytes) {
      const started = this.#native.bcastRound(rounds, memory, memory.byteLength, root);
      return this.#pending(started, 'bcastInto', buffer, undefined);
    }
    const type = TYPE_CODE[buffer.type];
    return this.#inPieces('bcastInto', undefined, buffer, (_, bytes) =>
      this.#native.bcast(this.#comm, bytes!, type, root),
    );
  }

  gather(
    send: BufferView | undefined,
    recv: BufferView | undefined,
    counts: readonly number[],
    displs: readonly number[],
    root: number,
  ): Promise<void> {
    const type = TYPE_CODE[(recv ?? send)?.type ?? 'bytes'];
    const [c, d] = [ints(counts, 'gatherInto'), ints(displs, 'gatherInto')];
    const slot = this.#native.gather(this.#comm, send?.bytes, recv?.bytes, type, c, d, root);
    return this.#pending(slot, 'gatherInto', send, recv);
  }

  scatter(
    send: BufferView | undefined,
    recv: BufferView | undefined,
    counts: readonly number[],
    displs: readonly number[],
    root: number,
  ): Promise<void> {
    const type = TYPE_CODE[(send ?? recv)?.type ?? 'bytes'];
    const [c, d] = [ints(counts, 'scatterInto'), ints(displs, 'scatterInto')];
    const slot = this.#native.scatter(this.#comm, send?.bytes, recv?.bytes, type, c, d, root);
    return this.#pending(slot, 'scatterInto', send, recv);
  }

  allgather(
    send: BufferView | undefined,
    recv: BufferView,
    counts: readonly number[],
    displs: readonly number[],
  ): Promise<void> {
    const count = counts[0]!;
    const equal = counts.every((other) => other === count);
    const rounds = this.#rounds;
    const block = count * ELEMENT_BYTES[recv.type];
    // All ranks know the counts, but each has displacements of its own: they must not decide which messages are sent.
    if (!equal) {
      const [c, d] = [ints(counts, 'allgatherInto'), ints(displs, 'allgatherInto')];
      const type = TYPE_CODE[recv.type];
      const slot = this.#native.allgather(this.#comm, send?.bytes, recv.bytes, type, c, d, false);
      return this.#pending(slot, 'allgatherInto', send, recv);
    }
    if (!isPacked(displs, count)) {
      const own = send ?? pack(recv, [displs[this.#rank]!], block);
      const all: BufferView = { bytes: new Uint8Array(block * this.#size), type: recv.type };
      const packed = this.allgather(own, all, counts, consecutive(this.#size, count));
      return packed.then(() => unpack(all, recv, displs, block));
    }
    if (rounds && block <= ROUND.bytes) {
      const own = send ? memoryOf(send) : recv.bytes.subarray(this.#rank * block, (this.#rank + 1) * block);
      const started = this.#native.exchangeRound(rounds, own, memoryOf(recv), block, false);
      return this.#pending(started, 'allgatherInto', send, recv);
    }
    const c = ints(counts, 'allgatherInto');
    const slot = this.#native.allgather(this.#comm, send?.bytes, recv.bytes, TYPE_CODE[recv.type], c, c, true);
    return this.#pending(slot, 'allgatherInto', send, recv);
  }

  alltoall(send: BufferView | undefined, recv: BufferView, blocks: AlltoallBlocks): Promise<void> {
    const count = blocks.recvCounts[0]!;
    const block = count * ELEMENT_BYTES[recv.type];
    const rounds = this.#rounds;
    if (rounds && blocks.equal && block <= ROUND.bytes) {
      const { sendDispls, recvDispls } = blocks;
      const from = send ?? recv;
      const out = isPacked(sendDispls, blocks.sendCounts[0]!) ? from : pack(from, sendDispls, block);
      const packed = isPacked(recvDispls, count);
      const into: BufferView = packed ? recv : { bytes: new Uint8Array(block * this.#size), type: recv.type };
      const started = this.#native.exchangeRound(rounds, memoryOf(out), memoryOf(into), block, true);
      const exchanged = this.#pending(started, 'alltoallInto', out, into);
      return packed ? exchanged : exchanged.then(() => unpack(into, recv, recvDispls, block));
    }
    const [sendCounts, sendDispls, recvCounts, recvDispls] = [
      ints(blocks.sendCounts, 'alltoallInto'),
      ints(blocks.sendDispls, 'alltoallInto'),
      ints(blocks.recvCounts, 'alltoallInto'),
      ints(blocks.recvDispls, 'alltoallInto'),
    ];
    const type = TYPE_CODE[recv.type];
    const slot = this.#native.alltoall(
      this.#comm,
      send?.bytes,
      recv.bytes,
      type,
      sendCounts,
      sendDispls,
      recvCounts,
      recvDispls,
    );
    return this.#pending(slot, 'alltoallInto', send, recv);
  }

  reduce(send: BufferView | undefined, recv: BufferView | undefined, op: string, root: number): Promise<void> {
    const view = recv ?? send;
    const type = view?.type ?? 'bytes';
    const code = codeOf(op);
    const round = this.#reduceRound('reduceInto', send, recv, code, root);
    if (round) return round;
    return this.#inPieces('reduceInto', send, recv, (s, r) =>
      this.#native.reduce(this.#comm, s, r, TYPE_CODE[type], code, root),
    );
  }

  allreduce(send: BufferView | undefined, recv: BufferView, op: string): Promise<void> {
    const round = this.#reduceRound('allreduceInto', send, recv, codeOf(op), -1);
    if (round) return round;
    return this.#elementwise('allreduceInto', send, recv, op, (...args) => this.#native.allreduce(this.#comm, ...args));
  }

  reduceScatter(send: BufferView | undefined, recv: BufferView, counts: readonly number[], op: string): Promise<void> {
    const c = ints(counts, 'reduceScatterInto');
    const type = TYPE_CODE[recv.type];
    const slot = this.#native.reduceScatter(this.#comm, send?.bytes, recv.bytes, type, codeOf(op), c);
    return this.#pending(slot, 'reduceScatterInto', send, recv);
  }

  scan(send: BufferView | undefined, recv: BufferView, op: string): Promise<void> {
    return this.#elementwise('scanInto', send, recv, op, (...args) => this.#native.scan(this.#comm, ...args));
  }

  exscan(send: BufferView | undefined, recv: BufferView, op: string): Promise<void> {
    return this.#elementwise('exscanInto', send, recv, op, (...args) => this.#native.exscan(this.#comm, ...args));
  }

  #reduceRound(
    name: string,
    send: BufferView | undefined,
    recv: BufferView | undefined,
    op: number,
    root: number,
  ): Promise<void> | undefined {
    const from = memoryOf((send ?? recv)!);
    const bytes = from.byteLength;
    if (!this.#rounds || bytes > ROUND.bytes) return undefined;
    const type = TYPE_CODE[(send ?? recv)!.type];
    const into = recv && memoryOf(recv);
    return this.#pending(this.#native.reduceRound(this.#rounds, from, into, bytes, type, op, root), name, send, recv);
  }

  #elementwise(
    name: string,
    send: BufferView | undefined,
    recv: BufferView,
    op: string,
    call: ElementwiseCall,
  ): Promise<void> {
    const code = codeOf(op);
    const type = TYPE_CODE[recv.type];
    return this.#inPieces(name, send, recv, (s, r) => call(s, r!, type, code));
  }

  #inPieces(
    name: string,
    send: BufferView | undefined,
    recv: BufferView | undefined,
    call: (send: Uint8Array | undefined, recv: Uint8Array | undefined) => number,
  ): Promise<void> {
    const bytes = (recv ?? send)?.bytes.length ?? 0;
    if (bytes <= INT_MAX) return this.#pending(call(send?.bytes, recv?.bytes), name, send, recv);
    const all: Promise<void>[] = [];
    for (let at = 0; at < bytes; at += PIECE) {
      const [s, r] = [send, recv].map((view) => view?.bytes.subarray(at, at + PIECE));
      all.push(this.#pending(call(s, r), name, send, recv));
    }
    return Promise.all(all).then(() => undefined);
  }

  #pending(slot: number, name: string, send: BufferView | undefined, recv: BufferView | undefined): Promise<void> {
    if (slot === DONE) return this.#progress.done();
    if (slot === FAILED) return Promise.reject(this.#progress.failure(name));
    return new Promise((resolve, reject) => {
      this.#progress.wait(slot, new PendingCollective(this.#owner, [send, recv], name, resolve, reject));
    });
  }
}

function memoryOf(view: BufferView): ArrayBufferView {
  return view.array ?? view.bytes;
}

/** Whether equal blocks lie one after the other. */
function isPacked(displs: readonly number[], count: number): boolean {
  return displs.every((start, i) => start === i * count);
}

function consecutive(blocks: number, count: number): number[] {
  return Array.from({ length: blocks }, (_, i) => i * count);
}

/** Blocks of so many bytes, which lie at `displs` (in elements), one after the other. */
function pack(from: BufferView, displs: readonly number[], block: number): BufferView {
  const width = ELEMENT_BYTES[from.type];
  const bytes = new Uint8Array(displs.length * block);
  displs.forEach((start, i) => {
    bytes.set(from.bytes.subarray(start * width, start * width + block), i * block);
  });
  return { bytes, type: from.type };
}

function unpack(from: BufferView, into: BufferView, displs: readonly number[], block: number): void {
  const width = ELEMENT_BYTES[into.type];
  displs.forEach((start, i) => {
    into.bytes.set(from.bytes.subarray(i * block, (i + 1) * block), start * width);
  });
}

function ints(list: readonly number[], name: string): Int32Array {
  for (const value of list) {
    if (value <= INT_MAX) continue;
    throw new ArgumentRangeError(
      'PAR_COUNT',
      `${name}: a count or displacement of ${value} elements is more than MPI's int can hold; use several calls`,
    );
  }
  return Int32Array.from(list);
}

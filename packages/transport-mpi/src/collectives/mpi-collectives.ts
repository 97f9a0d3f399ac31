import { ArgumentRangeError } from '@par/comm-core';
import type { AlltoallBlocks, BufferView, NativeCollectives } from '@par/comm-core/transport';
import { ELEMENT_BYTES, TYPE_CODE } from '../messages/element-types.ts';
import { PendingCollective } from '../messages/operations.ts';
import { DONE, FAILED, type Handle, type Native } from '../native.ts';
import type { Progress } from '../progress.ts';
import { codeOf } from './operations.ts';

/** Elements a reduction is cut into when there are more than an int can count. */
const PIECE = 2 ** 30;
const INT_MAX = 2 ** 31 - 1;

type ElementwiseCall = (send: Uint8Array | undefined, recv: Uint8Array, type: number, op: number) => number;

/** MPI's nonblocking collectives on the program's own communicator: any MPI program that calls the same forms takes part. */
export class MpiCollectives implements NativeCollectives {
  readonly #progress: Progress;
  readonly #native: Native;
  readonly #comm: Handle;
  readonly #owner: object;

  constructor(progress: Progress, comm: Handle, owner: object) {
    this.#progress = progress;
    this.#native = progress.native;
    this.#comm = comm;
    this.#owner = owner;
  }

  barrier(): Promise<void> {
    return this.#pending(this.#native.barrier(this.#comm), 'barrier');
  }

  bcast(buffer: BufferView, root: number): Promise<void> {
    const slot = this.#native.bcast(this.#comm, buffer.bytes, TYPE_CODE[buffer.type], root);
    return this.#pending(slot, 'bcastInto', buffer);
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
    const [c, d] = [ints(counts, 'allgatherInto'), ints(displs, 'allgatherInto')];
    const equal = counts.every((count, i) => count === counts[0] && displs[i] === i * count);
    const slot = this.#native.allgather(this.#comm, send?.bytes, recv.bytes, TYPE_CODE[recv.type], c, d, equal);
    return this.#pending(slot, 'allgatherInto', send, recv);
  }

  alltoall(send: BufferView | undefined, recv: BufferView, blocks: AlltoallBlocks): Promise<void> {
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
    return this.#inPieces('reduceInto', send, recv, type, (s, r) =>
      this.#native.reduce(this.#comm, s, r, TYPE_CODE[type], code, root),
    );
  }

  allreduce(send: BufferView | undefined, recv: BufferView, op: string): Promise<void> {
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

  #elementwise(
    name: string,
    send: BufferView | undefined,
    recv: BufferView,
    op: string,
    call: ElementwiseCall,
  ): Promise<void> {
    const code = codeOf(op);
    const type = TYPE_CODE[recv.type];
    return this.#inPieces(name, send, recv, recv.type, (s, r) => call(s, r!, type, code));
  }

  #inPieces(
    name: string,
    send: BufferView | undefined,
    recv: BufferView | undefined,
    type: BufferView['type'],
    call: (send: Uint8Array | undefined, recv: Uint8Array | undefined) => number,
  ): Promise<void> {
    const bytes = (recv ?? send)?.bytes.length ?? 0;
    if (bytes / ELEMENT_BYTES[type] <= INT_MAX) {
      return this.#pending(call(send?.bytes, recv?.bytes), name, send, recv);
    }
    const piece = PIECE * ELEMENT_BYTES[type];
    const all: Promise<void>[] = [];
    for (let at = 0; at < bytes; at += piece) {
      const [s, r] = [send, recv].map((view) => view?.bytes.subarray(at, at + piece));
      all.push(this.#pending(call(s, r), name, send, recv));
    }
    return Promise.all(all).then(() => undefined);
  }

  #pending(slot: number, name: string, ...memory: readonly (BufferView | undefined)[]): Promise<void> {
    if (slot === DONE) return this.#progress.done();
    if (slot === FAILED) return Promise.reject(this.#progress.failure(name));
    return new Promise((resolve, reject) => {
      this.#progress.wait(slot, new PendingCollective(this.#owner, memory, name, resolve, reject));
    });
  }
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

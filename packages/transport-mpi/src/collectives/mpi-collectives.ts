import type { AlltoallBlocks, BufferView, NativeCollectives } from '@par/comm-core/transport';
import { ELEMENT_BYTES, TYPE_CODE } from '../messages/element-types.ts';
import { PendingCollective } from '../messages/operations.ts';
import { DONE, FAILED, type Handle, type Native, ROUND } from '../native.ts';
import type { Progress } from '../progress.ts';
import { checkInts, consecutive, fitsInt, isPacked, listsOf, onlyFor, pack, sum, unpack } from './blocks.ts';
import { codeOf } from './operations.ts';
import { ShortRounds } from './short-rounds.ts';

/** Bytes of the pieces of a broadcast or reduction of more bytes than an int can count (MPICH 4.0.2 fails such ones whole). */
const PIECE = 2 ** 30;
const NOTHING = new Uint8Array(0);

type ElementwiseCall = (send: Uint8Array | undefined, recv: Uint8Array, type: number, op: number) => number;

/**
 * MPI's nonblocking collectives on the program's own communicator: any MPI program that calls the same forms takes part.
 * Where all ranks run par, few ranks exchange short buffers in one round of messages instead (native/rounds.cc).
 */
export class MpiCollectives implements NativeCollectives {
  readonly short: ShortRounds | undefined;
  readonly #progress: Progress;
  readonly #native: Native;
  readonly #comm: Handle;
  /** Communicator of those rounds. */
  readonly #rounds: Handle | undefined;
  readonly #rank: number;
  readonly #size: number;
  readonly #owner: object;
  readonly #allRunPar: boolean;
  /**
   * Whether blocks of any size and place go by MPI_Ialltoallw, with derived types, in a library without large-count forms: in a gather
   * only the root knows whether a block is that large, so all of them do. It costs no more (both are plain messages in Open MPI).
   */
  readonly #exchanges: boolean;

  /** `allRunPar`: only then may ranks call other forms than the program does. */
  constructor(
    progress: Progress,
    comm: Handle,
    rounds: Handle | undefined,
    rank: number,
    size: number,
    owner: object,
    allRunPar: boolean,
  ) {
    this.#progress = progress;
    this.#native = progress.native;
    this.#comm = comm;
    this.#rounds = rounds;
    this.short = rounds && new ShortRounds(progress, rounds, rank, size, owner);
    this.#rank = rank;
    this.#size = size;
    this.#owner = owner;
    this.#allRunPar = allRunPar;
    this.#exchanges = allRunPar && !progress.native.largeCounts;
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
      this.#native.bcast(this.#comm, undefined, bytes!, type, root),
    );
  }

  gather(
    send: BufferView | undefined,
    recv: BufferView | undefined,
    counts: readonly number[],
    displs: readonly number[],
    root: number,
  ): Promise<void> {
    const own = send ? [elementsOf(send)] : [];
    if (this.#exchanges) {
      const size = this.#size;
      const sent = onlyFor(root, own[0] ?? 0, size);
      const received = recv
        ? counts.map((count, rank) => (rank === root && !send ? 0 : count))
        : onlyFor(root, 0, size);
      return this.#exchange('gatherInto', send, recv, {
        sendCounts: sent,
        sendDispls: onlyFor(root, 0, size),
        recvCounts: received,
        recvDispls: recv ? displs : onlyFor(root, 0, size),
      });
    }
    this.#checkInts('gatherInto', own, counts, displs);
    const type = TYPE_CODE[(recv ?? send)?.type ?? 'bytes'];
    const lists = listsOf(counts, displs);
    const slot = this.#native.gather(this.#comm, send?.bytes, recv?.bytes, type, root, lists);
    return this.#pending(slot, 'gatherInto', send, recv);
  }

  scatter(
    send: BufferView | undefined,
    recv: BufferView | undefined,
    counts: readonly number[],
    displs: readonly number[],
    root: number,
  ): Promise<void> {
    const own = recv ? [elementsOf(recv)] : [];
    if (this.#exchanges) {
      const size = this.#size;
      const sent = send ? counts.map((count, rank) => (rank === root && !recv ? 0 : count)) : onlyFor(root, 0, size);
      return this.#exchange('scatterInto', send, recv, {
        sendCounts: sent,
        sendDispls: send ? displs : onlyFor(root, 0, size),
        recvCounts: onlyFor(root, own[0] ?? 0, size),
        recvDispls: onlyFor(root, 0, size),
      });
    }
    this.#checkInts('scatterInto', own, counts, displs);
    const type = TYPE_CODE[(send ?? recv)?.type ?? 'bytes'];
    const lists = listsOf(counts, displs);
    const slot = this.#native.scatter(this.#comm, send?.bytes, recv?.bytes, type, root, lists);
    return this.#pending(slot, 'scatterInto', send, recv);
  }

  allgather(
    send: BufferView | undefined,
    recv: BufferView,
    counts: readonly number[],
    displs: readonly number[],
  ): Promise<void> {
    const total = sum(counts);
    // What all ranks know, the counts, decides which messages are sent: each has displacements of its own.
    if (this.#allRunPar && !fitsInt(total * ELEMENT_BYTES[recv.type])) {
      return this.#allgatherLarge(send, recv, counts, displs);
    }
    const count = counts[0]!;
    const equal = total === count * this.#size && counts.every((other) => other === count);
    const distant = !this.#native.largeCounts && displs.some((start) => !fitsInt(start));
    if (distant || (equal && !isPacked(displs, count))) {
      const me = this.#rank;
      const own = send ?? pack(recv, [counts[me]!], [displs[me]!]);
      const all: BufferView = { bytes: new Uint8Array(total * ELEMENT_BYTES[recv.type]), type: recv.type };
      return this.allgather(own, all, counts, consecutive(counts)).then(() => unpack(all, recv, counts, displs));
    }
    const type = TYPE_CODE[recv.type];
    if (!equal) {
      this.#checkInts('allgatherInto', counts);
      const slot = this.#native.allgather(this.#comm, send?.bytes, recv.bytes, type, listsOf(counts, displs));
      return this.#pending(slot, 'allgatherInto', send, recv);
    }
    const block = count * ELEMENT_BYTES[recv.type];
    const rounds = this.#rounds;
    if (rounds && block <= ROUND.bytes) {
      const own = send ? memoryOf(send) : recv.bytes.subarray(this.#rank * block, (this.#rank + 1) * block);
      const started = this.#native.allgatherRound(rounds, own, memoryOf(recv), block);
      return this.#pending(started, 'allgatherInto', send, recv);
    }
    this.#checkInts('allgatherInto', counts);
    const slot = this.#native.allgatherEqual(this.#comm, send?.bytes, recv.bytes, type, count);
    return this.#pending(slot, 'allgatherInto', send, recv);
  }

  alltoall(send: BufferView | undefined, recv: BufferView, blocks?: AlltoallBlocks): Promise<void> {
    if (blocks === undefined) return this.#alltoallEqual(send, recv);
    const { sendCounts, sendDispls, recvCounts, recvDispls } = blocks;
    const block = recvCounts[0]! * ELEMENT_BYTES[recv.type];
    if (blocks.equal && this.#rounds && block <= ROUND.longBytes) {
      const out = pack(send ?? recv, sendCounts, sendDispls);
      const into: BufferView = { bytes: new Uint8Array(block * this.#size), type: recv.type };
      return this.#alltoallEqual(out, into).then(() => unpack(into, recv, recvCounts, recvDispls));
    }
    if (this.#exchanges) {
      if (send) return this.#exchange('alltoallInto', send, recv, blocks);
      // In place the blocks leave from a copy, so that what arrives cannot overtake what is still to be sent.
      const copy = pack(recv, recvCounts, recvDispls);
      return this.#exchange('alltoallInto', copy, recv, { ...blocks, sendDispls: consecutive(recvCounts) });
    }
    this.#checkInts('alltoallInto', sendCounts, sendDispls, recvCounts, recvDispls);
    const lists = listsOf(sendCounts, sendDispls, recvCounts, recvDispls);
    const slot = this.#native.alltoall(this.#comm, send?.bytes, recv.bytes, TYPE_CODE[recv.type], lists);
    return this.#pending(slot, 'alltoallInto', send, recv);
  }

  #alltoallEqual(send: BufferView | undefined, recv: BufferView): Promise<void> {
    const memory = memoryOf(recv);
    const block = memory.byteLength / this.#size;
    if (this.#rounds && block <= ROUND.longBytes) {
      const out = send ?? (block <= ROUND.bytes ? recv : { bytes: recv.bytes.slice(), type: recv.type });
      const started = this.#native.alltoallRound(this.#rounds, memoryOf(out), memory, block);
      return this.#pending(started, 'alltoallInto', out, recv);
    }
    const counts = new Array<number>(this.#size).fill(elementsOf(recv) / this.#size);
    const displs = consecutive(counts);
    return this.alltoall(send, recv, {
      equal: true,
      sendCounts: counts,
      sendDispls: displs,
      recvCounts: counts,
      recvDispls: displs,
    });
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
    return this.#elementwise('allreduceInto', send, recv, op, (...args) =>
      this.#native.allreduce(this.#comm, ...args, this.#allRunPar),
    );
  }

  reduceScatter(send: BufferView | undefined, recv: BufferView, counts: readonly number[], op: string): Promise<void> {
    const type = TYPE_CODE[recv.type];
    const width = ELEMENT_BYTES[recv.type];
    if (!fitsInt(sum(counts) * width)) return this.#reduceBlocks(send, recv, counts, op);
    const slot = this.#native.reduceScatter(this.#comm, send?.bytes, recv.bytes, type, codeOf(op), listsOf(counts));
    return this.#pending(slot, 'reduceScatterInto', send, recv);
  }

  scan(send: BufferView | undefined, recv: BufferView, op: string): Promise<void> {
    return this.#elementwise('scanInto', send, recv, op, (...args) => this.#native.scan(this.#comm, ...args));
  }

  exscan(send: BufferView | undefined, recv: BufferView, op: string): Promise<void> {
    return this.#elementwise('exscanInto', send, recv, op, (...args) => this.#native.exscan(this.#comm, ...args));
  }

  /** Every rank sends its block to each: libraries cut large blocks into more pieces than they can keep in order quickly. */
  #allgatherLarge(
    send: BufferView | undefined,
    recv: BufferView,
    counts: readonly number[],
    displs: readonly number[],
  ): Promise<void> {
    const [me, size] = [this.#rank, this.#size];
    const own = new Array<number>(size).fill(counts[me]!);
    const others = send ? own : own.map((count, rank) => (rank === me ? 0 : count));
    return this.#exchange('allgatherInto', send ?? recv, recv, {
      sendCounts: others,
      sendDispls: new Array<number>(size).fill(send ? 0 : displs[me]!),
      recvCounts: send ? counts : counts.map((count, rank) => (rank === me ? 0 : count)),
      recvDispls: displs,
    });
  }

  /** Each block reduced to the rank it is for, one after the other. */
  #reduceBlocks(send: BufferView | undefined, recv: BufferView, counts: readonly number[], op: string): Promise<void> {
    const width = ELEMENT_BYTES[recv.type];
    const { bytes: input } = send ?? recv;
    const own = counts[this.#rank]! * width;
    const reduced = consecutive(counts).map((start, root) => {
      const block: BufferView = {
        bytes: input.subarray(start * width, (start + counts[root]!) * width),
        type: recv.type,
      };
      if (root !== this.#rank) return this.reduce(block, undefined, op, root);
      return send
        ? this.reduce(block, { bytes: recv.bytes.subarray(0, own), type: recv.type }, op, root)
        : this.reduce(undefined, block, op, root);
    });
    const start = consecutive(counts)[this.#rank]! * width;
    return Promise.all(reduced).then(() => {
      if (!send) recv.bytes.copyWithin(0, start, start + own);
    });
  }

  #exchange(
    name: string,
    send: BufferView | undefined,
    recv: BufferView | undefined,
    blocks: Omit<AlltoallBlocks, 'equal'>,
  ): Promise<void> {
    const { sendCounts, sendDispls, recvCounts, recvDispls } = blocks;
    const lists = listsOf(sendCounts, sendDispls, recvCounts, recvDispls);
    const type = TYPE_CODE[(recv ?? send)?.type ?? 'bytes'];
    const slot = this.#native.exchange(this.#comm, send?.bytes ?? NOTHING, recv?.bytes ?? NOTHING, type, lists);
    return this.#pending(slot, name, send, recv);
  }

  #checkInts(name: string, ...lists: readonly (readonly number[])[]): void {
    if (!this.#native.largeCounts) checkInts(name, ...lists);
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
    if (fitsInt(bytes)) return this.#pending(call(send?.bytes, recv?.bytes), name, send, recv);
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

function elementsOf(view: BufferView): number {
  return view.bytes.length / ELEMENT_BYTES[view.type];
}

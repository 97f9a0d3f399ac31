import type { BufferView } from './contract.ts';

/** Blocks so short that each goes to all ranks at once. */
export interface ShortBlocks {
  /** The longest. */
  readonly bytes: number;
  /** Every rank's block, of whatever length, in rank order. Blocks of other ranks are the caller's to keep. */
  allgather(block: Uint8Array): Promise<readonly Uint8Array[]>;
}

/** Buffer collectives, MPI's arguments in elements. `send` undefined means in place. `op` is a predefined op's name. */
export interface NativeCollectives {
  /** For encoded values. Undefined on all ranks where the transport has no faster way than messages. */
  readonly short?: ShortBlocks | undefined;
  barrier(signal?: AbortSignal): Promise<void>;
  bcast(buffer: BufferView, root: number): Promise<void>;
  gather(
    send: BufferView | undefined,
    recv: BufferView | undefined,
    counts: readonly number[],
    displs: readonly number[],
    root: number,
  ): Promise<void>;
  scatter(
    send: BufferView | undefined,
    recv: BufferView | undefined,
    counts: readonly number[],
    displs: readonly number[],
    root: number,
  ): Promise<void>;
  allgather(
    send: BufferView | undefined,
    recv: BufferView,
    counts: readonly number[],
    displs: readonly number[],
  ): Promise<void>;
  /** `blocks` undefined: they are equal, which is known on all ranks, and lie one after the other. */
  alltoall(send: BufferView | undefined, recv: BufferView, blocks?: AlltoallBlocks): Promise<void>;
  reduce(send: BufferView | undefined, recv: BufferView | undefined, op: string, root: number): Promise<void>;
  allreduce(send: BufferView | undefined, recv: BufferView, op: string): Promise<void>;
  reduceScatter(send: BufferView | undefined, recv: BufferView, counts: readonly number[], op: string): Promise<void>;
  scan(send: BufferView | undefined, recv: BufferView, op: string): Promise<void>;
  exscan(send: BufferView | undefined, recv: BufferView, op: string): Promise<void>;
}

/** Element counts and displacements of each rank's block, sent and received. */
export interface AlltoallBlocks {
  /** Known on all ranks: no counts were given, so all blocks are equal. */
  readonly equal: boolean;
  readonly sendCounts: readonly number[];
  readonly sendDispls: readonly number[];
  readonly recvCounts: readonly number[];
  readonly recvDispls: readonly number[];
}

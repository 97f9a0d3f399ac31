import type { AlltoallOptions, BlockOptions, BufferLike, Communicator, Waitable } from '../comm/communicator.ts';

/** What every communicator with a topology can do: exchange with its neighbours only. */
export interface TopologyCommunicator extends Communicator {
  /** Ranks this rank receives from, in neighbour order; PROC_NULL beyond a non-periodic edge. */
  readonly sources: readonly number[];
  /** Ranks this rank sends to, in neighbour order. */
  readonly destinations: readonly number[];
  /** One value to every destination; the values of the sources, in order (undefined for PROC_NULL). */
  neighborAllgather<T>(value: T, options?: Waitable): Promise<(T | undefined)[]>;
  neighborAllgatherInto(send: BufferLike, recv: BufferLike, options?: BlockOptions & Waitable): Promise<void>;
  /** `values[i]` to destination i; the values of the sources, in order. */
  neighborAlltoall<T>(values: readonly T[], options?: Waitable): Promise<(T | undefined)[]>;
  neighborAlltoallInto(send: BufferLike, recv: BufferLike, options?: AlltoallOptions): Promise<void>;
}

export interface CartesianCommunicator extends TopologyCommunicator {
  readonly dims: readonly number[];
  readonly periodic: readonly boolean[];
  readonly coords: readonly number[];
  /** Neighbours in (dimension, −1 then +1) order. */
  readonly neighbors: readonly number[];
  coordsOf(rank: number): number[];
  /** Rank at these coordinates; periodic dimensions wrap, others must be in range. */
  rankOf(coords: readonly number[]): number;
  /** The ranks to receive from and send to for a shift by `disp` along `dim`; PROC_NULL beyond an edge. */
  shift(dim: number, disp: number): { source: number; dest: number };
  /** Sub-grids over the dimensions kept. */
  sub(keep: readonly boolean[], options?: Waitable): Promise<CartesianCommunicator>;
}

export interface GraphCommunicator extends TopologyCommunicator {
  readonly index: readonly number[];
  readonly edges: readonly number[];
  neighborsOf(rank: number): number[];
}

export interface DistGraphCommunicator extends TopologyCommunicator {
  /** Undefined when the graph was made without weights. */
  readonly sourceWeights: readonly number[] | undefined;
  readonly destWeights: readonly number[] | undefined;
}

import * as collectives from '../collectives/index.ts';
import type { BufferOp, OpLike } from '../ops/op.ts';
import type { Context } from '../transport/index.ts';
import type {
  AlltoallOptions,
  BlockOptions,
  BufferLike,
  Collectives,
  InPlace,
  RootOptions,
  Waitable,
} from './communicator.ts';
import type { CollectiveHost } from './host.ts';
import { PointToPointCalls } from './point-to-point.ts';

/** The collectives an intracommunicator and an intercommunicator share; the algorithms are functions in `collectives/`. */
export class CollectiveCalls extends PointToPointCalls implements Collectives {
  readonly host: CollectiveHost;

  constructor(context: Context, host: CollectiveHost) {
    super(context);
    this.host = host;
  }

  barrier(options?: Waitable): Promise<void> {
    return collectives.barrier(this.host, options);
  }
  bcast<T>(value: T, options?: RootOptions): Promise<T> {
    return collectives.bcast(this.host, value, options);
  }
  bcastInto(buffer: BufferLike, options?: RootOptions): Promise<void> {
    return collectives.bcastInto(this.host, buffer, options);
  }
  scatter<T>(values: readonly T[] | undefined, options?: RootOptions): Promise<T> {
    return collectives.scatter(this.host, values, options);
  }
  scatterInto(
    send: BufferLike | undefined,
    recv: BufferLike | InPlace,
    options?: RootOptions & BlockOptions,
  ): Promise<void> {
    return collectives.scatterInto(this.host, send, recv, options);
  }
  gather<T>(value: T, options?: RootOptions): Promise<T[] | undefined> {
    return collectives.gather(this.host, value, options);
  }
  gatherInto(
    send: BufferLike | InPlace,
    recv: BufferLike | undefined,
    options?: RootOptions & BlockOptions,
  ): Promise<void> {
    return collectives.gatherInto(this.host, send, recv, options);
  }
  allgather<T>(value: T, options?: Waitable): Promise<T[]> {
    return collectives.allgather(this.host, value, options);
  }
  allgatherInto(send: BufferLike | InPlace, recv: BufferLike, options?: BlockOptions & Waitable): Promise<void> {
    return collectives.allgatherInto(this.host, send, recv, options);
  }
  alltoall<T>(values: readonly T[], options?: Waitable): Promise<T[]> {
    return collectives.alltoall(this.host, values, options);
  }
  alltoallInto(send: BufferLike | InPlace, recv: BufferLike, options?: AlltoallOptions): Promise<void> {
    return collectives.alltoallInto(this.host, send, recv, options);
  }
  reduce<T>(value: T, op: OpLike<T>, options?: RootOptions): Promise<T | undefined> {
    return collectives.reduce(this.host, value, op, options);
  }
  reduceInto(
    send: BufferLike | InPlace,
    recv: BufferLike | undefined,
    op: BufferOp,
    options?: RootOptions,
  ): Promise<void> {
    return collectives.reduceInto(this.host, send, recv, op, options);
  }
  allreduce<T>(value: T, op: OpLike<T>, options?: Waitable): Promise<T> {
    return collectives.allreduce(this.host, value, op, options);
  }
  allreduceInto(send: BufferLike | InPlace, recv: BufferLike, op: BufferOp, options?: Waitable): Promise<void> {
    return collectives.allreduceInto(this.host, send, recv, op, options);
  }
  reduceScatter<T>(values: readonly T[], op: OpLike<T>, options?: Waitable): Promise<T> {
    return collectives.reduceScatter(this.host, values, op, options);
  }
  reduceScatterInto(
    send: BufferLike | InPlace,
    recv: BufferLike,
    op: BufferOp,
    options?: { counts?: readonly number[] } & Waitable,
  ): Promise<void> {
    return collectives.reduceScatterInto(this.host, send, recv, op, options);
  }
}

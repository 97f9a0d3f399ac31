import type { IN_PLACE } from '../constants.ts';
import type { DatatypeView } from '../datatype/view.ts';
import type { Group } from '../group.ts';
import type { BufferOp, OpLike } from '../ops/op.ts';
import type { CartesianCommunicator, DistGraphCommunicator, GraphCommunicator } from '../topology/topology.ts';
import type { Replacement } from '../transport/index.ts';
import type { Intercommunicator } from './intercommunicator.ts';

export type { Replacement };

/** Memory for the buffer calls. A typed array keeps its element type; ArrayBuffer and DataView are raw bytes. */
export type BufferLike = ArrayBufferView | ArrayBuffer | SharedArrayBuffer | DatatypeView;
export type InPlace = typeof IN_PLACE;

export interface Waitable {
  /** Cancels the wait: rejects with PAR_TIMEOUT for `AbortSignal.timeout`, otherwise PAR_CANCELLED. */
  signal?: AbortSignal | undefined;
}
export interface SendOptions extends Waitable {
  dest: number;
  /** Default 0. */
  tag?: number | undefined;
  /** `synchronous`: settles only once the message was matched (MPI_Ssend). Default `standard`. */
  mode?: 'standard' | 'synchronous' | undefined;
}
export interface RecvOptions extends Waitable {
  /** Default ANY_SOURCE. */
  source?: number | undefined;
  /** Default ANY_TAG. */
  tag?: number | undefined;
}
export interface SendrecvOptions extends Waitable {
  dest: number;
  /** Default ANY_SOURCE. */
  source?: number | undefined;
  /** Default 0. */
  sendTag?: number | undefined;
  /** Default ANY_TAG. */
  recvTag?: number | undefined;
}
export interface RootOptions extends Waitable {
  /** Default 0. In an intercommunicator: ROOT, PROC_NULL or the remote root's rank. */
  root?: number | undefined;
}
/** Blocks of a vector collective, in elements. `counts`: one for all ranks or one each; `displs`: a stride or one each. */
export interface BlockOptions {
  counts?: number | readonly number[] | undefined;
  displs?: number | readonly number[] | undefined;
}
export interface AlltoallOptions extends Waitable {
  sendCounts?: readonly number[] | undefined;
  sendDispls?: readonly number[] | undefined;
  recvCounts?: readonly number[] | undefined;
  recvDispls?: readonly number[] | undefined;
}

/** How a message ended: the rank that sent it, its tag and size. */
export interface Status {
  source: number;
  tag: number;
  bytes: number;
  /** Elements of the receiving buffer's type. */
  count: number;
}
export interface Message<T> {
  value: T;
  source: number;
  tag: number;
  bytes: number;
}
/** What probe found. */
export interface Probed {
  source: number;
  tag: number;
  bytes: number;
}
/** A message only its holder can receive now (MPI_Mprobe). One of the two receives, once; as it is matched, nothing cancels it. */
export interface ProbedMessage extends Probed {
  recv<T>(): Promise<T>;
  recvInto(buffer: BufferLike): Promise<Status>;
}

/** Point-to-point messages between this rank and its peers: the group itself, or the remote group of an intercommunicator. */
export interface PointToPoint {
  send(value: unknown, options: SendOptions): Promise<void>;
  recv<T = unknown>(options?: RecvOptions): Promise<T>;
  recvMessage<T = unknown>(options?: RecvOptions): Promise<Message<T>>;
  sendrecv<T = unknown>(value: unknown, options: SendrecvOptions): Promise<T>;
  /** Messages as they come, until the signal fires (ends the iteration) or the loop is left. One receive is posted at a time. */
  messages<T = unknown>(options?: RecvOptions): AsyncIterableIterator<Message<T>>;
  sendBuffer(buffer: BufferLike, options: SendOptions): Promise<void>;
  recvInto(buffer: BufferLike, options?: RecvOptions): Promise<Status>;
  sendrecvInto(send: BufferLike, recv: BufferLike, options: SendrecvOptions): Promise<Status>;
  /** Sends the buffer's contents, then receives into it (MPI_Sendrecv_replace). */
  sendrecvReplace(buffer: BufferLike, options: SendrecvOptions): Promise<Status>;
  probe(options?: RecvOptions): Promise<Probed>;
  iprobe(options?: RecvOptions): Probed | undefined;
  mprobe(options?: RecvOptions): Promise<ProbedMessage>;
  improbe(options?: RecvOptions): ProbedMessage | undefined;
}

/** Collectives. Every rank of the communicator calls them in the same order. Values of non-roots are `undefined` where MPI has none. */
export interface Collectives {
  barrier(options?: Waitable): Promise<void>;
  bcast<T>(value: T, options?: RootOptions): Promise<T>;
  bcastInto(buffer: BufferLike, options?: RootOptions): Promise<void>;
  /** `values`: one per rank at the root, ignored elsewhere. */
  scatter<T>(values: readonly T[] | undefined, options?: RootOptions): Promise<T>;
  scatterInto(
    send: BufferLike | undefined,
    recv: BufferLike | InPlace,
    options?: RootOptions & BlockOptions,
  ): Promise<void>;
  gather<T>(value: T, options?: RootOptions): Promise<T[] | undefined>;
  gatherInto(
    send: BufferLike | InPlace,
    recv: BufferLike | undefined,
    options?: RootOptions & BlockOptions,
  ): Promise<void>;
  allgather<T>(value: T, options?: Waitable): Promise<T[]>;
  allgatherInto(send: BufferLike | InPlace, recv: BufferLike, options?: BlockOptions & Waitable): Promise<void>;
  alltoall<T>(values: readonly T[], options?: Waitable): Promise<T[]>;
  alltoallInto(send: BufferLike | InPlace, recv: BufferLike, options?: AlltoallOptions): Promise<void>;
  reduce<T>(value: T, op: OpLike<T>, options?: RootOptions): Promise<T | undefined>;
  reduceInto(
    send: BufferLike | InPlace,
    recv: BufferLike | undefined,
    op: BufferOp,
    options?: RootOptions,
  ): Promise<void>;
  allreduce<T>(value: T, op: OpLike<T>, options?: Waitable): Promise<T>;
  allreduceInto(send: BufferLike | InPlace, recv: BufferLike, op: BufferOp, options?: Waitable): Promise<void>;
  /** Reduces `values[i]` over the ranks and gives the result to rank i. */
  reduceScatter<T>(values: readonly T[], op: OpLike<T>, options?: Waitable): Promise<T>;
  /** `counts`: elements of each rank's part; default equal parts. */
  reduceScatterInto(
    send: BufferLike | InPlace,
    recv: BufferLike,
    op: BufferOp,
    options?: { counts?: readonly number[] } & Waitable,
  ): Promise<void>;
}

export interface IntercommOptions extends Waitable {
  /** Rank of this group that speaks for it. */
  localLeader: number;
  /** A communicator that has both leaders; needed by the leaders only. */
  bridge?: Communicator | undefined;
  /** The other group's leader, as a rank of `bridge`. */
  remoteLeader: number;
  /** Tells apart what the leaders agree on at the same time. Default 0. */
  tag?: number | undefined;
}

/**
 * A group of ranks that talk to each other, isolated from every other communicator. A rank whose signal fires while it waits
 * for a new communicator still takes part in its making, so that the others get theirs; what comes of it here is freed.
 */
export interface Communicator extends PointToPoint, Collectives, AsyncDisposable {
  readonly rank: number;
  readonly size: number;
  readonly group: Group;
  /** Name of the transport: `memory`, `tcp`, `mpi`. */
  readonly transport: string;
  /** For people: error messages and deadlock reports use it. */
  name: string;
  readonly processorName: string;

  /** Inclusive prefix reduction in rank order. */
  scan<T>(value: T, op: OpLike<T>, options?: Waitable): Promise<T>;
  scanInto(send: BufferLike | InPlace, recv: BufferLike, op: BufferOp, options?: Waitable): Promise<void>;
  /** Exclusive prefix reduction: undefined (buffer untouched) on rank 0. */
  exscan<T>(value: T, op: OpLike<T>, options?: Waitable): Promise<T | undefined>;
  exscanInto(send: BufferLike | InPlace, recv: BufferLike, op: BufferOp, options?: Waitable): Promise<void>;

  dup(options?: Waitable): Promise<Communicator>;
  /** One communicator per color, ranks ordered by key, then old rank; undefined for color UNDEFINED. */
  split(options: { color: number; key?: number | undefined } & Waitable): Promise<Communicator | undefined>;
  /** One communicator per host (MPI_Comm_split_type SHARED). */
  splitByHost(options?: { key?: number | undefined } & Waitable): Promise<Communicator>;
  /** Communicator of a subgroup, called by every rank; undefined for ranks outside the group. */
  create(group: Group, options?: Waitable): Promise<Communicator | undefined>;
  /** Same as `create`, called by the group's members only (MPI_Comm_create_group). */
  createFromGroup(group: Group, options?: Waitable): Promise<Communicator>;
  cartesian(
    dims: readonly number[],
    options?: { periodic?: boolean | readonly boolean[]; reorder?: boolean } & Waitable,
  ): Promise<CartesianCommunicator | undefined>;
  /** General graph, the same on all ranks: MPI's index (cumulative degree) and flattened edges. */
  graph(
    index: readonly number[],
    edges: readonly number[],
    options?: { reorder?: boolean } & Waitable,
  ): Promise<GraphCommunicator | undefined>;
  /** Each rank names its own neighbours (MPI_Dist_graph_create_adjacent). */
  distGraphAdjacent(
    sources: readonly number[],
    destinations: readonly number[],
    options?: { sourceWeights?: readonly number[]; destWeights?: readonly number[] } & Waitable,
  ): Promise<DistGraphCommunicator>;
  /** Any rank names any edges (MPI_Dist_graph_create): degrees[i] destinations of sources[i]. */
  distGraph(
    sources: readonly number[],
    degrees: readonly number[],
    destinations: readonly number[],
    options?: { weights?: readonly number[] } & Waitable,
  ): Promise<DistGraphCommunicator>;
  /** Joins this group (leader `localLeader`) with the one led by `remoteLeader` in `bridge`, which only the leaders need. */
  intercomm(options: IntercommOptions): Promise<Intercommunicator>;
  /** `ident` same object, `congruent` same group and order, `similar` same members, else `unequal`. */
  compare(other: Communicator): 'ident' | 'congruent' | 'similar' | 'unequal';
  /** Collective. Pending operations reject with PAR_FREED; the world cannot be freed. */
  free(): Promise<void>;
  /** Ends the whole job with exit status `code & 255` (0 becomes 1). */
  abort(code?: number): never;
  /**
   * From now on the loss of this process does not end the job: a launcher that watches over it, such as `par run`, lets the others go
   * on, and starts the replacement, if one is named, as a new rank of the universe.
   */
  expendable(replacement?: Replacement): void;
}

/** All ranks of a job that are there or may still come: those of its world, and those its launcher starts later. */
export interface Universe {
  /** Its messages never meet those of other communicators. It has no collectives that could end. */
  readonly comm: Communicator;
  /** Calls `listener` with each rank that has joined later, before or after this call, and with what it says it is there for. */
  onArrival(listener: (rank: number, role: string) => void): void;
  /** Has the launcher kill a rank that counts as lost though its process is there, for this reason: others are told of its loss then. */
  evict(rank: number, reason: string): void;
}

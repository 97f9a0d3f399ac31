/** A communicator of MPI. Opaque: only the addon looks inside. */
export interface Handle {
  readonly handle: unique symbol;
}
/** A message MPI took out of matching. Opaque. */
export interface MatchedHandle {
  readonly message: unique symbol;
}

/** Bytes of the first message of a value, header included; `kSmall` of native/engine.h. */
export const SMALL = 2048;
/** Header of a value of one segment; `kHeader`. */
export const SMALL_HEADER = 16;
/** Receive slots in a slab; `kSlabSlots`. */
export const SLAB_SLOTS = 64;
/** Ranks and bytes of a block that the collectives of one round take: `kRoundRanks`, `kRoundBytes` of native/rounds.h; alltoall takes long ones too. */
export const ROUND = { ranks: 8, bytes: 2048, longBytes: 2 ** 30 } as const;
/** Completions one poll reports, and the numbers each takes; `kWindow`, `kStride`. */
export const WINDOW = 256;
export const STRIDE = 8;

/** Outcomes of calls that start an operation; a positive number is the slot of an operation that is pending. */
export const DONE = 0;
export const FAILED = -1;
export const NEED_SLAB = -2;
/** Error of a completion that MPI_Cancel brought about. */
export const CANCELLED = -1;
/** … of a message longer than its buffer, when its length is known. */
export const TRUNCATED = -2;

/** Places in the `status` array. */
export const STATUS = { source: 0, tag: 1, error: 2, slot: 4, next: 5, live: 6 } as const;

/** What the addon exports. Calls up to `mrecv` are the hot path: they take and give numbers only. */
export interface Native {
  readonly family: 'openmpi' | 'mpich' | 'mpi-abi';
  /** Whether the library has MPI 4's forms of calls, whose counts are larger than an int. */
  readonly largeCounts: boolean;

  sendBuffer(
    plane: Handle,
    array: ArrayBufferView,
    bytes: number,
    type: number,
    dest: number,
    tag: number,
    synchronous: boolean,
  ): number;
  recvBuffer(plane: Handle, array: ArrayBufferView, bytes: number, type: number, source: number, tag: number): number;
  sendSmall(plane: Handle, segment: Uint8Array, dest: number, tag: number): number;
  sendFirst(plane: Handle, message: Uint8Array, dest: number, tag: number): number;
  recvFirst(plane: Handle, source: number, tag: number): number;
  giveSlot(slot: number): void;
  iprobe(plane: Handle, source: number, tag: number): number;
  improbe(plane: Handle, source: number, tag: number): MatchedHandle | number | undefined;
  mrecv(message: MatchedHandle, bytes: Uint8Array, type: number): number;

  /** Collectives of a few ranks on short buffers (`ROUND`), on a communicator nobody else uses; native/rounds.cc. */
  barrierRound(plane: Handle): number;
  bcastRound(plane: Handle, array: ArrayBufferView, bytes: number, root: number): number;
  /** `root` -1: the result is for all. */
  reduceRound(
    plane: Handle,
    send: ArrayBufferView,
    recv: ArrayBufferView | undefined,
    bytes: number,
    type: number,
    op: number,
    root: number,
  ): number;
  /** A block of so many bytes from every rank, in rank order. */
  allgatherRound(plane: Handle, send: ArrayBufferView, recv: ArrayBufferView, blockBytes: number): number;
  /** The same, where every rank has a block for each, of up to `ROUND.longBytes`; long ones not in place. */
  alltoallRound: Native['allgatherRound'];
  /** A block of any length from every rank: `recv` gets their lengths as 32-bit words, then each `ROUND.bytes` after the other. */
  valuesRound(plane: Handle, block: Uint8Array, bytes: number, recv: Uint8Array): number;

  /** MPI's own collectives; native/collectives.cc. `lists`: counts and displacements of each rank's block, in elements. */
  barrier(comm: Handle): number;
  bcast(comm: Handle, send: undefined, recv: Uint8Array, type: number, root: number): number;
  gather(
    comm: Handle,
    send: Uint8Array | undefined,
    recv: Uint8Array | undefined,
    type: number,
    root: number,
    lists: Float64Array,
  ): number;
  scatter: Native['gather'];
  allgather(comm: Handle, send: Uint8Array | undefined, recv: Uint8Array, type: number, lists: Float64Array): number;
  allgatherEqual(comm: Handle, send: Uint8Array | undefined, recv: Uint8Array, type: number, count: number): number;
  /** `lists`: of what is sent, then of what is received. */
  alltoall: Native['allgather'];
  /** The same for blocks of any size and place in every library; ranks that do not run par cannot take part. */
  exchange(comm: Handle, send: Uint8Array, recv: Uint8Array, type: number, lists: Float64Array): number;
  reduce(
    comm: Handle,
    send: Uint8Array | undefined,
    recv: Uint8Array | undefined,
    type: number,
    op: number,
    root: number,
  ): number;
  /** `allRunPar`: every rank may choose the same algorithm of the library. */
  allreduce(
    comm: Handle,
    send: Uint8Array | undefined,
    recv: Uint8Array,
    type: number,
    op: number,
    allRunPar: boolean,
  ): number;
  scan(comm: Handle, send: Uint8Array | undefined, recv: Uint8Array, type: number, op: number): number;
  exscan: Native['scan'];
  reduceScatter(
    comm: Handle,
    send: Uint8Array | undefined,
    recv: Uint8Array,
    type: number,
    op: number,
    lists: Float64Array,
  ): number;

  share(status: Int32Array, statusBytes: Float64Array, done: Int32Array, doneBytes: Float64Array): void;
  addSlab(bytes: Uint8Array): void;
  poll(probing: boolean): number;
  cancel(slot: number): number;
  touch(): void;
  background(slot: number): void;
  /** `alone`: this rank has a core to itself; `crowded`: not every rank of the job has; `yields`: sched_yield reaches the others. */
  setCores(alone: boolean, crowded: boolean, yields: boolean): void;
  setDetachKey(buffer: ArrayBuffer, key: symbol | undefined): boolean;

  /** Name and version of the library, in its own words; MPI need not have started. */
  libraryVersion(): string;
  init(): Library;
  cores(): string;
  session(): number;
  describe(error: number): { errorClass: string; text: string; truncated: boolean };
  finalize(everyone: Handle | undefined): void;
  abort(status: number): void;
  abortNow(): void;

  startDuplicate(handle: Handle): { handle: Handle; slot: number };
  finishDuplicate(handle: Handle): void;
  createGroup(handle: Handle, ranks: Int32Array, tag: number): Handle;
  intercomm(local: Handle, localLeader: number, bridge: Handle | undefined, remoteLeader: number, tag: number): Handle;
  merge(handle: Handle, high: boolean): Handle;
  rankOf(handle: Handle): { rank: number; size: number };
  worldRanks(handle: Handle): Int32Array;
  free(handle: Handle): void;
}

/** What MPI says of itself once it has started. */
export interface Library {
  /** Version of the MPI standard, such as `4.0`. */
  readonly version: string;
  /** Name and version of the library, in its own words. */
  readonly library: string;
  readonly threadLevel: 'single' | 'funneled' | 'serialized' | 'multiple';
  readonly processor: string;
  /** Largest tag. */
  readonly tagMax: number;
  readonly world: { readonly handle: Handle; readonly rank: number; readonly size: number };
}

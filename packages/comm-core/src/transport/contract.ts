import type { TypedArray } from '../datatype/typed-array.ts';
import type { ElementType } from './element-type.ts';
import type { NativeCollectives } from './native-collectives.ts';
import type { Replacement, Universe } from './universe.ts';

/** Memory a caller lends to an operation until its promise settles: contiguous, in bytes, with its element type. */
export interface BufferView {
  readonly bytes: Uint8Array;
  readonly type: ElementType;
  /** The same memory as the caller's own array; an addon that reads it spares the making of `bytes`. */
  readonly array?: TypedArray | undefined;
}

/** What is known of a message: who sent it (rank in the context), with what tag, how many payload bytes. */
export interface Envelope {
  readonly source: number;
  readonly tag: number;
  readonly bytes: number;
}

/** A received buffer; `count` in elements of the receiving buffer's type. */
export interface BufferEnvelope extends Envelope {
  readonly count: number;
}

/** A received value, still encoded: the codec's head, then the memory of each out-of-band array. */
export interface EncodedMessage extends Envelope {
  readonly segments: readonly Uint8Array[];
}

/** A message taken out of matching by `mprobe`; exactly one of the two may be called, once. */
export interface MatchedMessage extends Envelope {
  readonly kind: 'value' | 'buffer';
  recvValue(): Promise<EncodedMessage>;
  recvBuffer(into: BufferView): Promise<BufferEnvelope>;
}

/**
 * One matching space of a context. Messages match on (source, tag) in MPI's non-overtaking order. Sources and destinations are ranks
 * of the context (of its remote group in an intercontext); ANY_SOURCE and ANY_TAG are allowed in receives; PROC_NULL, bad ranks and bad
 * tags never reach a transport. A signal cancels what has not matched yet. Sends settle when their memory is free, synchronous when matched.
 */
export interface MatchingSpace {
  sendValue(
    segments: readonly Uint8Array[],
    dest: number,
    tag: number,
    synchronous: boolean,
    signal?: AbortSignal,
  ): Promise<void>;
  recvValue(source: number, tag: number, signal?: AbortSignal): Promise<EncodedMessage>;
  sendBuffer(from: BufferView, dest: number, tag: number, synchronous: boolean, signal?: AbortSignal): Promise<void>;
  /** Rejects with TruncationError (message consumed) or MismatchError (message consumed). */
  recvBuffer(into: BufferView, source: number, tag: number, signal?: AbortSignal): Promise<BufferEnvelope>;
  /** Waits for a matching message and leaves it where it is. */
  probe(source: number, tag: number, signal?: AbortSignal): Promise<Envelope>;
  iprobe(source: number, tag: number): Envelope | undefined;
  mprobe(source: number, tag: number, signal?: AbortSignal): Promise<MatchedMessage>;
  improbe(source: number, tag: number): MatchedMessage | undefined;
}

/** An ordered group of ranks with two matching spaces of its own: itself for programs, `collective` for collectives. */
export interface Context extends MatchingSpace {
  readonly rank: number;
  readonly size: number;
  /** World rank of each rank of the local group. */
  readonly ranks: readonly number[];
  /** World rank of each rank of the remote group; undefined except in an intercontext. */
  readonly remoteRanks: readonly number[] | undefined;
  /** The loss of any member rejects every operation here with PeerLostError, so a collective never waits for a survivor. */
  readonly collective: MatchingSpace;
  /** Collectives the transport does itself, on buffers; undefined: comm-core's algorithms run over `collective`. */
  readonly native: NativeCollectives | undefined;
  /** Takes the communicator's name into messages and `pending`. Left out by transports that show no names. */
  rename?(name: string): void;
  /** New context of the given ranks of this one, in that order; collective over exactly those ranks. Intercontexts: a duplicate, over all. */
  derive(ranks: readonly number[]): Promise<Context>;
  /** Intercontext between this group and the one whose leader is `remoteLeader` in `bridge` (significant at `localLeader` only). */
  connect(localLeader: number, bridge: Context | undefined, remoteLeader: number, tag: number): Promise<Context>;
  /** Intercontexts only: one context of both groups, the group that says `high` last. */
  merge(high: boolean): Promise<Context>;
  /** Collective: gives the context back. Pending operations reject with PAR_FREED. */
  free(): Promise<void>;
}

export interface Capabilities {
  /** A value met by a buffer receive (or the reverse) is reported as MismatchError instead of never matching. */
  readonly detectsMismatch: boolean;
  /** The loss of a peer is reported and the rest of the job can go on. */
  readonly survivesPeerLoss: boolean;
}

/** What a back end gives comm-core. Packages export one factory returning this; their classes stay private. */
export interface Transport {
  readonly name: string;
  readonly capabilities: Capabilities;
  /** Host name of each world rank. */
  readonly hosts: readonly string[];
  /** Equal exactly for ranks of one host, where names do not tell hosts apart. Default: `hosts`. */
  readonly hostIds?: readonly string[] | undefined;
  readonly world: Context;
  /** Undefined where the ranks are those of the world for ever. */
  readonly universe?: Universe | undefined;
  /** Operations that have not settled, for people: "recv source=1 tag=7, waiting 12 s". */
  pending(): string[];
  /** The first loss of each peer that did not say goodbye, and an abort by another rank (AbortedError). */
  onFailure(listener: (error: Error, rank: number) => void): void;
  /**
   * Tells every rank, best effort and without waiting, that the job ends with this status; `lost`: because this rank of the
   * world is gone. Does not exit this process.
   */
  abort(status: number, reason: string, lost?: number): void;
  /** Tells the launcher that the loss of this rank need not end the job, or is to be made good. Left out where no launcher listens. */
  expendable?(replacement?: Replacement): void;
  /** Says goodbye, flushes what was sent and gives everything back; the process can then exit by itself. */
  close(): Promise<void>;
  /** Goodbye from inside `process.exit(0)`: synchronous, flushes what it can. */
  leave(): void;
}

import type { Capabilities } from './contract.ts';
import type { Replacement } from './universe.ts';

/** Bytes of the header that precedes every frame; comm-core writes and reads it, links only carry it. */
export const HEADER_BYTES = 32;

/** Where a frame transport hands over what arrives. Calls for one source come in the order the source sent. */
export interface FrameSink {
  /**
   * A header has arrived whole and been read as far as its payload length. Returns the memory, of exactly `length` bytes, that the
   * payload is to be written to; the link fills it (in as many reads as it takes) and then calls `end`. The header is
   * only valid during the call. Throws ParError PAR_PROTOCOL for a header no par rank sends: the link is then cut.
   */
  begin(source: number, header: Uint8Array, length: number): Uint8Array;
  /** The payload that `begin` made room for is complete (called for length 0 too). */
  end(source: number): void;
  /** The peer is gone. `error` undefined: it said goodbye first and everything it sent has been delivered. */
  lost(rank: number, error: Error | undefined): void;
  /** Another rank aborted the job; `lost`: because of the loss of this rank. */
  aborted(status: number, reason: string, rank: number, lost: number | undefined): void;
}

/**
 * A transport that only carries frames, reliably and in order between each pair of ranks, itself included;
 * `matching()` turns it into a Transport. Payload length is the u53 (float64) at byte 16 of the header, little endian.
 */
export interface FrameTransport {
  readonly name: string;
  readonly rank: number;
  readonly size: number;
  /** Ranks of the world, from 0; those above may come later. Default: all. */
  readonly worldSize?: number | undefined;
  readonly hosts: readonly string[];
  /** Equal exactly for ranks of one host, where names do not tell hosts apart. Default: `hosts`. */
  readonly hostIds?: readonly string[] | undefined;
  readonly capabilities: Capabilities;
  /** Called once, before anything is sent. Nothing is delivered from inside `send`. */
  start(sink: FrameSink): void;
  /**
   * Queues one frame. The header is copied before the call returns. Returns undefined when the payload was copied or written
   * too, otherwise a promise that settles when the payload's memory may be changed (rejects with PeerLostError).
   */
  send(dest: number, header: Uint8Array, payload: Uint8Array | undefined): Promise<void> | undefined;
  /** Whether operations are pending that only an arriving frame can settle: the link keeps the process alive and may poll. */
  waiting(active: boolean): void;
  abort(status: number, reason: string, lost?: number): void;
  /** Tells the launcher, if there is one that listens, that the loss of this rank need not end the job. */
  expendable?(replacement?: Replacement): void;
  /** Is told of ranks that come later, also of those that are there already. */
  onArrival?(listener: (rank: number, role: string) => void): void;
  /** Has the launcher, if there is one that listens, kill a rank that counts as lost. */
  evict?(rank: number, reason: string): void;
  close(): Promise<void>;
  /** Synchronous best-effort goodbye, from inside `process.exit(0)`. */
  leave(): void;
}

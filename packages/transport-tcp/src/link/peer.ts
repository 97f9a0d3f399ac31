import { ParError, PeerLostError } from '@par/comm-core';
import { type FrameSink, HEADER_BYTES } from '@par/comm-core/transport';
import type { Wire } from '../wire/wire.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter, type WriterHost } from './frame-writer.ts';
import { ABORT, BYE, BYE_ACK, LENGTH_OFFSET, NOBODY_LOST, REASON_BYTES } from './protocol.ts';

/**
 * `absent`: nobody has connected yet. `open`: frames flow. `departed`: it said goodbye; the connection lasts until it closes it.
 * `gone`: no connection, and there will be none.
 */
export type PeerState = 'absent' | 'connecting' | 'open' | 'departed' | 'gone';

export interface PeerHost extends WriterHost {
  /** Where this process's frames go at present. */
  readonly sink: FrameSink;
  readonly closing: boolean;
  arrived(): void;
  /** The first and only notice that nothing more will come from this peer. */
  peerEnded(peer: Peer, error: Error | undefined): void;
  peerAborted(peer: Peer, status: number, reason: string, lost: number | undefined): void;
  /** Something `close` may be waiting for has changed. */
  changed(): void;
}

/** One other rank: what is sent to it, what comes from it, and how it ends. */
export class Peer {
  readonly rank: number;
  readonly writer: FrameWriter;
  state: PeerState = 'absent';
  /** Why `send` is refused. */
  error: Error | undefined;
  /** The peer has answered our goodbye, or said its own. */
  acknowledged = false;
  readonly #host: PeerHost;
  #wire: Wire | undefined;
  #reader: FrameReader | undefined;

  constructor(rank: number, host: PeerHost) {
    this.rank = rank;
    this.#host = host;
    this.writer = new FrameWriter(host);
  }

  /** A trusted connection: frames collected so far leave, frames of the peer go to the sink. */
  open(wire: Wire): FrameReader {
    const host = this.#host;
    if (this.#wire !== undefined)
      throw new ParError('PAR_TRANSPORT', `a second connection to rank ${this.rank} was let in`);
    this.state = 'open';
    this.#wire = wire;
    this.#reader = new FrameReader(this.rank, host.sink, {
      arrived: () => host.arrived(),
      bye: () => this.#bye(),
      byeAcknowledged: () => {
        this.acknowledged = true;
        host.changed();
      },
      aborted: (status, reason, lost) => host.peerAborted(this, status, reason, lost),
      corrupt: (error) => wire.destroy(error),
    });
    wire.socket.unref();
    wire.onWriteFailed = (error) => this.writer.fail(this.#lost(error));
    wire.onClosed = (error) => this.#closed(error);
    if (wire.socket.remoteAddress !== undefined) wire.socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.writer.attach(wire.socket);
    return this.#reader;
  }

  /** What still arrives goes to another sink from now on. */
  redirect(sink: FrameSink): void {
    if (this.#reader !== undefined) this.#reader.sink = sink;
  }

  bye(): void {
    this.#control(BYE);
  }

  abort(status: number, reason: string, lost?: number): void {
    const text = Buffer.from(reason === '' ? 'no reason given' : reason).subarray(0, REASON_BYTES);
    const header = controlHeader(ABORT);
    header.writeInt32LE(status | 0, 0);
    header.writeUInt32LE(text.length, 4);
    header.writeInt32LE(lost ?? NOBODY_LOST, 8);
    this.#send(header, text);
  }

  /** Nothing more comes from this peer; `error` undefined: it left as it should. */
  end(error: Error | undefined): void {
    if (this.state === 'gone') return;
    const known = this.state === 'departed';
    this.state = 'gone';
    this.error ??= error ?? this.#finished();
    this.writer.fail(this.error);
    this.#wire?.destroy();
    if (!known) this.#host.peerEnded(this, error);
    this.#host.changed();
  }

  #bye(): void {
    if (this.state !== 'open') return;
    this.state = 'departed';
    this.acknowledged = true;
    this.error = this.#finished();
    if (!this.#host.closing) this.#control(BYE_ACK);
    this.#host.peerEnded(this, undefined);
    this.#host.changed();
  }

  #closed(error: Error | undefined): void {
    const orderly = this.state === 'departed' || (this.#host.closing && this.acknowledged);
    this.end(orderly ? undefined : this.#lost(error));
  }

  #control(kind: number): void {
    this.#send(controlHeader(kind), undefined);
  }

  #send(header: Buffer, payload: Uint8Array | undefined): void {
    this.writer.send(header, payload);
    this.writer.endTick();
  }

  #lost(cause: Error | undefined): PeerLostError {
    const how = cause === undefined ? 'its connection ended without goodbye' : cause.message;
    return new PeerLostError(this.rank, `rank ${this.rank} is lost: ${how}`, cause && { cause });
  }

  #finished(): PeerLostError {
    return new PeerLostError(this.rank, `rank ${this.rank} has finished: it called close, or its program ended`);
  }
}

/** Silence after which the system starts to probe a TCP peer; it gives up after ten unanswered probes, a second apart. */
const KEEP_ALIVE_MS = 10_000;

function controlHeader(kind: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeDoubleLE(kind, LENGTH_OFFSET);
  return header;
}

import { hostname } from 'node:os';
import { ParError, PeerLostError } from '../errors.ts';
import type { Capabilities, FrameSink, FrameTransport } from '../transport/index.ts';
import { type Frame, Inbox } from './inbox.ts';

export interface MemoryOptions {
  /** Host name of each rank; default: this host. Lets one process play several hosts. */
  hosts?: readonly string[] | undefined;
  /** Payloads longer than this many bytes are delivered in parts, other ranks' frames in between; default: whole. */
  chunkBytes?: number | undefined;
}

/** Payloads above this are read where they are at delivery; the send then waits for that, as on a socket. */
const COPY_LIMIT = 16 * 1024;

const GOODBYE: Frame = { header: undefined, payload: undefined, settled: undefined };

/** All ranks of a job inside one process. */
export class Carrier {
  readonly links: readonly MemoryLink[];
  readonly chunkBytes: number;

  constructor(size: number, { hosts, chunkBytes = Number.POSITIVE_INFINITY }: MemoryOptions) {
    this.chunkBytes = chunkBytes;
    const names = hosts ?? new Array<string>(size).fill(hostname());
    this.links = Array.from({ length: size }, (_, rank) => new MemoryLink(this, rank, names));
  }

  /** Cuts a rank off from all others, at once: what was on its way is gone. */
  lose(rank: number, reason: string): void {
    for (const other of this.links) {
      if (other.rank !== rank) this.cut(rank, other.rank, reason);
    }
  }

  cut(a: number, b: number, reason: string): void {
    const first = this.links[a]!;
    const second = this.links[b]!;
    if (first.unreachable.has(b)) return;
    first.drop(b, reason);
    second.drop(a, reason);
  }
}

export class MemoryLink implements FrameTransport {
  readonly name = 'memory';
  readonly rank: number;
  readonly size: number;
  readonly hosts: readonly string[];
  readonly capabilities: Capabilities = { detectsMismatch: true, survivesPeerLoss: true };
  /** Ranks that nothing goes to any more. */
  readonly unreachable = new Set<number>();
  private readonly carrier: Carrier;
  private sink: FrameSink | undefined = undefined;
  private inbox: Inbox | undefined = undefined;
  private left = false;

  constructor(carrier: Carrier, rank: number, hosts: readonly string[]) {
    this.carrier = carrier;
    this.rank = rank;
    this.size = hosts.length;
    this.hosts = hosts;
  }

  start(sink: FrameSink): void {
    this.sink = sink;
    this.inbox = new Inbox(this.size, sink, this.carrier.chunkBytes, (source, error) => {
      this.carrier.cut(this.rank, source, error.message);
    });
  }

  send(dest: number, header: Uint8Array, payload: Uint8Array | undefined): Promise<void> | undefined {
    if (this.unreachable.has(dest)) return undefined;
    const copy = header.slice();
    if (payload === undefined || payload.length <= COPY_LIMIT) {
      this.put(dest, { header: copy, payload: payload?.slice(), settled: undefined });
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const settled = (error: Error | undefined): void => (error === undefined ? resolve() : reject(error));
      this.put(dest, { header: copy, payload, settled });
    });
  }

  waiting(): void {
    // Nothing to do: whoever lets this rank go on lives in the same process.
  }

  abort(status: number, reason: string, lost?: number): void {
    for (const other of this.carrier.links) {
      if (other.rank !== this.rank && !this.unreachable.has(other.rank)) {
        queueMicrotask(() => other.sink?.aborted(status, reason, this.rank, lost));
      }
    }
  }

  async close(): Promise<void> {
    if (this.left) return;
    this.left = true;
    this.inbox?.close(new ParError('PAR_FREED', `rank ${this.rank} has closed its transport`));
    await Promise.all(
      this.others().map(
        (other) => new Promise<void>((resolve) => this.put(other.rank, { ...GOODBYE, settled: () => resolve() })),
      ),
    );
  }

  leave(): void {
    if (this.left) return;
    this.left = true;
    for (const other of this.others()) this.put(other.rank, GOODBYE);
  }

  /** The connection with a rank is gone. */
  drop(rank: number, reason: string): void {
    const error = new PeerLostError(rank, `rank ${rank} of the world is lost: ${reason}`);
    this.unreachable.add(rank);
    this.inbox?.cut(rank, error);
    if (!this.left) this.sink?.lost(rank, error);
  }

  private others(): MemoryLink[] {
    return this.carrier.links.filter(({ rank }) => rank !== this.rank && !this.unreachable.has(rank));
  }

  private put(dest: number, frame: Frame): void {
    const { inbox } = this.carrier.links[dest]!;
    if (inbox === undefined) throw new ParError('PAR_TRANSPORT', `memory: rank ${dest} has not been started`);
    inbox.put(this.rank, frame);
  }
}

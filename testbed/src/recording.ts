import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type HostRecord, inHost } from './host.ts';

/** Bytes of one direction of a TCP connection, in the pieces in which they were sent. */
export interface Stream {
  /** `address:port` of who said it. */
  readonly from: string;
  readonly to: string;
  readonly pieces: readonly Buffer[];
}

const ETHERNET_BYTES = 14;
const FILE_HEADER_BYTES = 24;
const PACKET_HEADER_BYTES = 16;

/** What passes through a host's cable, as somebody between the hosts can write it down: all TCP over IPv4. */
export class Recording implements AsyncDisposable {
  readonly #child: ChildProcess;
  #bytes = Buffer.alloc(0);
  #heard = (): void => {};

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout!.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#heard();
    });
  }

  /** `hub` is the host with the switch. */
  static async start(hub: HostRecord, host: HostRecord): Promise<Recording> {
    const tcpdump = ['tcpdump', '-i', `to-${host.name}`, '-U', '--immediate-mode', '-s0', '-Z', 'root', '-w-', 'tcp'];
    const { command, args } = inHost(hub, ['setpriv', '--pdeathsig', 'KILL', ...tcpdump]);
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const recording = new Recording(child);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      child.stderr!.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (said.includes('listening on')) resolve();
      });
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`tcpdump on ${host.name}'s cable did not start: ${said.trim()}`)));
    });
    return recording;
  }

  /** Settles with the first stream from an address to `address:port` that has so many bytes. */
  async stream(from: string, to: string, bytes: number): Promise<Stream> {
    const length = (stream: Stream): number => stream.pieces.reduce((sum, piece) => sum + piece.length, 0);
    for (;;) {
      const found = this.#streams().find(
        (stream) => stream.from.startsWith(`${from}:`) && stream.to === to && length(stream) >= bytes,
      );
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
  }

  #streams(): Stream[] {
    const streams = new Map<string, { from: string; to: string; pieces: Buffer[]; seen: Set<number> }>();
    for (const packet of this.#packets()) {
      const ip = packet.subarray(ETHERNET_BYTES);
      if (ip[0]! >> 4 !== 4) continue;
      const tcp = ip.subarray((ip[0]! & 15) * 4, ip.readUInt16BE(2));
      const data = tcp.subarray((tcp[12]! >> 4) * 4);
      if (data.length === 0) continue;
      const from = `${[...ip.subarray(12, 16)].join('.')}:${tcp.readUInt16BE(0)}`;
      const to = `${[...ip.subarray(16, 20)].join('.')}:${tcp.readUInt16BE(2)}`;
      const key = `${from} ${to}`;
      const stream = streams.get(key) ?? { from, to, pieces: [], seen: new Set() };
      streams.set(key, stream);
      const sequence = tcp.readUInt32BE(4);
      if (stream.seen.has(sequence)) continue; // sent again
      stream.seen.add(sequence);
      stream.pieces.push(Buffer.from(data));
    }
    return [...streams.values()];
  }

  *#packets(): Generator<Buffer> {
    let at = FILE_HEADER_BYTES;
    while (at + PACKET_HEADER_BYTES <= this.#bytes.length) {
      const length = this.#bytes.readUInt32LE(at + 8);
      at += PACKET_HEADER_BYTES;
      if (at + length > this.#bytes.length) return;
      yield this.#bytes.subarray(at, at + length);
      at += length;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }
}

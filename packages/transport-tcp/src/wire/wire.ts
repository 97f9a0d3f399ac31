import { type NetConnectOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Address } from '../address.ts';
import { acceptSecure, dialSecure } from './secure.ts';

/** Takes the bytes of a stream, into memory it chooses. */
export interface ByteConsumer {
  /** Where the next bytes go: at least one byte long, valid until the next `received`. */
  target(): Uint8Array;
  /** So many bytes were written at the start of the last `target`. */
  received(bytes: number): void;
}

/**
 * A socket that outlives a failed write until everything the peer had sent is read: a peer that leaves makes our
 * writes fail while its last messages and its goodbye still lie unread in the kernel.
 */
class ReadToEndSocket extends Socket {
  #writeFailed = false;
  #readToEnd = false;

  override destroy(error?: Error): this {
    const { syscall } = (error ?? {}) as NodeJS.ErrnoException;
    const inWrite = syscall === 'write' || syscall === 'writev';
    if (!inWrite || this.#readToEnd || this.destroyed) return super.destroy(error);
    this.#writeFailed = true;
    this.emit('writeFailed', error);
    return this;
  }

  /** A failed write keeps the stream from emitting `end`, so the end is taken where the system reports it. */
  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    const more = super.push(chunk, encoding);
    if (chunk === null) {
      this.#readToEnd = true;
      if (this.#writeFailed) super.destroy();
    }
    return more;
  }
}

/** A socket whose bytes go to a consumer that can change between two reads; nothing is read past its target. */
export class Wire {
  consumer: ByteConsumer;
  /** Called once, after the last byte was consumed. */
  onClosed: (error: Error | undefined) => void = () => {};
  /** No more can be written; what the peer sent is still delivered before `onClosed`. */
  onWriteFailed: (error: Error) => void = () => {};
  #socket: Socket | undefined;
  #error: Error | undefined;

  constructor(consumer: ByteConsumer) {
    this.consumer = consumer;
  }

  get socket(): Socket {
    return this.#socket!;
  }

  /** Socket options that read into the consumer's memory without a copy. */
  readonly onread = {
    buffer: (): Uint8Array => this.consumer.target(),
    callback: (bytes: number): boolean => {
      this.consumer.received(bytes);
      return true;
    },
  };

  attach(socket: Socket): this {
    this.#socket = socket;
    socket.on('error', (error) => {
      this.#error ??= error;
    });
    socket.on('writeFailed', (error: Error) => {
      this.#error ??= error;
      this.onWriteFailed(error);
    });
    socket.on('close', () => this.onClosed(this.#error));
    return this;
  }

  /** Copies a chunk through the consumer, for streams that cannot read into memory of ours. */
  feed(chunk: Uint8Array): void {
    let offset = 0;
    while (offset < chunk.length && !this.socket.destroyed) {
      const target = this.consumer.target();
      const bytes = Math.min(target.length, chunk.length - offset);
      target.set(chunk.subarray(offset, offset + bytes));
      offset += bytes;
      this.consumer.received(bytes);
    }
  }

  /** Closes at once; `error` becomes what `onClosed` reports. */
  destroy(error?: Error): void {
    if (error !== undefined) this.#error ??= error;
    this.socket.destroy();
  }
}

/** Starts to connect, with TLS when there is a key for it. The wire closes with the error when that fails. */
export function dial(
  address: Address,
  consumer: ByteConsumer,
  onConnected: (wire: Wire) => void,
  tlsKey?: Buffer | undefined,
): Wire {
  const wire = new Wire(consumer);
  const to: NetConnectOpts =
    address.family === 'unix' ? { path: address.path } : { host: address.host, port: address.port };
  const connected = (): void => {
    if (address.family === 'tcp') wire.socket.setNoDelay(true);
    onConnected(wire);
  };
  if (tlsKey !== undefined) return wire.attach(dialSecure(to, tlsKey, wire.onread, connected));
  const socket = new ReadToEndSocket({ onread: wire.onread } as SocketConstructorOpts);
  wire.attach(socket);
  socket.connect(to, connected);
  return wire;
}

/**
 * Takes over a connection that a net.Server accepted (with `pauseOnConnect`). A server cannot be given `onread`, so its
 * handle moves to a socket that has it; under TLS, chunks are copied instead.
 */
export function adopt(accepted: Socket, consumer: ByteConsumer, tlsKey?: Buffer | undefined): Wire {
  const wire = new Wire(consumer);
  if (tlsKey !== undefined) {
    wire.attach(acceptSecure(accepted, tlsKey));
    wire.socket.on('data', (chunk: Buffer) => wire.feed(chunk));
    return wire;
  }
  const holder = accepted as unknown as { _handle: unknown };
  const handle = holder._handle;
  holder._handle = null;
  wire.attach(new ReadToEndSocket({ handle, onread: wire.onread } as SocketConstructorOpts));
  accepted.destroy(); // only leaves the server's count of connections: the handle is no longer its own
  return wire;
}

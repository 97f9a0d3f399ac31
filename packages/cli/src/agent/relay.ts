import { connect, type Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { writeFrame } from './frames.ts';

/**
 * Connections carried inside that of an agent: what ranks of its host say to the rendezvous, which no other host can reach. An empty
 * frame is the end of one direction.
 */
export class Relay {
  readonly #to: Writable;
  /** Where connections the other end opens lead. Undefined: it opens none. */
  readonly #target: string | undefined;
  readonly #sockets = new Map<number, Socket>();
  #next = 0;

  constructor(to: Writable, target: string | undefined) {
    this.#to = to;
    this.#target = target;
  }

  /** A connection that begins here. It allows half-open ends. */
  open(socket: Socket): void {
    socket.on('error', () => {});
    socket.on('end', () => socket.end());
    // Numbered when it first speaks, which is what opens it at the other end: numbers must arrive there in order.
    socket.once('data', (first: Buffer) => {
      const id = this.#next++;
      socket.removeAllListeners('end');
      this.#carry(id, socket);
      writeFrame(this.#to, 'relay', id, first);
    });
  }

  receive(id: number, bytes: Buffer): void {
    let socket = this.#sockets.get(id);
    if (socket === undefined) {
      // Ids grow: an older one belongs to a connection that has ended here.
      if (this.#target === undefined || id < this.#next) return;
      this.#next = id + 1;
      socket = connect({ path: this.#target, allowHalfOpen: true });
      this.#carry(id, socket);
    }
    if (bytes.length === 0) socket.end();
    else socket.write(bytes);
  }

  close(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
    this.#sockets.clear();
  }

  #carry(id: number, socket: Socket): void {
    this.#sockets.set(id, socket);
    let ended = false;
    const end = (): void => {
      if (ended) return;
      ended = true;
      writeFrame(this.#to, 'relay', id, Buffer.alloc(0));
    };
    socket.on('data', (chunk: Buffer) => void writeFrame(this.#to, 'relay', id, chunk));
    socket.on('end', end);
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(id);
      end();
    });
  }
}

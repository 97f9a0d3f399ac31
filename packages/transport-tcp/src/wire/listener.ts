import { createServer, type Server, type Socket } from 'node:net';
import type { Address } from '../address.ts';
import { Discard, FixedFrame } from './fixed-frame.ts';
import { guarded } from './greet.ts';
import {
  type Credentials,
  checkProof,
  HELLO_BYTES,
  type Hello,
  PROOF_BYTES,
  Refusal,
  readHello,
  type Verdict,
  writeChallenge,
  writeVerdict,
} from './handshake.ts';
import { adopt, type ByteConsumer, type Wire } from './wire.ts';

/** Time a client has for each of its two frames. */
const FRAME_MS = 5_000;
/** Connections that have not proved anything yet. One more closes the oldest: real ranks need milliseconds. */
const MAX_STRANGERS = 64;

export interface Accepting {
  /** Whether a genuine connection of this rank is wanted. */
  judge(from: number): Verdict;
  /** Consumer of what follows; the connection is trusted from here on. */
  accepted(from: number, wire: Wire): ByteConsumer;
}

/** Accepts connections and lets through only those that prove to be ranks of this job. */
export class Listener {
  readonly #credentials: Credentials;
  readonly #log: (line: string) => void;
  readonly #server: Server;
  /** Connections that have proved nothing yet, oldest first, each with its deadline. */
  readonly #strangers = new Map<Wire, NodeJS.Timeout>();
  readonly #early: Socket[] = [];
  readonly #logged = new Set<string>();
  #accepting: Accepting | undefined;

  constructor(credentials: Credentials, log: (line: string) => void) {
    this.#credentials = credentials;
    this.#log = log;
    this.#server = createServer({ pauseOnConnect: true, noDelay: true }, (socket) => this.#arrive(socket));
  }

  /** Starts to listen; resolves to the address with the port the system chose. */
  listen(address: Address): Promise<Address> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      const listening = (): void => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => this.#report('listener', `listener: ${error.message}`));
        const bound = this.#server.address();
        resolve(
          typeof bound === 'object' && bound !== null && address.family === 'tcp'
            ? { ...address, port: bound.port }
            : address,
        );
      };
      if (address.family === 'unix') this.#server.listen({ path: address.path, backlog: 1024 }, listening);
      else this.#server.listen({ host: address.host, port: address.port, backlog: 1024 }, listening);
      this.#server.unref();
    });
  }

  /** Connections that came before this call were held back. */
  serve(accepting: Accepting): void {
    this.#accepting = accepting;
    for (const socket of this.#early.splice(0)) this.#handshake(socket, accepting);
  }

  /** Stops listening and closes connections that are not trusted yet. Trusted ones live on. */
  close(): void {
    this.#server.close();
    for (const socket of this.#early.splice(0)) socket.destroy();
    for (const [wire, timer] of this.#strangers) {
      clearTimeout(timer);
      wire.onClosed = () => {};
      wire.destroy();
    }
    this.#strangers.clear();
  }

  #arrive(socket: Socket): void {
    if (this.#accepting !== undefined) this.#handshake(socket, this.#accepting);
    else if (this.#early.length < MAX_STRANGERS) this.#early.push(socket);
    else socket.destroy();
  }

  #handshake(socket: Socket, accepting: Accepting): void {
    const credentials = this.#credentials;
    const from = socket.remoteAddress ?? 'this host';
    const wire = adopt(
      socket,
      new FixedFrame(HELLO_BYTES, (bytes) => {
        guarded(wire, () => {
          const hello = readHello(credentials, bytes);
          const challenge = writeChallenge(credentials, hello);
          wire.consumer = new FixedFrame(PROOF_BYTES, (proof) => {
            guarded(wire, () => {
              checkProof(credentials, hello, challenge, proof);
              this.#dismiss(wire);
              this.#conclude(wire, hello, challenge, accepting);
            });
          });
          this.#setDeadline(wire);
          wire.socket.write(challenge);
        });
      }),
      credentials.tlsKey,
    );
    wire.socket.unref();
    this.#setDeadline(wire);
    wire.onClosed = (error) => {
      if (!this.#dismiss(wire)) return;
      const kind = error instanceof Refusal ? error.kind : 'closed';
      this.#report(kind, `refused a connection from ${from}: ${error?.message ?? 'it closed during the handshake'}`);
    };
    if (this.#strangers.size > MAX_STRANGERS) {
      const [[oldest]] = this.#strangers as unknown as [[Wire]];
      oldest.destroy(new Refusal('crowd', `more than ${MAX_STRANGERS} connections that prove nothing`));
    }
  }

  #conclude(wire: Wire, hello: Hello, challenge: Buffer, accepting: Accepting): void {
    const verdict = accepting.judge(hello.from);
    wire.socket.write(writeVerdict(this.#credentials, hello, challenge, verdict));
    if (verdict === 'accept') {
      wire.consumer = accepting.accepted(hello.from, wire);
      return;
    }
    wire.consumer = new Discard();
    wire.socket.end();
    if (verdict === 'duplicate') this.#report('duplicate', `refused a second connection of rank ${hello.from}`);
  }

  /** Gives a stranger time for its next frame. */
  #setDeadline(wire: Wire): void {
    const late = (): void => {
      if (this.#strangers.get(wire) !== timer) return;
      wire.destroy(new Refusal('deadline', `it let ${FRAME_MS} ms pass in the handshake`));
    };
    // Not at once: when this process was busy, what the stranger sent in time is still unread.
    const timer = setTimeout(() => setImmediate(late), FRAME_MS).unref();
    clearTimeout(this.#strangers.get(wire));
    this.#strangers.set(wire, timer);
  }

  #dismiss(wire: Wire): boolean {
    clearTimeout(this.#strangers.get(wire));
    return this.#strangers.delete(wire);
  }

  /** One line per kind: a scanner cannot fill the log. */
  #report(kind: string, line: string): void {
    if (this.#logged.has(kind)) return;
    this.#logged.add(kind);
    this.#log(line);
  }
}

import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { type FrameSink, type FrameTransport, HEADER_BYTES } from '@par/comm-core/transport';
import { type Joined, join } from '../src/join.ts';
import type { TcpOptions } from '../src/options.ts';
import { type Rendezvous, type RendezvousOptions, startRendezvous } from '../src/rendezvous/index.ts';

/** A frame as a sink got it. */
export interface Received {
  readonly source: number;
  readonly header: Uint8Array;
  readonly payload: Uint8Array;
}

/** Remembers what arrives, and lets a test wait for it. */
export class Inbox implements FrameSink {
  readonly frames: Received[] = [];
  readonly losses: { readonly rank: number; readonly error: Error | undefined }[] = [];
  readonly aborts: { status: number; reason: string; rank: number; lost: number | undefined }[] = [];
  readonly #current = new Map<number, Received>();
  #waiters: { readonly condition: () => boolean; readonly resolve: () => void }[] = [];

  begin(source: number, header: Uint8Array, length: number): Uint8Array {
    const payload = new Uint8Array(length);
    this.#current.set(source, { source, header: header.slice(), payload });
    return payload;
  }

  end(source: number): void {
    this.frames.push(this.#current.get(source)!);
    this.#wake();
  }

  lost(rank: number, error: Error | undefined): void {
    this.losses.push({ rank, error });
    this.#wake();
  }

  aborted(status: number, reason: string, rank: number, lost: number | undefined): void {
    this.aborts.push({ status, reason, rank, lost });
    this.#wake();
  }

  /** Waits as a receive would: the link is told, so that it keeps the process alive. */
  async until(link: FrameTransport, condition: (inbox: this) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiters.push({ condition: () => condition(this), resolve });
    link.waiting(true);
    this.#wake();
    await promise;
    link.waiting(this.#waiters.length > 0);
  }

  #wake(): void {
    const ready = this.#waiters.filter(({ condition }) => condition());
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }
}

/** A header with a number of the test's own in front and the payload length where links look for it. */
export function headerOf(number: number, length: number): Uint8Array {
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, number, true);
  view.setFloat64(16, length, true);
  return header;
}

export function numberOf({ header }: Received): number {
  return new DataView(header.buffer).getUint32(0, true);
}

interface Member extends Joined {
  readonly inbox: Inbox;
  until(condition: (inbox: Inbox) => boolean): Promise<void>;
}

/** A job whose ranks all live in this process, over real sockets. */
export interface FrameJob extends AsyncDisposable {
  readonly rendezvous: Rendezvous;
  readonly ranks: readonly Member[];
  readonly options: Omit<TcpOptions, 'rank'>;
  /** What was written about refused connections. */
  readonly log: readonly string[];
  /** Waits until that many lines were written. */
  logged(count: number): Promise<void>;
}

export async function startFrameJob(
  size: number,
  options: Partial<TcpOptions> = {},
  server: Partial<RendezvousOptions> = {},
): Promise<FrameJob> {
  const directory = mkdtempSync(joinPath(tmpdir(), 'par-test-'));
  const log: string[] = [];
  const logging = new EventEmitter();
  const job = {
    size,
    job: 'test',
    secret: randomBytes(32),
    log: (line: string): void => {
      log.push(line);
      logging.emit('line');
    },
  };
  const rendezvous = await startRendezvous({
    listen: `unix:${joinPath(directory, 'r.sock')}`,
    ...job,
    secure: options.secure,
    ...server,
  });
  const common = { ...job, rendezvous: rendezvous.address, spin: 0, ...options };
  const ranks = await Promise.all(
    Array.from({ length: size }, async (_, rank): Promise<Member> => {
      const joined = await join({ ...common, rank });
      const inbox = new Inbox();
      joined.link.start(inbox);
      await joined.link.connected();
      return { ...joined, inbox, until: (condition) => inbox.until(joined.link, condition) };
    }),
  );
  return {
    rendezvous,
    ranks,
    options: common,
    log,
    async logged(count) {
      while (log.length < count) await once(logging, 'line');
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(ranks.map(({ link }) => link.close()));
      await rendezvous.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

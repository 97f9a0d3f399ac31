import { TruncationError } from '@par/comm-core';
import type { BufferEnvelope } from '@par/comm-core/transport';
import type { MpiError } from '../errors.ts';
import type { Outcome, Waiting } from '../progress.ts';

export function describe(name: string, peer: 'source' | 'dest', rank: number, tag: number): string {
  return `${name} ${peer}=${rank < 0 ? 'ANY' : rank} tag=${tag < 0 ? 'ANY' : tag}`;
}

/** A send MPI still reads the memory of. */
export class PendingSend implements Waiting {
  readonly kind = 'send';
  readonly since: number = performance.now();
  readonly owner: object;
  readonly memory: unknown;
  readonly #name: string;
  readonly #dest: number;
  readonly #tag: number;
  resolve!: () => void;
  reject!: (error: unknown) => void;

  constructor(owner: object, memory: unknown, name: string, dest: number, tag: number) {
    this.owner = owner;
    this.memory = memory;
    this.#name = name;
    this.#dest = dest;
    this.#tag = tag;
  }
  describe(): string {
    return describe(this.#name, 'dest', this.#dest, this.#tag);
  }
  complete(): void {
    this.resolve();
  }
  fail(error: unknown): void {
    this.reject(error);
  }
}

/** The error of a receive that MPI failed. */
export function receiveError(
  error: MpiError,
  truncated: boolean,
  bytes: number,
  capacity: number,
  where: string,
): Error {
  // MPICH does not tell how long a message was that did not fit: longer than the buffer is all that is known.
  return truncated ? new TruncationError(Math.max(bytes, capacity + 1), capacity, where) : error;
}

/** A buffer receive that has been posted and not matched, or not arrived whole. */
export class PendingReceive implements Waiting {
  readonly kind = 'receive';
  readonly since: number = performance.now();
  readonly owner: object;
  readonly memory: ArrayBufferView;
  readonly #elementBytes: number;
  readonly #source: number;
  readonly #tag: number;
  resolve!: (envelope: BufferEnvelope) => void;
  reject!: (error: unknown) => void;

  constructor(owner: object, memory: ArrayBufferView, elementBytes: number, source: number, tag: number) {
    this.owner = owner;
    this.memory = memory;
    this.#elementBytes = elementBytes;
    this.#source = source;
    this.#tag = tag;
  }
  describe(): string {
    return describe('recvInto', 'source', this.#source, this.#tag);
  }
  complete({ source, tag, bytes }: Outcome): void {
    this.resolve({ source, tag, bytes, count: bytes / this.#elementBytes });
  }
  fail(error: unknown): void {
    this.reject(error);
  }
  errorOf(error: MpiError, truncated: boolean, { bytes }: Outcome): Error {
    return receiveError(error, truncated, bytes, this.memory.byteLength, this.describe());
  }
}

/** A receive of a value whose first message has not arrived. */
export class PendingFirst implements Waiting {
  readonly kind = 'receive';
  readonly since: number = performance.now();
  readonly memory = undefined;
  readonly owner: object;
  readonly #source: number;
  readonly #tag: number;
  readonly #arrived: (outcome: Outcome) => void;
  readonly #failed: (error: unknown) => void;

  constructor(
    owner: object,
    source: number,
    tag: number,
    arrived: (outcome: Outcome) => void,
    failed: (error: unknown) => void,
  ) {
    this.owner = owner;
    this.#source = source;
    this.#tag = tag;
    this.#arrived = arrived;
    this.#failed = failed;
  }
  describe(): string {
    return describe('recv', 'source', this.#source, this.#tag);
  }
  complete(outcome: Outcome): void {
    this.#arrived(outcome);
  }
  fail(error: unknown): void {
    this.#failed(error);
  }
}

/** A collective in MPI's hands. */
export class PendingCollective implements Waiting {
  readonly kind = 'collective';
  readonly since: number = performance.now();
  readonly owner: object;
  readonly memory: unknown;
  readonly #name: string;
  readonly #done: () => void;
  readonly #failed: (error: unknown) => void;

  constructor(owner: object, memory: unknown, name: string, done: () => void, failed: (error: unknown) => void) {
    this.owner = owner;
    this.memory = memory;
    this.#name = name;
    this.#done = done;
    this.#failed = failed;
  }
  describe(): string {
    return this.#name;
  }
  complete(): void {
    this.#done();
  }
  fail(error: unknown): void {
    this.#failed(error);
  }
}

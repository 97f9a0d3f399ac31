import { isMarkedAsUntransferable, markAsUntransferable } from 'node:worker_threads';
import type { BufferView } from '@par/comm-core/transport';
import type { Native } from './native.ts';

/** What an operation holds for MPI: views, alone or in a list. Anything else is only kept reachable. */
type Memory = ArrayBufferView | (BufferView & { readonly array?: ArrayBufferView | undefined }) | undefined;

const KEY: unique symbol = Symbol('lent to MPI');

/**
 * Memory that MPI may still read or write. It stays reachable and refuses to be detached: `transfer()`, `structuredClone` and
 * `postMessage` with it in their transfer list throw a TypeError where they are called.
 */
export class Lending {
  readonly #native: Native;
  /** Operations on each ArrayBuffer. */
  readonly #lent = new Map<ArrayBuffer, number>();

  constructor(native: Native) {
    this.#native = native;
  }

  lend(memory: unknown): void {
    if (Array.isArray(memory)) for (const each of memory) this.lend(each);
    const buffer = bufferOf(memory as Memory);
    if (buffer === undefined) return;
    const others = this.#lent.get(buffer) ?? 0;
    this.#lent.set(buffer, others + 1);
    // Without a key the refusal is for good, which is still better than a write to freed memory.
    if (others === 0 && !this.#native.setDetachKey(buffer, KEY)) markAsUntransferable(buffer);
  }

  giveBack(memory: unknown): void {
    if (Array.isArray(memory)) for (const each of memory) this.giveBack(each);
    const buffer = bufferOf(memory as Memory);
    if (buffer === undefined) return;
    const others = this.#lent.get(buffer)! - 1;
    if (others > 0) this.#lent.set(buffer, others);
    else this.#release(buffer);
  }

  /** MPI has ended. */
  giveAllBack(): void {
    for (const buffer of this.#lent.keys()) this.#release(buffer);
  }

  #release(buffer: ArrayBuffer): void {
    this.#lent.delete(buffer);
    // What the program itself has marked has a key of Node's, which ours has replaced: it stays undetachable.
    if (!isMarkedAsUntransferable(buffer)) this.#native.setDetachKey(buffer, undefined);
  }
}

/** Undefined for shared memory, which cannot be detached, and for what is no memory. */
function bufferOf(memory: Memory): ArrayBuffer | undefined {
  if (memory === undefined) return undefined;
  const array = ArrayBuffer.isView(memory) ? memory : (memory.array ?? memory.bytes);
  const buffer = array?.buffer;
  return buffer instanceof ArrayBuffer ? buffer : undefined;
}

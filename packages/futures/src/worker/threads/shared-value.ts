import type { EncodedValue } from '../../protocol/index.ts';
import type { TaskThread } from './task-thread.ts';

let ids = 0;

/** An encoded value that threads get by number, each once, while runs use it. */
export class SharedValue {
  readonly id = ids++;
  readonly segments: EncodedValue;
  readonly #threads = new Set<TaskThread>();
  #uses = 0;

  constructor(segments: EncodedValue) {
    this.segments = segments;
  }

  use(): void {
    this.#uses++;
  }

  release(): void {
    if (--this.#uses > 0) return;
    for (const thread of this.#threads) thread.drop(this.id);
    this.#threads.clear();
  }

  /** What the thread needs to be told; undefined when it has the value. */
  forThread(thread: TaskThread): EncodedValue | undefined {
    if (this.#threads.has(thread)) return undefined;
    this.#threads.add(thread);
    return this.segments;
  }
}

/** From here on memory is shared with threads, not copied to them. The first segment is rarely so large. */
export const SHARED_BYTES = 2 ** 16;

/** The value with its large memory shared, so that threads see it without a copy. */
export function inSharedMemory(value: EncodedValue): EncodedValue {
  return value.every(isFit) ? value : value.map((segment, i) => (isFit(segment, i) ? segment : sharedCopy(segment)));
}

function isFit({ length, buffer }: Uint8Array, i: number): boolean {
  return (i === 0 && length < SHARED_BYTES) || buffer instanceof SharedArrayBuffer;
}

export function sharedCopy(segment: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(segment.length));
  copy.set(segment);
  return copy;
}

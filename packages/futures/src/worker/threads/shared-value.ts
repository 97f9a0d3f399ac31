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

/** The value with its large memory shared, so that threads see it without a copy. */
export function inSharedMemory(value: EncodedValue): EncodedValue {
  if (value.every((segment, i) => i === 0 || segment.buffer instanceof SharedArrayBuffer)) return value;
  return value.map((segment, i) => {
    if (i === 0 || segment.buffer instanceof SharedArrayBuffer) return segment;
    const copy = new Uint8Array(new SharedArrayBuffer(segment.length));
    copy.set(segment);
    return copy;
  });
}

import type { EncodedValue, FutureNumber, FutureReference } from '../protocol/index.ts';
import { encodeArguments, REFERENCE } from '../values/index.ts';
import { futureOfActor } from './actor.ts';
import type { ClientCore } from './core.ts';
import { naming } from './encoding.ts';
import { Future, stateIn } from './future.ts';

/** Bytes of arguments that travel together: a worker that gets one task of a chunk gets the chunk. */
const CHUNK_BYTES = 512;
const MOST_TASKS = 64;

/** One task's arguments. */
export interface ArgumentList {
  readonly args: readonly unknown[];
  /** Nothing but primitives and futures. */
  readonly flat: boolean;
  /** Already encoded, as a chunk of one task, with what it depends on. */
  readonly encoded?: { readonly segments: EncodedValue; readonly dependencies: readonly FutureNumber[] };
}

export interface EncodedArguments {
  readonly chunks: readonly EncodedValue[];
  readonly chunkTasks: number;
  /** Pairs (index of the task, number). */
  readonly dependencies: readonly number[];
  readonly bytes: number;
}

/** Stands for one use of a future by one task: lists that share a future object may need different positions for it. */
class Use {
  readonly position: number;
  constructor(position: number) {
    this.position = position;
  }
  [REFERENCE](): FutureReference {
    throw new TypeError('a use is only ever encoded as its position');
  }
}

/** Encodes one task's arguments on their own, futures at any depth. Throws NotSerializableError. */
export function encodeList(
  core: ClientCore,
  args: readonly unknown[],
  task: string,
): { readonly segments: EncodedValue; readonly dependencies: readonly FutureNumber[] } {
  const dependencies: FutureNumber[] = [];
  const segments = encode([args], task, (future) => {
    const { number } = stateIn(core, futureOfActor(future) ?? (future as Future<unknown>), task);
    return dependencies.push(number) - 1;
  });
  return { segments, dependencies };
}

/** Arguments of the tasks of a submission in chunks; lists that hold objects are chunks of their own. */
export function encodeAll(core: ClientCore, lists: readonly ArgumentList[], task: string): EncodedArguments {
  const dependencies: number[] = [];
  const chunks: EncodedValue[] = [];
  if (lists.some(({ flat }) => !flat)) {
    lists.forEach((list, index) => {
      const one = list.encoded ?? encodeList(core, list.args, task);
      chunks.push(one.segments);
      for (const number of one.dependencies) dependencies.push(index, number);
    });
    return { chunks, chunkTasks: 1, dependencies, bytes: bytesOf(chunks) };
  }
  const prepared = lists.map(({ args }, index) => {
    let position = 0;
    return args.map((arg) => {
      if (!(arg instanceof Future)) return arg;
      dependencies.push(index, stateIn(core, arg, task).number);
      return new Use(position++);
    });
  });
  const chunkTasks = tasksPerChunk(prepared, task);
  for (let at = 0; at < prepared.length; at += chunkTasks) {
    chunks.push(encode(prepared.slice(at, at + chunkTasks), task, (use) => (use as Use).position));
  }
  return { chunks, chunkTasks, dependencies, bytes: bytesOf(chunks) };
}

function tasksPerChunk(lists: readonly (readonly unknown[])[], task: string): number {
  if (lists.length === 1) return 1;
  const sample = encode(lists.slice(0, 4), task, (use) => (use as Use).position);
  const bytes = bytesOf([sample]) / Math.min(4, lists.length);
  return Math.max(1, Math.min(MOST_TASKS, Math.floor(CHUNK_BYTES / bytes)));
}

/** Memory of the caller's that segments point into is copied: the caller may change it once the call has returned. */
function encode(lists: unknown, task: string, positionOf: (future: object) => number): EncodedValue {
  try {
    const segments = encodeArguments(lists, positionOf);
    return segments.length === 1 ? segments : segments.map((segment, i) => (i === 0 ? segment : segment.slice()));
  } catch (error) {
    throw naming(error, task, /^value\[\d+\]\[(\d+)\]/);
  }
}

function bytesOf(chunks: readonly EncodedValue[]): number {
  let bytes = 0;
  for (const chunk of chunks) for (const segment of chunk) bytes += segment.length;
  return bytes;
}

import * as types from 'node:util/types';
import { INLINE_BYTES } from '../../protocol/index.ts';
import { type EncodedWithHolds, isError } from '../../values/index.ts';
import { DeserializationError } from '../errors.ts';
import { failureOf } from '../failure.ts';
import { encodedResult, notSendable } from '../result.ts';
import { claim, markCurrent } from '../threads/claims.ts';
import {
  type ActorOrder,
  TASK_WORDS,
  type TaskBatch,
  type ThreadData,
  type ThreadReport,
} from '../threads/messages.ts';
import { RingWriter } from '../threads/result-ring.ts';
import { SHARED_BYTES, sharedCopy } from '../threads/shared-value.ts';
import { Actor } from './actor.ts';
import { Values } from './arguments.ts';
import { Reschedule, running } from './context.ts';
import { Functions, type TaskFunction } from './functions.ts';
import { ThreadTask } from './task.ts';
import type { ThreadLink } from './thread-link.ts';

/** Milliseconds of tasks one after the other, before the thread looks for messages. */
const TURN_MS = 5;

/** Runs the tasks of a thread: one at a time, besides those that gave the thread away. */
export class TaskRunner {
  readonly link: ThreadLink;
  readonly functions = new Functions();
  readonly #data: ThreadData;
  readonly #post: (report: ThreadReport, transfer?: readonly ArrayBuffer[]) => void;
  readonly #ring: RingWriter;
  readonly #values = new Values();
  readonly #tasks = new Map<number, ThreadTask>();
  #waiting: ThreadTask[] = [];
  #next = 0;
  readonly #rejoining: { readonly task: ThreadTask; readonly resolve: () => void }[] = [];
  /** The task that has the thread. */
  #holder: ThreadTask | undefined;
  #pumping = false;
  #actor: Actor | undefined;

  constructor(data: ThreadData, link: ThreadLink, post: (report: ThreadReport) => void) {
    this.#data = data;
    this.#post = post;
    this.link = link;
    this.#ring = new RingWriter(data.ring);
  }

  add(batch: TaskBatch): void {
    for (const id of batch.drop) this.#values.drop(id);
    for (const [fn, description] of batch.functions) this.functions.define(fn, description);
    for (const [id, value] of batch.values) this.#values.add(id, value);
    const keys = new Map(batch.keys);
    const dependencies = new Map(batch.dependencies);
    const { tasks } = batch;
    for (let at = 0; at < tasks.length; at += TASK_WORDS) {
      const slot = tasks[at]!;
      const place = {
        slot,
        ticket: tasks[at + 1]!,
        task: tasks[at + 3]!,
        run: tasks[at + 4]!,
        chunk: tasks[at + 5]!,
        position: tasks[at + 6]!,
      };
      this.#waiting.push(
        new ThreadTask(this, batch.orders[tasks[at + 2]!]!, place, keys.get(slot), dependencies.get(slot)),
      );
    }
    this.#pump();
  }

  abort(slot: number, run: number): void {
    const task = this.#tasks.get(slot);
    if (task?.run === run) task.abort();
  }

  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const until = performance.now() + TURN_MS;
    while (this.#holder === undefined) {
      const rejoining = this.#rejoining.shift();
      if (rejoining !== undefined) {
        this.#hold(rejoining.task);
        this.#post({ kind: 'unblocked', slot: rejoining.task.slot });
        rejoining.resolve();
        break;
      }
      const task = this.#waiting[this.#next];
      if (task === undefined) {
        this.#waiting = [];
        this.#next = 0;
        break;
      }
      if (performance.now() > until) {
        setImmediate(() => this.#pump());
        break;
      }
      this.#next++;
      if (claim(this.#data.claims, task.slot, task.ticket)) this.#start(task);
    }
    this.#pumping = false;
  }

  #hold(task: ThreadTask | undefined): void {
    this.#holder = task;
    markCurrent(this.#data.claims, task?.slot);
  }

  #start(task: ThreadTask): void {
    this.#hold(task);
    this.#tasks.set(task.slot, task);
    task.startedAt = performance.now();
    const fn = this.functions.made(task.order.fn);
    if (fn !== undefined) {
      this.#call(task, fn);
      return;
    }
    this.functions.make(task.order.fn).then(
      (made) => {
        task.startedAt = performance.now();
        this.#call(task, made);
      },
      (error) => this.#fail(task, new DeserializationError(`task ${task.key}`, 'the function', error)),
    );
  }

  #call(task: ThreadTask, fn: TaskFunction): void {
    let args: unknown[];
    try {
      const { chunk, position, order, dependencies } = task;
      args = this.#values.argumentsOf(chunk, position, order.common, dependencies);
    } catch (error) {
      this.#fail(task, new DeserializationError(`task ${task.key}`, 'the arguments', error));
      return;
    }
    if (task.order.actor) {
      this.#construct(task, fn, args);
      return;
    }
    let result: unknown;
    try {
      result = running.run(task, runTheTask, fn, args);
    } catch (error) {
      this.#fail(task, error);
      return;
    }
    if (typeof result !== 'object' || result === null) this.#finish(task, result);
    else if (types.isGeneratorObject(result)) this.#settle(task, running.run(task, collect, result));
    else if (typeof (result as PromiseLike<unknown>).then === 'function') {
      this.#settle(task, result as PromiseLike<unknown>);
    } else this.#finish(task, result);
  }

  #construct(task: ThreadTask, fn: TaskFunction, args: readonly unknown[]): void {
    try {
      const instance = running.run(task, () => Reflect.construct(fn, args) as object);
      this.#actor = new Actor(task, instance, this.#data, this.#post);
    } catch (error) {
      this.#fail(task, error);
      return;
    }
    const duration = performance.now() - task.startedAt;
    this.#post({ kind: 'result', slot: task.slot, duration, segments: [], type: fn.name, holds: [] });
    this.#end(task);
  }

  /** A method of the thread's actor. Calls start in the order they came. */
  callActor(order: ActorOrder): void {
    this.#actor!.call(order);
  }

  #settle(task: ThreadTask, result: PromiseLike<unknown>): void {
    // A thenable may do anything; a promise of it settles once.
    Promise.resolve(result).then(
      (value) => this.#finish(task, value),
      (error) => this.#fail(task, error),
    );
  }

  #finish(task: ThreadTask, value: unknown): void {
    const duration = performance.now() - task.startedAt;
    let encoded: EncodedWithHolds;
    try {
      encoded = encodedResult(value, `task ${task.key}`);
    } catch (error) {
      this.#fail(task, error);
      return;
    }
    const { segments, holds } = encoded;
    const head = segments[0]!;
    this.link.flush();
    const small = segments.length === 1 && head.length <= INLINE_BYTES && holds.length === 0;
    // Messages about a task and its result in the ring could overtake each other.
    if (small && !task.wasBlocked && this.#ring.write(task.slot, Math.min(duration * 1000, 0x7fffffff), head)) {
      if (this.#ring.ring()) this.#post(0);
    } else {
      let copies: Uint8Array[];
      try {
        copies = segments.map(kept);
      } catch (error) {
        // There is no memory for them.
        this.#fail(task, notSendable(error, `task ${task.key}`));
        return;
      }
      this.#post({ kind: 'result', slot: task.slot, duration, segments: copies, type: typeOf(value), holds });
    }
    this.#end(task);
  }

  #fail(task: ThreadTask, error: unknown): void {
    this.link.flush();
    if (isError(error) && error instanceof Reschedule) this.#post({ kind: 'reschedule', slot: task.slot });
    else {
      const origin = { key: task.key, rank: this.#data.rank, host: this.#data.host };
      const failure = failureOf(error, origin, runTheTask.name);
      this.#post({ kind: 'failed', slot: task.slot, duration: performance.now() - task.startedAt, failure });
    }
    this.#end(task);
  }

  #end(task: ThreadTask): void {
    task.over = true;
    this.#tasks.delete(task.slot);
    // An actor's methods go on as its task.
    if (!task.order.actor) this.link.taskEnded(task);
    const waits = this.#rejoining.findIndex((entry) => entry.task === task);
    if (waits !== -1) this.#rejoining.splice(waits, 1)[0]!.resolve();
    if (this.#holder === task) {
      this.#hold(undefined);
      this.#pump();
    }
  }

  secede(task: ThreadTask): void {
    if (task.seceded) return;
    task.seceded = true;
    task.wasBlocked = true;
    this.link.flush();
    this.#post({ kind: 'blocked', slot: task.slot });
    this.#hold(undefined);
    // Not from inside the task's own code.
    setImmediate(() => this.#pump());
  }

  rejoin(task: ThreadTask): Promise<void> {
    if (!task.seceded) return Promise.resolve();
    task.seceded = false;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#rejoining.push({ task, resolve });
    this.#pump();
    return promise;
  }
}

/** Where the stacks of tasks end: frames below this one are the worker's own. */
function runTheTask(fn: TaskFunction, args: unknown[]): unknown {
  return fn(...args);
}

/** What a generator yields, as an array: the result of a task is one value. */
async function collect(generator: object): Promise<unknown[]> {
  const values: unknown[] = [];
  for await (const value of generator as AsyncIterable<unknown>) values.push(value);
  return values;
}

/** A copy for others: the task's module may keep what it returned. Large memory is shared, so that no thread copies it again. */
function kept(segment: Uint8Array, i: number): Uint8Array {
  return i === 0 && segment.length < SHARED_BYTES ? segment.slice() : sharedCopy(segment);
}

function typeOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return value === null ? 'null' : typeof value;
  const name: unknown = value.constructor?.name;
  return typeof name === 'string' && name !== '' ? name : 'object';
}

import { type Communicator, createCodec, worldOf } from '@par/comm-core';
import { memoryTransports } from '@par/comm-core/memory';
import { capture } from '../../src/closures/index.ts';
import {
  type FunctionDescription,
  type Location,
  type PeerAnswer,
  type RunTasks,
  TAGS,
  type ToClient,
  type ToScheduler,
  type ToWorker,
  unpackRecords,
} from '../../src/protocol/index.ts';
import { decodeValue, encodeArguments, encodeWithHolds } from '../../src/values/index.ts';
import type { WorkerOptions } from '../../src/worker/index.ts';
import { runWorker } from '../../src/worker/run-worker.ts';

const codec = createCodec();
const PATIENCE_MS = 30_000;

export type Kind = ToScheduler['kind'];
export type Of<K extends Kind> = Extract<ToScheduler, { readonly kind: K }>;

export function describe(fn: (...args: never[]) => unknown): {
  hash: string;
  fnName: string;
  description: FunctionDescription;
} {
  const { values, ...rest } = capture(fn);
  const description = { description: { ...rest, values: [] }, values: encodeWithHolds(values).segments };
  return { hash: rest.hash, fnName: rest.name, description };
}

/** Rank 0 of a job whose other ranks are workers: sends what the test says, keeps what comes. */
export class ScriptedScheduler implements AsyncDisposable {
  readonly world: Communicator;
  readonly received: { readonly source: number; readonly record: ToScheduler }[] = [];
  readonly #workers: Promise<void>[];
  readonly #close: () => Promise<unknown>;
  readonly #stop = new AbortController();
  readonly #receiving: Promise<void>;
  #wake = Promise.withResolvers<void>();
  #functions = 0;
  #requests = 0;
  #closed = false;

  constructor(workers: number, options: WorkerOptions = {}) {
    const transports = memoryTransports(workers + 1);
    const [world, ...others] = transports.map((transport) => worldOf(transport));
    this.world = world!;
    this.#workers = others.map((comm) =>
      runWorker(comm, { nthreads: 1, execArgv: [], memoryLimit: 2 ** 30, ...options }),
    );
    for (const worker of this.#workers) worker.catch(() => {});
    this.#close = () => Promise.all(transports.map((transport) => transport.close()));
    this.#receiving = this.#receive();
  }

  async #receive(): Promise<void> {
    const { signal } = this.#stop;
    for await (const { value, source } of this.world.messages<Uint8Array | ToScheduler[]>({
      tag: TAGS.toScheduler,
      signal,
    })) {
      for (const record of unpackRecords<ToScheduler>(value)) this.received.push({ source, record });
      this.#wake.resolve();
      this.#wake = Promise.withResolvers();
    }
  }

  /** Orders for a worker, one message. */
  send(rank: number, ...records: ToWorker[]): void {
    void this.world.send(records, { dest: rank, tag: TAGS.toWorker });
  }

  sendToClients(rank: number, ...records: ToClient[]): void {
    void this.world.send(records, { dest: rank, tag: TAGS.toClient });
  }

  /** Defines a function at a worker; gives its number. */
  define(rank: number, fn: (...args: never[]) => unknown): number {
    const number = this.#functions++;
    this.send(rank, { kind: 'define', fn: number, ...describe(fn) });
    return number;
  }

  /** Orders one task for each list of arguments, numbered from `first`. */
  run(rank: number, fn: number, first: number, lists: readonly unknown[][], options: Partial<RunTasks> = {}): void {
    this.send(rank, order(fn, first, lists, options));
  }

  readonly order = order;

  call(rank: number, call: number, fn: (...args: never[]) => unknown, args: readonly unknown[]): void {
    const { description } = describe(fn);
    this.send(rank, { kind: 'call', call, fn: description, args: encodeWithHolds(args).segments });
  }

  async called(call: number): Promise<unknown> {
    const { outcome } = await this.next('called', (record) => record.call === call);
    if (!outcome.ok) throw new Error(JSON.stringify(outcome.failure));
    return decodeValue(outcome.value);
  }

  async #until<T>(what: string, find: () => T | undefined): Promise<T> {
    const limit = AbortSignal.timeout(PATIENCE_MS);
    const late = Promise.withResolvers<never>();
    late.promise.catch(() => {});
    limit.addEventListener('abort', () =>
      late.reject(new Error(`${what} did not come; there were: ${this.received.map(({ record }) => record.kind)}`)),
    );
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      const ended = Promise.all(this.#workers).then(() => late.promise);
      await Promise.race([this.#wake.promise, late.promise, ended]);
    }
  }

  /** The next record of a kind that satisfies `matches`; it is taken out of what was received. */
  next<K extends Kind>(kind: K, matches: (record: Of<K>, source: number) => boolean = () => true): Promise<Of<K>> {
    return this.#until(kind, () => {
      const at = this.received.findIndex(
        ({ record, source }) => record.kind === kind && matches(record as Of<K>, source),
      );
      return at === -1 ? undefined : (this.received.splice(at, 1)[0]!.record as Of<K>);
    });
  }

  /** The small results of these tasks, in their order. */
  results(tasks: readonly number[]): Promise<unknown[]> {
    const values = new Map<number, unknown>();
    return this.#until(`results of ${tasks.length} tasks`, () => {
      values.clear();
      for (const { record } of this.received) {
        if (record.kind !== 'finished') continue;
        const { bytes, ends } = record.values;
        record.tasks.forEach((task, i) => {
          values.set(task, decodeValue([bytes.slice(ends[i - 1] ?? 0, ends[i])]));
        });
      }
      return tasks.every((task) => values.has(task)) ? tasks.map((task) => values.get(task)) : undefined;
    });
  }

  async error(task: number): Promise<Error & Record<string, unknown>> {
    const { failure } = await this.next('errored', (record) => record.task === task);
    if (failure.kind !== 'thrown') throw new Error(`failure of kind ${failure.kind}`);
    return codec.decode(failure.error!) as Error & Record<string, unknown>;
  }

  /** What a rank stores. */
  async fetch(rank: number, tasks: readonly number[]): Promise<unknown[]> {
    const answer = await this.ask(rank, { kind: 'fetch', tasks });
    if (answer.kind !== 'data') throw new Error('not data');
    return answer.values.map((value) => value && decodeValue(value));
  }

  async ask(rank: number, request: object): Promise<PeerAnswer> {
    await this.world.send([{ ...request, request: this.#requests++ }], { dest: rank, tag: TAGS.toPeer });
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const [answer] = await this.world.recv<PeerAnswer[]>({ source: rank, tag: TAGS.answers, signal });
    return answer as PeerAnswer;
  }

  /** Closes the workers; rejects if one of them failed. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (let rank = 1; rank < this.world.size; rank++) this.send(rank, { kind: 'close' });
    try {
      await Promise.all(this.#workers);
    } finally {
      this.#stop.abort();
      await this.#receiving;
      await this.#close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

export function order(
  fn: number,
  first: number,
  lists: readonly unknown[][],
  options: Partial<RunTasks> = {},
): RunTasks {
  const tasks = lists.map((_, i) => first + i);
  return {
    kind: 'run',
    fn,
    name: 'test',
    tasks,
    runs: tasks.map(() => 1),
    priority: 0,
    generation: 0,
    order: tasks,
    chunks: [encodeArguments(lists, (future) => (future as Dependency).position)],
    chunkOf: tasks.map(() => 0),
    positions: tasks.map((_, i) => i),
    ...options,
  };
}

/** Stands in arguments for the value of a dependency. */
export class Dependency {
  readonly position: number;
  constructor(position: number) {
    this.position = position;
  }
  [Symbol.for('par.future.reference')](): never {
    throw new Error('encoded by its position only');
  }
}

export function at(task: number, nbytes: number, ...holders: number[]): Location {
  return { task, nbytes, holders };
}

import {
  type Cancelled,
  type ClientRecord,
  type Failed,
  INLINE_BYTES,
  type Location,
  type RunTasks,
  type Submit,
  type TaskOptions,
  type ToClient,
  type ToScheduler,
  type ToWorker,
} from '../../src/protocol/index.ts';
import { type HostRecord, Scheduler } from '../../src/scheduler/index.ts';
import type { Membership } from '../../src/scheduler/membership.ts';
import type { SchedulerOptions } from '../../src/scheduler/state.ts';

/** One task as a worker got it. */
export interface Run {
  readonly task: number;
  readonly run: number;
  readonly name: string;
  readonly order: RunTasks;
  /** Position in `order`. */
  readonly index: number;
  readonly locations: readonly Location[];
}

type Status =
  | { readonly status: 'pending' }
  | { readonly status: 'finished'; readonly value: Uint8Array }
  | { readonly status: 'stored'; readonly task: number; readonly holders: readonly number[] }
  | { readonly status: 'error'; readonly failed: Failed }
  | { readonly status: 'cancelled'; readonly cancelled: Cancelled };

/** A scheduler with recorded messages in place of ranks. Messages to workers and clients wait until they are taken. */
export class Cluster {
  readonly scheduler: Scheduler;
  readonly workers = new Map<number, SimulatedWorker>();
  readonly clients = new Map<number, SimulatedClient>();
  readonly host: HostRecord[] = [];
  now = 0;

  constructor(options: SchedulerOptions = {}, membership?: Membership) {
    this.scheduler = new Scheduler({ validate: true, story: 20, ...options }, membership);
  }

  get tasks(): number {
    return this.scheduler.state.tasks.size;
  }

  send(from: number, ...records: ToScheduler[]): void {
    this.scheduler.handle({ kind: 'records', from, records }, this.now);
    this.deliver();
  }

  tick(milliseconds: number): void {
    this.now += milliseconds;
    this.scheduler.handle({ kind: 'tick' }, this.now);
    this.deliver();
  }

  deliver(): void {
    for (const out of this.scheduler.flush()) {
      if (out.to === 'host') this.host.push(...out.records);
      else if (out.to === 'worker') this.workers.get(out.rank)?.receive(out.records);
      else for (const record of out.records) this.clients.get(out.rank * 1e6 + record.client)?.receive(record);
    }
  }

  join(
    rank: number,
    options: { threads?: number; name?: string; resources?: Record<string, number>; shared?: boolean } = {},
  ): SimulatedWorker {
    const worker = new SimulatedWorker(this, rank);
    this.workers.set(rank, worker);
    this.send(rank, { kind: 'join', host: 'here', threads: options.threads ?? 1, ...options });
    return worker;
  }

  client(rank = 1, local = 0): SimulatedClient {
    const client = new SimulatedClient(this, rank, local);
    this.clients.set(rank * 1e6 + local, client);
    this.send(rank, { kind: 'open-client', client: local });
    client.send({ kind: 'function', hash: 'f', name: 'f', fn: DESCRIPTION });
    return client;
  }

  kill(rank: number, text = 'connection closed'): void {
    this.workers.delete(rank);
    this.scheduler.handle({ kind: 'rank-lost', rank, text }, this.now);
    this.deliver();
  }

  /** All workers finish all they have, again and again, until nothing is left to run. */
  drain(): void {
    for (let progress = true; progress; ) {
      progress = false;
      for (const worker of this.workers.values()) {
        for (const run of [...worker.runs.values()]) {
          if (worker.runs.get(run.task) !== run) continue;
          worker.finish(run);
          progress = true;
        }
      }
    }
  }
}

const DESCRIPTION = {
  description: { format: 1, hash: 'f', name: 'f', root: 0, nodes: [], values: [] },
  values: [],
} as const;

export class SimulatedWorker {
  readonly cluster: Cluster;
  readonly rank: number;
  /** Runs not over, in the order they came. */
  readonly runs = new Map<number, Run>();
  readonly data = new Map<number, number>();
  readonly records: ToWorker[] = [];
  readonly started: string[] = [];
  readonly functions = new Set<number>();
  closed = false;

  constructor(cluster: Cluster, rank: number) {
    this.cluster = cluster;
    this.rank = rank;
  }

  receive(records: readonly ToWorker[]): void {
    this.records.push(...records);
    for (const record of records) this.#take(record);
  }

  #take(record: ToWorker): void {
    switch (record.kind) {
      case 'run':
        for (let index = 0; index < record.tasks.length; index++) this.#order(record, index);
        break;
      case 'define':
        this.functions.add(record.fn);
        break;
      case 'forget-functions':
        for (const fn of record.fns) this.functions.delete(fn);
        break;
      case 'cancel':
        for (let i = 0; i < record.tasks.length; i++) {
          const run = this.runs.get(record.tasks[i]!);
          if (run?.run === record.runs[i]) this.runs.delete(run!.task);
        }
        break;
      case 'free':
        for (let at = 0; at < record.ranges.length; at += 2) {
          const [first, count] = [record.ranges[at]!, record.ranges[at + 1]!];
          for (let task = first; task < first + count; task++) this.data.delete(task);
        }
        break;
      case 'reset':
        this.runs.clear();
        this.data.clear();
        break;
      case 'close':
        this.closed = true;
        break;
    }
  }

  #order(order: RunTasks, index: number): void {
    const task = order.tasks[index]!;
    if (!this.functions.has(order.fn)) throw new Error(`worker ${this.rank} got task ${task} of an unknown function`);
    const name = order.keys?.[index] ?? `${order.name}-${task}`;
    const locations = (order.dependencies?.[index] ?? []).map((at) => order.locations![at]!);
    this.started.push(name);
    this.runs.set(task, { task, run: order.runs[index]!, name, order, index, locations });
  }

  get names(): string[] {
    return [...this.runs.values()].map((run) => run.name);
  }

  /** The run of that name, or the first one. */
  run(name?: string): Run {
    for (const run of this.runs.values()) if (name === undefined || run.name === name) return run;
    throw new Error(`worker ${this.rank} has no run ${name ?? ''}: ${this.names}`);
  }

  send(...records: ToScheduler[]): void {
    this.cluster.send(this.rank, ...records);
  }

  /** Results above INLINE_BYTES are stored here. */
  finish(which?: string | Run, { nbytes = 1, duration = 100 } = {}): void {
    const run = typeof which === 'object' ? which : this.run(which);
    this.runs.delete(run.task);
    const { task } = run;
    const common = { tasks: [task], runs: [run.run], durations: [duration] };
    if (nbytes > INLINE_BYTES || run.order.actor) {
      this.data.set(task, nbytes);
      this.send({ kind: 'finished-stored', ...common, nbytes: [nbytes], types: ['object'] });
    } else {
      this.send({ kind: 'finished', ...common, values: { bytes: new Uint8Array(nbytes).fill(task), ends: [nbytes] } });
    }
  }

  fail(which?: string, options: { text?: string; killed?: boolean } = {}): void {
    const run = this.run(which);
    this.runs.delete(run.task);
    const failure = { kind: 'thrown', error: [], text: options.text ?? `Error: ${run.name}` } as const;
    const { killed } = options;
    this.send({ kind: 'errored', task: run.task, run: run.run, duration: 1, failure, ...(killed && { killed }) });
  }

  /** Gives back what was asked for, as if nothing had started but the first `running`. */
  retract(running: number): void {
    const asked = this.records.findLast((record) => record.kind === 'retract');
    if (asked?.kind !== 'retract') throw new Error(`worker ${this.rank} was not asked for anything`);
    const started = new Set([...this.runs.keys()].slice(0, running));
    const given = asked.tasks.map((task, i) => [task, asked.runs[i]!] as const);
    const kept = given.filter(([task, run]) => this.runs.get(task)?.run === run && !started.has(task));
    for (const [task] of kept) this.runs.delete(task);
    const tasks = kept.map(([task]) => task);
    this.send({ kind: 'retracted', request: asked.request, tasks, runs: kept.map(([, run]) => run) });
  }
}

export class SimulatedClient {
  readonly cluster: Cluster;
  readonly rank: number;
  readonly local: number;
  readonly futures = new Map<number, Status>();
  readonly description = DESCRIPTION;
  readonly records: ToClient[] = [];
  next = 0;
  generation = 0;
  requests = 0;

  constructor(cluster: Cluster, rank: number, local: number) {
    this.cluster = cluster;
    this.rank = rank;
    this.local = local;
  }

  receive(record: ToClient): void {
    this.records.push(record);
    switch (record.kind) {
      case 'results': {
        const { bytes, ends } = record.values;
        record.numbers.forEach((number, i) => {
          this.futures.set(number, { status: 'finished', value: bytes.subarray(ends[i - 1] ?? 0, ends[i]) });
        });
        break;
      }
      case 'stored':
        record.numbers.forEach((number, i) => {
          this.futures.set(number, { status: 'stored', task: record.tasks[i]!, holders: record.holders[i]! });
        });
        break;
      case 'failed':
        for (const number of record.numbers) this.futures.set(number, { status: 'error', failed: record });
        break;
      case 'cancelled':
        for (const number of record.numbers) this.futures.set(number, { status: 'cancelled', cancelled: record });
        break;
      case 'lost':
        for (const number of record.numbers) this.futures.set(number, { status: 'pending' });
        break;
    }
  }

  send(...records: ClientRecord[]): void {
    this.cluster.send(this.rank, ...records);
  }

  /** One task; its name is `key` if given. */
  submit(
    key?: string,
    dependencies: readonly number[] = [],
    options: TaskOptions = {},
    more: Partial<Submit> = {},
  ): number {
    const [number] = this.map(1, options, {
      ...(key !== undefined && { keys: [key] }),
      sharedDependencies: dependencies,
      ...more,
    });
    return number!;
  }

  map(count: number, options: TaskOptions = {}, more: Partial<Submit> = {}): number[] {
    const first = this.next;
    this.next += count;
    const numbers = Array.from({ length: count }, (_, i) => first + i);
    for (const number of numbers) this.futures.set(number, { status: 'pending' });
    this.send({
      kind: 'submit',
      client: this.local,
      first,
      count,
      fn: 'f',
      chunks: Array.from({ length: Math.ceil(count / 4) }, (_, chunk) => [Uint8Array.of(chunk)]),
      chunkTasks: 4,
      generation: this.generation++,
      options,
      ...more,
    });
    return numbers;
  }

  status(number: number): Status['status'] | undefined {
    return this.futures.get(number)?.status;
  }

  statuses(numbers: readonly number[]): (Status['status'] | undefined)[] {
    return numbers.map((number) => this.status(number));
  }

  release(...numbers: readonly number[]): void {
    this.send({ kind: 'release', client: this.local, ranges: numbers.flatMap((number) => [number, 1]) });
  }

  cancel(numbers: readonly number[], options: { force?: boolean; waiting?: boolean; message?: string } = {}): void {
    this.send({ kind: 'cancel', client: this.local, numbers, ...options });
  }

  /** The request's number. */
  ask(call: Extract<ClientRecord, { kind: 'request' }>['call']): number {
    const request = this.requests++;
    this.send({ kind: 'request', client: this.local, request, call });
    return request;
  }

  answer(request: number) {
    const record = this.records.find((one) => one.kind === 'answer' && one.request === request);
    return record?.kind === 'answer' ? record.outcome : undefined;
  }

  /** Value of the answer, which must be there and good. */
  value<T>(request: number): T {
    const outcome = this.answer(request);
    if (!outcome?.ok) throw new Error(`no good answer: ${JSON.stringify(outcome)}`);
    return outcome.value as T;
  }
}

import type {
  CancelReason,
  EncodedValue,
  Location,
  Rank,
  Results,
  Stored,
  TaskId,
  ToClient,
  ToWorker,
  WorkerCall,
} from '../protocol/index.ts';
import type { ClientState } from './client-state.ts';
import type { Blame, Submission, Task } from './task.ts';
import type { WorkerState } from './worker-state.ts';

/** What the scheduler wants sent: one message per destination. */
export type Outgoing =
  | { readonly to: 'worker'; readonly rank: Rank; readonly records: readonly ToWorker[] }
  | { readonly to: 'client'; readonly rank: Rank; readonly records: readonly ToClient[] }
  /** For the process the scheduler runs in. */
  | { readonly to: 'host'; readonly records: readonly HostRecord[] };
export type HostRecord =
  | WorkerCall
  | { readonly kind: 'shutdown' }
  /** The worker counts as lost: nothing of it is to be waited for. */
  | { readonly kind: 'expired'; readonly rank: Rank };

/** Results of one client that are still being added to. */
interface OpenResults {
  readonly record: { -readonly [K in keyof Results]: Results[K] };
  readonly numbers: number[];
  readonly ends: number[];
  /** Pieces as (memory, start, end). Neighbours in one memory are one piece. */
  readonly memories: Uint8Array[];
  readonly starts: number[];
  readonly stops: number[];
  bytes: number;
}

interface OpenRun {
  readonly submission: Submission;
  readonly tasks: TaskId[];
  readonly runs: number[];
  readonly order: number[];
  readonly keys: (string | undefined)[];
  readonly chunks: EncodedValue[];
  readonly chunkOf: number[];
  readonly positions: number[];
  readonly generation: number;
  readonly depends: boolean;
  readonly dependencies: number[][];
  readonly locations: Location[];
  lastChunk: number;
}

interface ClientBox {
  readonly records: ToClient[];
  open: OpenResults | null;
}
interface WorkerBox {
  readonly records: ToWorker[];
  run: OpenRun | null;
  free: number[] | null;
}

/** Collects what one tick says, joined into as few records as its order allows. */
export class Outbox {
  #clients = new Map<Rank, ClientBox>();
  #workers = new Map<Rank, WorkerBox>();
  #host: HostRecord[] = [];

  host(record: HostRecord): void {
    this.#host.push(record);
  }

  #clientBox(rank: Rank): ClientBox {
    let box = this.#clients.get(rank);
    if (box === undefined) {
      box = { records: [], open: null };
      this.#clients.set(rank, box);
    }
    return box;
  }

  client(client: ClientState, record: ToClient): void {
    const box = this.#clientBox(client.rank);
    this.#closeResults(box);
    box.records.push(record);
  }

  /** An inline result. */
  result(client: ClientState, number: number, memory: Uint8Array, start: number, end: number): void {
    const box = this.#clientBox(client.rank);
    let open = box.open;
    if (open === null || open.record.client !== client.local) {
      this.#closeResults(box);
      const numbers: number[] = [];
      const ends: number[] = [];
      const record = {
        kind: 'results' as const,
        client: client.local,
        numbers,
        values: { bytes: memory, ends },
      };
      open = { record, numbers, ends, memories: [], starts: [], stops: [], bytes: 0 };
      box.open = open;
      box.records.push(record);
    }
    open.numbers.push(number);
    open.bytes += end - start;
    open.ends.push(open.bytes);
    const last = open.memories.length - 1;
    if (last >= 0 && open.memories[last] === memory && open.stops[last] === start) open.stops[last] = end;
    else {
      open.memories.push(memory);
      open.starts.push(start);
      open.stops.push(end);
    }
  }

  #closeResults(box: ClientBox): void {
    const open = box.open;
    if (open === null) return;
    box.open = null;
    open.record.values = { bytes: joined(open), ends: open.ends };
  }

  /** A result in workers: neighbours become one record. */
  stored(client: ClientState, number: number, task: Task): void {
    const box = this.#clientBox(client.rank);
    this.#closeResults(box);
    const holders = task.holders.map((holder) => holder.rank);
    const actor = task.submission?.actor ?? false;
    const last = box.records.at(-1);
    if (last?.kind === 'stored' && last.client === client.local && (last.actors !== undefined) === actor) {
      (last.numbers as number[]).push(number);
      (last.tasks as number[]).push(task.id);
      (last.nbytes as number[]).push(task.nbytes);
      (last.types as string[]).push(task.type);
      (last.holders as Rank[][]).push(holders);
      (last.actors as boolean[] | undefined)?.push(true);
      return;
    }
    const record: Stored = {
      kind: 'stored',
      client: client.local,
      numbers: [number],
      tasks: [task.id],
      nbytes: [task.nbytes],
      types: [task.type],
      holders: [holders],
      ...(actor && { actors: [true] }),
    };
    box.records.push(record);
  }

  failed(client: ClientState, number: number, { failure, root, worker }: Blame): void {
    const box = this.#clientBox(client.rank);
    this.#closeResults(box);
    const last = box.records.at(-1);
    if (last?.kind === 'failed' && last.client === client.local && last.failure === failure) {
      (last.numbers as number[]).push(number);
    } else box.records.push({ kind: 'failed', client: client.local, numbers: [number], failure, blame: root, worker });
  }

  cancelled(client: ClientState, number: number, reason: CancelReason, message: string | undefined): void {
    const box = this.#clientBox(client.rank);
    this.#closeResults(box);
    const last = box.records.at(-1);
    if (
      last?.kind === 'cancelled' &&
      last.client === client.local &&
      last.reason === reason &&
      last.message === message
    ) {
      (last.numbers as number[]).push(number);
      return;
    }
    const numbers = [number];
    box.records.push({
      kind: 'cancelled',
      client: client.local,
      numbers,
      reason,
      ...(message !== undefined && { message }),
    });
  }

  lost(client: ClientState, number: number): void {
    const box = this.#clientBox(client.rank);
    this.#closeResults(box);
    const last = box.records.at(-1);
    if (last?.kind === 'lost' && last.client === client.local) (last.numbers as number[]).push(number);
    else box.records.push({ kind: 'lost', client: client.local, numbers: [number] });
  }

  #workerBox(rank: Rank): WorkerBox {
    let box = this.#workers.get(rank);
    if (box === undefined) {
      box = { records: [], run: null, free: null };
      this.#workers.set(rank, box);
    }
    return box;
  }

  worker(worker: WorkerState, record: ToWorker): void {
    const box = this.#workerBox(worker.rank);
    box.run = null;
    box.free = null;
    box.records.push(record);
  }

  free(worker: WorkerState, task: TaskId): void {
    const box = this.#workerBox(worker.rank);
    box.run = null;
    if (box.free === null) {
      box.free = [];
      box.records.push({ kind: 'free', ranges: box.free });
    }
    const { free } = box;
    const last = free.length - 2;
    if (last >= 0 && free[last]! + free[last + 1]! === task) free[last + 1]!++;
    else free.push(task, 1);
  }

  cancelRun(worker: WorkerState, task: Task): void {
    const box = this.#workerBox(worker.rank);
    box.run = null;
    box.free = null;
    const last = box.records.at(-1);
    if (last?.kind === 'cancel') {
      (last.tasks as number[]).push(task.id);
      (last.runs as number[]).push(task.run);
    } else box.records.push({ kind: 'cancel', tasks: [task.id], runs: [task.run] });
  }

  run(worker: WorkerState, task: Task, group?: readonly Rank[]): void {
    const submission = task.submission!;
    const box = this.#workerBox(worker.rank);
    const { dependencies } = task;
    let open = box.run;
    if (
      open === null ||
      group !== undefined ||
      open.submission !== submission ||
      open.generation !== task.generation ||
      open.depends !== dependencies.length > 0
    ) {
      open = this.#openRun(box, submission, task, group);
      if (group !== undefined) box.run = null;
    }
    if (open.depends) {
      open.dependencies.push(dependencies.map((_, position) => open.locations.length + position));
      for (const dependency of dependencies) open.locations.push(locationOf(dependency));
    }
    open.tasks.push(task.id);
    open.runs.push(task.run);
    open.order.push(task.order);
    open.keys.push(task.key ?? undefined);
    const chunk = Math.floor(task.index / submission.chunkTasks);
    if (open.lastChunk !== chunk) {
      open.lastChunk = chunk;
      open.chunks.push(submission.chunks[chunk]!);
    }
    open.chunkOf.push(open.chunks.length - 1);
    open.positions.push(task.index - chunk * submission.chunkTasks);
  }

  #openRun(box: WorkerBox, submission: Submission, task: Task, group: readonly Rank[] | undefined): OpenRun {
    const open: OpenRun = {
      submission,
      tasks: [],
      runs: [],
      order: [],
      keys: [],
      chunks: [],
      chunkOf: [],
      positions: [],
      generation: task.generation,
      depends: task.dependencies.length > 0,
      dependencies: [],
      locations: [],
      lastChunk: -1,
    };
    box.free = null;
    box.run = open;
    box.records.push({
      kind: 'run',
      fn: submission.fn.id,
      name: submission.name,
      ...(task.key !== null && { keys: open.keys }),
      tasks: open.tasks,
      runs: open.runs,
      priority: submission.priority,
      generation: task.generation,
      order: open.order,
      chunks: open.chunks,
      chunkOf: open.chunkOf,
      positions: open.positions,
      ...(submission.common && { common: submission.common }),
      ...(open.depends && { dependencies: open.dependencies, locations: open.locations }),
      ...(submission.actor && { actor: true }),
      ...(group && { group }),
    });
    return open;
  }

  /** What was collected; the outbox is empty then. */
  flush(): Outgoing[] {
    const out: Outgoing[] = [];
    for (const [rank, box] of this.#workers) out.push({ to: 'worker', rank, records: box.records });
    for (const [rank, box] of this.#clients) {
      this.#closeResults(box);
      out.push({ to: 'client', rank, records: box.records });
    }
    if (this.#host.length > 0) out.push({ to: 'host', records: this.#host });
    this.#workers = new Map();
    this.#clients = new Map();
    this.#host = [];
    return out;
  }
}

export function locationOf(task: Task): Location {
  if (task.blob !== null) return { task: task.id, value: task.blob.subarray(task.start, task.end) };
  const holders = task.holders.map((holder) => holder.rank);
  return { task: task.id, nbytes: task.nbytes, holders, ...(task.submission?.actor && { actor: true }) };
}

const SMALL_PIECE = 64;

function joined({ memories, starts, stops, bytes }: OpenResults): Uint8Array {
  if (memories.length === 1) return memories[0]!.subarray(starts[0], stops[0]);
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (let i = 0; i < memories.length; i++) {
    const memory = memories[i]!;
    const stop = stops[i]!;
    if (stop - starts[i]! > SMALL_PIECE) {
      whole.set(memory.subarray(starts[i], stop), at);
      at += stop - starts[i]!;
      continue;
    }
    // Small pieces: copying bytes here is cheaper than making a view for `set`.
    for (let from = starts[i]!; from < stop; from++) whole[at++] = memory[from]!;
  }
  return whole;
}

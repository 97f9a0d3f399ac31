import { clientId, type FutureReference, type RunNumber, type TaskId, type WorkerRecord } from '../protocol/index.ts';
import type { Run } from './run.ts';

const LOCALS = clientId(1, 0);

/** Completions of one turn of the event loop, for one record of each kind. */
export class Reports {
  readonly #post: (record: WorkerRecord) => void;
  #tasks: TaskId[] = [];
  #runs: RunNumber[] = [];
  #durations: number[] = [];
  #values: Uint8Array[] = [];
  #ends: number[] = [];
  #bytes = 0;
  #holds: number[] = [];
  #stored = noneStored();
  #due = false;

  constructor(post: (record: WorkerRecord) => void) {
    this.#post = post;
  }

  finished(run: Run, duration: number, value: Uint8Array, holds: readonly FutureReference[] = []): void {
    this.#soon();
    const index = this.#tasks.push(run.task) - 1;
    this.#runs.push(run.run);
    this.#durations.push(duration);
    this.#values.push(value);
    this.#bytes += value.length;
    this.#ends.push(this.#bytes);
    addHolds(this.#holds, index, holds);
  }

  stored(run: Run, duration: number, nbytes: number, type: string, holds: readonly FutureReference[] = []): void {
    this.#soon();
    const { tasks, runs, durations, nbytes: sizes, types } = this.#stored;
    const index = tasks.push(run.task) - 1;
    runs.push(run.run);
    durations.push(duration);
    sizes.push(nbytes);
    types.push(type);
    addHolds(this.#stored.holds, index, holds);
  }

  /** Everything else, in its place between the completions. */
  post(record: WorkerRecord): void {
    this.flush();
    this.#post(record);
  }

  flush(): void {
    if (!this.#due) return;
    this.#due = false;
    if (this.#tasks.length > 0) {
      this.#post({
        kind: 'finished',
        tasks: this.#tasks,
        runs: this.#runs,
        durations: this.#durations,
        values: { bytes: concatenated(this.#values, this.#bytes), ends: this.#ends },
        ...(this.#holds.length > 0 && { holds: this.#holds }),
      });
      this.#tasks = [];
      this.#runs = [];
      this.#durations = [];
      this.#values = [];
      this.#ends = [];
      this.#bytes = 0;
      this.#holds = [];
    }
    if (this.#stored.tasks.length > 0) {
      const { holds, ...record } = this.#stored;
      this.#post({ kind: 'finished-stored', ...record, ...(holds.length > 0 && { holds }) });
      this.#stored = noneStored();
    }
  }

  #soon(): void {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.flush());
  }
}

function noneStored() {
  return {
    tasks: [] as TaskId[],
    runs: [] as RunNumber[],
    durations: [] as number[],
    nbytes: [] as number[],
    types: [] as string[],
    holds: [] as number[],
  };
}

/** Triples: index of the task, local client, number. */
function addHolds(triples: number[], index: number, holds: readonly FutureReference[]): void {
  for (const { client, number } of holds) triples.push(index, client % LOCALS, number);
}

function concatenated(parts: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

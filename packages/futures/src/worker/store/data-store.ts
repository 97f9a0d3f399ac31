import type { EncodedValue, TaskId } from '../../protocol/index.ts';
import { inSharedMemory, SharedValue } from '../threads/shared-value.ts';
import type { SpilledValue, SpillFiles } from './spill-files.ts';

/** Parts of the memory limit: data above the first is spilled, above the second the worker takes no more work. */
const SPILL_AT = 0.6;
const PAUSE_AT = 0.8;

interface InMemory {
  readonly segments: EncodedValue;
  readonly nbytes: number;
  readonly shared: SharedValue | undefined;
}
interface OnDisk {
  readonly file: SpilledValue;
  readonly nbytes: number;
}

/** Those of `count` tasks from `first` that the map has: a range may be far longer than the map. */
export function* tasksIn(map: ReadonlyMap<TaskId, unknown>, first: TaskId, count: number): Generator<TaskId> {
  if (count <= map.size) {
    for (let task = first; task < first + count; task++) if (map.has(task)) yield task;
  } else {
    for (const task of [...map.keys()]) if (task >= first && task < first + count) yield task;
  }
}

export function bytesOf(value: EncodedValue): number {
  return value.reduce((sum, segment) => sum + segment.length, 0);
}

/** The data of a worker: encoded values by task, the least recently used on disk when there are too many bytes of them. */
export class DataStore {
  /** In the order of use, the last used last. */
  readonly #memory = new Map<TaskId, InMemory>();
  readonly #disk = new Map<TaskId, OnDisk>();
  readonly #files: SpillFiles;
  readonly #limit: number;
  readonly #pressure: (paused: boolean) => void;
  #memoryBytes = 0;
  #spilledBytes = 0;
  #spilling: Promise<void> | undefined;
  #paused = false;
  /** Values that could not be written: they stay in memory. */
  readonly #unspillable = new WeakSet<InMemory>();

  /** `pressure` is told when the worker should pause, and when it can go on. */
  constructor(limit: number, files: SpillFiles, pressure: (paused: boolean) => void) {
    this.#limit = limit;
    this.#files = files;
    this.#pressure = pressure;
  }

  get memoryBytes(): number {
    return this.#memoryBytes;
  }

  get spilledBytes(): number {
    return this.#spilledBytes;
  }

  get paused(): boolean {
    return this.#paused;
  }

  has(task: TaskId): boolean {
    return this.#memory.has(task) || this.#disk.has(task);
  }

  /** Stores a value in place of any other of that task; gives its bytes. */
  put(task: TaskId, segments: EncodedValue): number {
    this.#remove(task);
    const nbytes = bytesOf(segments);
    this.#memory.set(task, { segments, nbytes, shared: undefined });
    this.#memoryBytes += nbytes;
    this.#relieve();
    return nbytes;
  }

  /** The value, read back from disk if need be; undefined: not here. */
  async read(task: TaskId): Promise<EncodedValue | undefined> {
    const entry = await this.#inMemory(task);
    return entry?.segments;
  }

  /** The value for threads of this rank; undefined: not here. */
  async share(task: TaskId): Promise<SharedValue | undefined> {
    const entry = await this.#inMemory(task);
    if (entry === undefined) return undefined;
    if (entry.shared !== undefined) return entry.shared;
    const segments = inSharedMemory(entry.segments);
    const shared = new SharedValue(segments);
    // Unless it was replaced while it was read.
    if (this.#memory.get(task) === entry) this.#memory.set(task, { ...entry, segments, shared });
    return shared;
  }

  /** Drops the values of `count` tasks from `first`. */
  free(first: TaskId, count: number): void {
    for (const tasks of [this.#memory, this.#disk]) {
      for (const task of tasksIn(tasks, first, count)) this.#remove(task);
    }
    this.#relieve();
  }

  clear(): void {
    for (const task of [...this.#memory.keys(), ...this.#disk.keys()]) this.#remove(task);
    this.#relieve();
  }

  async #inMemory(task: TaskId): Promise<InMemory | undefined> {
    for (;;) {
      const entry = this.#memory.get(task);
      if (entry !== undefined) {
        this.#memory.delete(task);
        this.#memory.set(task, entry);
        return entry;
      }
      const spilled = this.#disk.get(task);
      if (spilled === undefined) return undefined;
      try {
        const segments = await this.#files.read(spilled.file);
        if (this.#disk.get(task) === spilled) this.put(task, segments);
      } catch (error) {
        // Freed, replaced or read by somebody else meanwhile: look again.
        if (this.#disk.get(task) === spilled) throw error;
      }
    }
  }

  #remove(task: TaskId): void {
    const entry = this.#memory.get(task);
    if (entry !== undefined) {
      this.#memory.delete(task);
      this.#memoryBytes -= entry.nbytes;
    }
    const spilled = this.#disk.get(task);
    if (spilled === undefined) return;
    this.#disk.delete(task);
    this.#spilledBytes -= spilled.nbytes;
    this.#files.remove(spilled.file);
  }

  #relieve(): void {
    this.#announce();
    if (this.#memoryBytes <= SPILL_AT * this.#limit || this.#spilling !== undefined) return;
    this.#spilling = this.#spill().finally(() => {
      this.#spilling = undefined;
      this.#announce();
    });
  }

  #announce(): void {
    const paused = this.#memoryBytes > PAUSE_AT * this.#limit;
    if (paused === this.#paused) return;
    this.#paused = paused;
    this.#pressure(paused);
  }

  async #spill(): Promise<void> {
    while (this.#memoryBytes > SPILL_AT * this.#limit) {
      const oldest = this.#leastRecentlyUsed();
      if (oldest === undefined) return;
      const [task, entry] = oldest;
      let file: SpilledValue;
      try {
        file = await this.#files.write(entry.segments);
      } catch (error) {
        this.#unspillable.add(entry);
        process.emitWarning(`data could not be spilled to disk and stays in memory: ${String(error)}`, {
          code: 'PAR_SPILL_FAILED',
        });
        continue;
      }
      if (this.#memory.get(task) !== entry) {
        this.#files.remove(file);
        continue;
      }
      this.#memory.delete(task);
      this.#disk.set(task, { file, nbytes: entry.nbytes });
      this.#memoryBytes -= entry.nbytes;
      this.#spilledBytes += entry.nbytes;
      this.#announce();
    }
  }

  #leastRecentlyUsed(): [TaskId, InMemory] | undefined {
    for (const candidate of this.#memory) if (!this.#unspillable.has(candidate[1])) return candidate;
    return undefined;
  }

  /** Resolves once no value is being written. */
  async settled(): Promise<void> {
    await this.#spilling;
  }
}

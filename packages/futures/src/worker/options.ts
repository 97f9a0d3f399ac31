import { tmpdir, totalmem } from 'node:os';
import { availableCores } from '@par/comm-core';
import type { Rank } from '../protocol/index.ts';

export interface WorkerOptions {
  /** Rank of the scheduler. Default 0. */
  readonly scheduler?: Rank;
  /** Ranks on this host, which share its cores and memory. Default: all of the communicator. */
  readonly ranksOnHost?: number;
  /** Task threads. Default: this rank's share of the cores, at least 1. */
  readonly nthreads?: number;
  /** For people. Default: the rank as text. */
  readonly name?: string;
  /** Amounts of abstract resources of this worker. */
  readonly resources?: Readonly<Record<string, number>>;
  /** Bytes this worker may use for data. Default: this rank's share of nine tenths of the host's memory. */
  readonly memoryLimit?: number;
  /** Where data is spilled to: a directory of its own in it. Default: the system's temporary directory. */
  readonly spillDirectory?: string;
  /**
   * Bytes of heap each thread may use, garbage included; a task that is found to use more fails with TaskOutOfMemoryError.
   * Default: the thread's share of `memoryLimit`, at least 512 MiB. Typed arrays and buffers are outside of the heap.
   */
  readonly threadHeapBytes?: number;
  /** Milliseconds a cancelled task gets between its AbortSignal and the end of its thread. Default 1000. */
  readonly cancelGraceMs?: number;
  /** Bytes asked of other ranks at a time. Default 64 MiB. */
  readonly fetchBytes?: number;
  /**
   * Where tasks run. `thread`, the default: in threads of the rank. `process`: in threads of a child process of the rank, so
   * that a crash of native code, too, costs that process and not the rank; it is started again, and what it had is computed
   * again. Tasks of several ranks run on workers with `thread` only.
   */
  readonly isolation?: 'thread' | 'process';
  /** Node's options for task threads. Default: those of this process. */
  readonly execArgv?: readonly string[];
  /** The process may end though the worker waits for work. Default false. */
  readonly background?: boolean;
}

/** Bytes of heap that no default goes below. */
const LEAST_HEAP = 512 * 2 ** 20;

export interface WorkerSettings {
  readonly scheduler: Rank;
  readonly nthreads: number;
  readonly name: string | undefined;
  readonly resources: Readonly<Record<string, number>> | undefined;
  readonly memoryLimit: number;
  readonly spillDirectory: string;
  readonly threadHeapBytes: number;
  readonly cancelGraceMs: number;
  readonly fetchBytes: number;
  readonly execArgv: readonly string[] | undefined;
  readonly background: boolean;
}

export function settingsOf(options: WorkerOptions, ranks: number): WorkerSettings {
  const ranksOnHost = options.ranksOnHost ?? ranks;
  const nthreads = options.nthreads ?? Math.max(1, Math.floor(availableCores() / ranksOnHost));
  const memoryLimit = options.memoryLimit ?? (0.9 * totalmem()) / ranksOnHost;
  return {
    scheduler: options.scheduler ?? 0,
    nthreads,
    name: options.name,
    resources: options.resources,
    memoryLimit,
    spillDirectory: options.spillDirectory ?? tmpdir(),
    threadHeapBytes: options.threadHeapBytes ?? Math.max(LEAST_HEAP, memoryLimit / nthreads),
    cancelGraceMs: options.cancelGraceMs ?? 1000,
    fetchBytes: options.fetchBytes ?? 64 * 2 ** 20,
    execArgv: options.execArgv,
    background: options.background ?? false,
  };
}

import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { StreamName } from '../output/output.ts';
import { UsageError } from '../usage-error.ts';

/** What `job.json` says of one rank. */
interface LoggedRank {
  readonly rank: number;
  readonly appnum: number;
  readonly host: string;
  readonly pid: number | null;
  readonly argv: readonly string[];
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly exit: object | null;
  /** par had told it to end. */
  readonly endedByPar: boolean;
}

export interface LoggedJob {
  readonly job: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly hosts: readonly string[];
  readonly size: number;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly status: number | null;
  readonly ranks: readonly LoggedRank[];
}

/**
 * `--log-dir`: `rank-3.stdout` and `rank-3.stderr` as written, and `job.json`, there from the start so that it survives the launcher.
 * Files of an earlier job are replaced.
 */
export class LogDirectory {
  readonly path: string;
  readonly #size: number;
  readonly #width: number;
  readonly #files = new Map<string, number>();

  constructor(path: string, size: number) {
    this.path = path;
    this.#size = size;
    this.#width = String(size - 1).length;
    try {
      mkdirSync(path, { recursive: true });
      for (let rank = 0; rank < size; rank++) {
        for (const stream of ['stdout', 'stderr'] as const) {
          this.#files.set(`${rank}.${stream}`, openSync(this.#file(rank, stream), 'w'));
        }
      }
    } catch (error) {
      throw new UsageError(`--log-dir ${path}: ${(error as Error).message}`);
    }
  }

  write(rank: number, stream: StreamName, chunk: Uint8Array): void {
    const key = `${rank}.${stream}`;
    let file = this.#files.get(key);
    if (file === undefined) {
      if (rank < this.#size) return;
      file = openSync(this.#file(rank, stream), 'a'); // a rank in place of a lost one
      this.#files.set(key, file);
    }
    for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
  }

  end(rank: number, stream: StreamName): void {
    const key = `${rank}.${stream}`;
    const file = this.#files.get(key);
    this.#files.delete(key);
    if (file !== undefined) closeSync(file);
  }

  describe(job: LoggedJob): void {
    writeFileSync(join(this.path, 'job.json'), `${JSON.stringify(job, null, 2)}\n`);
  }

  #file(rank: number, stream: StreamName): string {
    return join(this.path, `rank-${String(rank).padStart(this.#width, '0')}.${stream}`);
  }
}

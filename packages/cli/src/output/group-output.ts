import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import type { Output, StreamName } from './output.ts';
import type { Sink } from './sink.ts';

const STREAMS = ['stdout', 'stderr'] as const;

/** All of rank 0's output, then all of rank 1's …: kept in files until the rank and all before it have ended. */
export class GroupOutput implements Output {
  readonly #directory: string;
  readonly #shown: Output;
  readonly #sinks: Record<StreamName, Sink>;
  #size: number;
  readonly #files = new Map<string, number>();
  readonly #open = new Map<number, number>();
  #next = 0;
  #replaying: Promise<void> = Promise.resolve();

  /** `shown` gets what a rank wrote when its turn has come. */
  constructor(directory: string, size: number, sinks: Record<StreamName, Sink>, shown: Output) {
    this.#directory = directory;
    this.#size = size;
    this.#sinks = sinks;
    this.#shown = shown;
  }

  write(rank: number, stream: StreamName, chunk: Uint8Array): void {
    this.#size = Math.max(this.#size, rank + 1); // one in place of a lost one
    const key = this.#path(rank, stream);
    let file = this.#files.get(key);
    if (file === undefined) {
      file = openSync(key, 'w', 0o600);
      this.#files.set(key, file);
    }
    for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at);
  }

  end(rank: number): void {
    const ended = (this.#open.get(rank) ?? 0) + 1;
    this.#open.set(rank, ended);
    while (this.#next < this.#size && this.#open.get(this.#next) === STREAMS.length) {
      const turn = this.#next++;
      this.#replaying = this.#replaying.then(() => this.#replay(turn));
    }
  }

  report(text: string | undefined, record: object): void {
    this.#shown.report(text, record);
  }

  async finish(): Promise<void> {
    while (this.#next < this.#size) {
      const turn = this.#next++;
      this.#replaying = this.#replaying.then(() => this.#replay(turn));
    }
    await this.#replaying;
    await this.#shown.finish();
  }

  async #replay(rank: number): Promise<void> {
    for (const stream of STREAMS) {
      const path = this.#path(rank, stream);
      const written = this.#files.get(path);
      if (written === undefined) continue;
      closeSync(written);
      this.#files.delete(path);
      const file = await open(path);
      try {
        for await (const chunk of file.createReadStream({ autoClose: false })) {
          this.#shown.write(rank, stream, chunk as Uint8Array);
          if (this.#sinks[stream].full) await this.#sinks[stream].flushed();
        }
      } finally {
        await file.close();
      }
      this.#shown.end(rank, stream);
      unlinkSync(path);
    }
  }

  #path(rank: number, stream: StreamName): string {
    return join(this.#directory, `${rank}.${stream}`);
  }
}

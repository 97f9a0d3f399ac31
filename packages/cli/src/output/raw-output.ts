import type { Output, StreamName } from './output.ts';
import type { Sink } from './sink.ts';

/** Bytes as they come, for one rank at a time or for programs that draw on the terminal. */
export class RawOutput implements Output {
  readonly #sinks: Record<StreamName, Sink>;

  constructor(sinks: Record<StreamName, Sink>) {
    this.#sinks = sinks;
  }

  write(_rank: number, stream: StreamName, chunk: Uint8Array): void {
    this.#sinks[stream].write(chunk);
  }

  end(): void {}

  report(text: string | undefined): void {
    if (text === undefined) return;
    this.#sinks.stderr.write(Buffer.from(`${text}\n`));
  }

  async finish(): Promise<void> {}
}

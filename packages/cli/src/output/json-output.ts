import { forEachLine, LineSplitter, type Piece } from './lines.ts';
import type { Output, StreamName } from './output.ts';
import type { Sink } from './sink.ts';

/**
 * One JSON object per line, all on standard output: `{ rank, stream, line, time?, partial? }`. `partial` marks a piece without a
 * newline: the last line of a stream, or 1 MiB of a longer one. par's own reports, objects with an `event`, stand in between.
 */
export class JsonOutput implements Output {
  readonly #sink: Sink;
  readonly #timestamps: boolean;
  readonly #splitters = new Map<string, LineSplitter>();

  constructor(sink: Sink, timestamps: boolean) {
    this.#sink = sink;
    this.#timestamps = timestamps;
  }

  write(rank: number, stream: StreamName, chunk: Uint8Array): void {
    const piece = this.#splitter(rank, stream).push(chunk);
    if (piece) this.#show(rank, stream, piece);
  }

  end(rank: number, stream: StreamName): void {
    const rest = this.#splitter(rank, stream).takeRest();
    if (rest) this.#show(rank, stream, rest);
  }

  report(_text: string | undefined, record: object): void {
    this.#sink.write(Buffer.from(`${JSON.stringify(record)}\n`));
  }

  async finish(): Promise<void> {}

  #splitter(rank: number, stream: StreamName): LineSplitter {
    const key = `${stream}${rank}`;
    let splitter = this.#splitters.get(key);
    if (!splitter) {
      splitter = new LineSplitter();
      this.#splitters.set(key, splitter);
    }
    return splitter;
  }

  #show(rank: number, stream: StreamName, piece: Piece): void {
    const time = this.#timestamps ? { time: new Date().toISOString() } : {};
    let text = '';
    forEachLine(piece.bytes, (bytes) => {
      const whole = bytes.at(-1) === 10;
      const line = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length - (whole ? 1 : 0)).toString();
      text += `${JSON.stringify({ rank, stream, ...time, line, ...(whole ? {} : { partial: true }) })}\n`;
    });
    this.#sink.write(Buffer.from(text));
  }
}

import { LineSplitter, type Piece } from './lines.ts';
import type { Output, StreamName } from './output.ts';
import type { Sink } from './sink.ts';

/** How long an unfinished line (a prompt, a progress bar) is held back. */
const PARTIAL_LINE_MS = 100;
const NEWLINE = Buffer.from('\n');

/** A terminal, pipe or file that one or both of our streams end in, and whose line, if any, is unfinished there. */
interface Screen {
  open: Source | undefined;
}

interface Source {
  readonly splitter: LineSplitter;
  readonly label: string;
  readonly sink: Sink;
  readonly screen: Screen;
  timer: NodeJS.Timeout | undefined;
}

export interface LineOutputOptions {
  readonly sinks: Record<StreamName, Sink>;
  /** Both streams end in the same place. */
  readonly shared: boolean;
  readonly timestamps: boolean;
  /** What stands in front of each line of a rank. */
  label(rank: number, stream: StreamName): string;
}

/**
 * Whole lines in the order they are finished, two ranks never in one line. An unfinished line is shown after 100 ms as it
 * is; only when another rank writes behind it is a newline put between them, and its rest then gets a label again.
 */
export class LineOutput implements Output {
  readonly #options: LineOutputOptions;
  readonly #screens: Record<StreamName, Screen>;
  readonly #sources = new Map<string, Source>();

  constructor(options: LineOutputOptions) {
    this.#options = options;
    const stdout: Screen = { open: undefined };
    this.#screens = { stdout, stderr: options.shared ? stdout : { open: undefined } };
  }

  write(rank: number, stream: StreamName, chunk: Uint8Array): void {
    const source = this.#source(rank, stream);
    const piece = source.splitter.push(chunk);
    if (piece) this.#show(source, piece);
    if (!source.splitter.waiting) this.#disarm(source);
    else if (piece !== undefined || source.timer === undefined) this.#arm(source);
  }

  end(rank: number, stream: StreamName): void {
    const source = this.#source(rank, stream);
    this.#disarm(source);
    const rest = source.splitter.takeRest();
    if (rest) this.#show(source, rest);
  }

  report(text: string | undefined): void {
    if (text === undefined) return;
    const screen = this.#screens.stderr;
    const sink = this.#options.sinks.stderr;
    if (screen.open !== undefined) sink.write(NEWLINE);
    screen.open = undefined;
    sink.write(Buffer.from(`${text}\n`));
  }

  async finish(): Promise<void> {
    for (const source of this.#sources.values()) this.#disarm(source);
  }

  #source(rank: number, stream: StreamName): Source {
    const key = `${stream}${rank}`;
    let source = this.#sources.get(key);
    if (!source) {
      const sink = this.#options.sinks[stream];
      const label = this.#options.label(rank, stream);
      source = { splitter: new LineSplitter(), label, sink, screen: this.#screens[stream], timer: undefined };
      this.#sources.set(key, source);
    }
    return source;
  }

  #arm(source: Source): void {
    clearTimeout(source.timer);
    source.timer = setTimeout(() => {
      source.timer = undefined;
      const rest = source.splitter.takeRest();
      if (rest) this.#show(source, rest);
    }, PARTIAL_LINE_MS);
  }

  #disarm(source: Source): void {
    clearTimeout(source.timer);
    source.timer = undefined;
  }

  #show(source: Source, piece: Piece): void {
    const { screen } = source;
    const continues = screen.open === source;
    if (screen.open !== undefined && !continues) source.sink.write(NEWLINE);
    source.sink.write(this.#labelled(source, piece.bytes, continues));
    screen.open = piece.whole ? undefined : source;
  }

  /** The text with the label in front of each line, the first excepted if it continues one that is on display. */
  #labelled(source: Source, bytes: Uint8Array, continues: boolean): Uint8Array {
    const time = this.#options.timestamps ? `${new Date().toISOString()} ` : '';
    const prefix = Buffer.from(time + source.label);
    if (prefix.length === 0) return bytes;
    let lines = 0;
    for (let at = bytes.indexOf(10); at >= 0 && at < bytes.length - 1; at = bytes.indexOf(10, at + 1)) lines++;
    if (!continues) lines++;
    const result = Buffer.allocUnsafe(bytes.length + lines * prefix.length);
    let to = 0;
    let from = 0;
    let bare = continues;
    while (from < bytes.length) {
      const newline = bytes.indexOf(10, from);
      const end = newline < 0 ? bytes.length : newline + 1;
      if (!bare) {
        result.set(prefix, to);
        to += prefix.length;
      }
      bare = false;
      result.set(bytes.subarray(from, end), to);
      to += end - from;
      from = end;
    }
    return result;
  }
}

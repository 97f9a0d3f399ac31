/** Which of a rank's two streams bytes come from. */
export type StreamName = 'stdout' | 'stderr';

/** Turns what ranks write into what we write. Calls for one rank and stream come in the order it wrote. */
export interface Output {
  write(rank: number, stream: StreamName, chunk: Uint8Array): void;
  /** The stream has ended: its last line may have no newline. */
  end(rank: number, stream: StreamName): void;
  /** par's own words: `text` (whole lines without the last newline) for people, if any, and `record` for programs. */
  report(text: string | undefined, record: object): void;
  /** All ranks have ended; settles when nothing is left to be written. */
  finish(): Promise<void>;
}

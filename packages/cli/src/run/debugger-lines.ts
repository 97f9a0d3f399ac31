const LISTENING = /^Debugger listening on (ws:\/\/\S+)$/m;
const NOISE =
  /^(Debugger listening on .*|For help, see: .*|Debugger attached\.|Debugger ending on .*|Waiting for the debugger to disconnect\.\.\.)\n/gm;

/** Watches a rank's stderr for the address of its debugger. */
export class DebuggerLines {
  /** Set while the debugger was opened by us: what Node says about it is then not shown. */
  quiet = false;
  readonly url: Promise<string>;
  #found: (url: string) => void = () => {};

  constructor() {
    this.url = new Promise((resolve) => {
      this.#found = resolve;
    });
  }

  /** What is to be shown of a chunk. Node writes each of these lines in one piece. */
  filter(chunk: Uint8Array): Uint8Array {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString('latin1');
    const url = LISTENING.exec(text)?.[1];
    if (url !== undefined) this.#found(url);
    return this.quiet ? Buffer.from(text.replace(NOISE, ''), 'latin1') : chunk;
  }
}

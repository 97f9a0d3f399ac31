/** The launcher's end of the channel each rank keeps open to it, over which ranks also find each other. */
export interface Control {
  /** What ranks are told in PAR_RENDEZVOUS. */
  readonly address: string;
  /**
   * What each rank that answers within `timeoutMs` waits for: "recv source=1 tag=7 on world, waiting 12 s". Ranks that are
   * not connected or cannot answer are left out.
   */
  pending(timeoutMs: number): Promise<ReadonlyMap<number, readonly string[]>>;
  close(): Promise<void>;
}

export interface ControlOptions {
  /** Socket to listen on. */
  readonly path: string;
  readonly size: number;
  readonly jobId: string;
  readonly secret: string;
  /** A rank has asked for the end of the job. */
  onAbort(rank: number, status: number, reason: string): void;
}

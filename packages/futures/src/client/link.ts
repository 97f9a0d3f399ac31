import type { ClientRecord, PeerAnswer, PeerRequest, Rank, RunNumber, TaskId, ToClient } from '../protocol/index.ts';

/** A peer request without the number that the link gives it. */
export type Asked<R = PeerRequest> = R extends { readonly request: number } ? Omit<R, 'request'> : never;
export type Put = Extract<PeerRequest, { readonly kind: 'put' }>;

/** What a client hears from below. */
export interface LinkListener {
  receivedRecord(record: ToClient): void;
  /** A task in whose code this client may have made futures. */
  taskEnded(task: object): void;
  /** The scheduler is gone. Called once. */
  lost(error: Error): void;
}

/** A client's way to the scheduler and to ranks with data. Nothing here waits for other ranks but `ask`. */
export interface ClientLink {
  /** Rank of the layer's communicator that this client speaks from. */
  readonly rank: Rank;
  /** Ranks of that communicator. */
  readonly size: number;
  /** Those of its ranks that never have a worker. */
  readonly workerless?: readonly Rank[];
  /** The worker this client lives on. */
  readonly worker?: Rank | undefined;
  /** The task this client lives in. */
  readonly task?: { readonly task: TaskId; readonly run: RunNumber } | undefined;
  /** A local client number never used on this rank before; what comes for it goes to the listener. */
  open(listener: LinkListener): number;
  close(client: number): void;
  /** Queues a record; those of one tick leave together, in order. */
  send(record: ClientRecord): void;
  /** Rejects with PAR_PEER_LOST when that rank is gone. */
  ask(dest: Rank, request: Asked, signal?: AbortSignal): Promise<PeerAnswer>;
  put(dest: Rank, record: Put): void;
  /** While held, the process stays alive and messages are received at once; otherwise within milliseconds. Calls nest. */
  hold(): void;
  release(): void;
}

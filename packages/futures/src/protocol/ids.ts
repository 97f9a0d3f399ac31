/**
 * A client's own number of a future. Numbers from 0 are given by the client, in order, never reused. Negative ones are given
 * by the scheduler, for futures that reach the client inside an answer ({@link Reference}).
 */
export type FutureNumber = number;

/** The scheduler's number of a task, from 0, never reused. Data in workers is stored under it. */
export type TaskId = number;

/** Which assignment of a task this is, from 1. What a worker says about any run but the last one is ignored. */
export type RunNumber = number;

/** A client endpoint in the whole communicator: see {@link clientId}. */
export type ClientId = number;

/** Rank of the communicator that the layer runs over. */
export type Rank = number;

/** Every client ever made on a rank has a number of its own, those inside tasks too. */
export const LOCAL_CLIENTS = 2 ** 21;

/** The endpoint `local` (0 … 2²¹ − 1) of `rank`. Local numbers of closed clients may not be used again. */
export function clientId(rank: Rank, local: number): ClientId {
  return rank * LOCAL_CLIENTS + local;
}

export function rankOfClient(client: ClientId): Rank {
  return Math.floor(client / LOCAL_CLIENTS);
}

/**
 * A future as it travels inside values that the scheduler never decodes (task results, values in queues, variables and
 * datasets). Whoever sends such a value lists the futures in it as `holds`; this keeps them alive as long as the value is.
 * Whoever decodes it turns each into a future by an `import` record.
 */
export interface FutureReference {
  readonly client: ClientId;
  readonly number: FutureNumber;
}

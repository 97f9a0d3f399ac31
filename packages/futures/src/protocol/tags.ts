/** Tags of the five streams, on a communicator of the layer's own. Every message is an array of records. */
export const TAGS = {
  /** ToScheduler[]: from clients and workers. */
  toScheduler: 1,
  /** ToWorker[]: from the scheduler. */
  toWorker: 2,
  /** ToClient[]: from the scheduler, for all clients of a rank. */
  toClient: 3,
  /** PeerRequest[]: from ranks that need data to ranks that have it. */
  toPeer: 4,
  /** PeerAnswer[]: back. */
  answers: 5,
} as const;

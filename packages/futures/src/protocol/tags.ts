/** Tags of the four streams, on a communicator of the layer's own. Every message is an array of records. */
export const TAGS = {
  /** ToScheduler[]: from clients and workers. */
  toScheduler: 1,
  /** ToWorker[]: from the scheduler. */
  toWorker: 2,
  /** ToClient[]: from the scheduler, for all clients of a rank. */
  toClient: 3,
  /** PeerRecord[]: between ranks with data. */
  toPeer: 4,
} as const;

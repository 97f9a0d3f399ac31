export type * from './client.ts';
export type * from './coordination.ts';
export type { ClientId, FutureNumber, FutureReference, Rank, RunNumber, TaskId } from './ids.ts';
export { clientId, LOCAL_CLIENTS, rankOfClient } from './ids.ts';
export type * from './peer.ts';
export type * from './submission.ts';
export { TAGS } from './tags.ts';
export type { CancelReason, EncodedValue, ErrorLineage, Failure, PackedValues } from './values.ts';
export { INLINE_BYTES } from './values.ts';
export { packRecords, unpackRecords } from './wire/batch.ts';
export type {
  Blocked,
  Call as WorkerCall,
  Called,
  CallOutcome,
  CancelRuns,
  DefineFunction,
  Errored,
  Evicted,
  ExpectWorkers,
  Fetched,
  Finished,
  FinishedStored,
  Free,
  JoinWorker,
  Location,
  MissingDependency,
  Replicate,
  Rescheduled,
  Retract,
  Retracted,
  RunTasks,
  ToScheduler,
  ToWorker,
  WorkerRecord,
  WorkerStatus,
} from './worker.ts';

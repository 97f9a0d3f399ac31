import type { Asked, Put } from '../../client/link.ts';
import type {
  CallOutcome,
  ClientRecord,
  EncodedValue,
  Failure,
  FunctionDescription,
  FutureReference,
  PeerAnswer,
  Rank,
  RunNumber,
  ToClient,
} from '../../protocol/index.ts';
import type { ClaimMemory } from './claims.ts';
import type { RingMemory } from './result-ring.ts';

/** What a thread knows from its start. */
export interface ThreadData {
  readonly rank: Rank;
  /** Ranks of the layer's communicator. */
  readonly size: number;
  readonly host: string;
  /** One number: the next local number of a client of this rank. */
  readonly locals: Int32Array<SharedArrayBuffer>;
  readonly claims: ClaimMemory;
  readonly ring: RingMemory;
}

/** What the tasks of one order have in common. */
export interface BatchOrder {
  readonly fn: number;
  readonly name: string;
  /** Value id of the arguments all tasks share. */
  readonly common: number | undefined;
  /** The function is a class: the thread keeps the instance. */
  readonly actor: boolean;
}

/** Numbers per task of a batch: slot, ticket, order, task, run, chunk, position. */
export const TASK_WORDS = 7;

/** Tasks for a thread, all that it does not have yet of what they need. */
export interface TaskBatch {
  readonly kind: 'tasks';
  readonly functions: readonly (readonly [fn: number, description: FunctionDescription])[];
  readonly orders: readonly BatchOrder[];
  /** Chunks of arguments and values of dependencies, by ids of the rank's own. Large segments are shared memory: read only. */
  readonly values: readonly (readonly [id: number, value: EncodedValue])[];
  /** Ids whose values are no longer needed. A batch that needs one again brings it. */
  readonly drop: readonly number[];
  readonly tasks: readonly number[];
  /** Keys of those tasks that have one. */
  readonly keys: readonly (readonly [slot: number, key: string])[];
  /** Value ids of the dependencies of those tasks that have some. */
  readonly dependencies: readonly (readonly [slot: number, values: readonly number[]])[];
}

export type ThreadOrder =
  | TaskBatch
  /** Fires the signal of the task in the slot, if that run is still there. */
  | { readonly kind: 'abort'; readonly slot: number; readonly run: RunNumber }
  | ActorOrder
  | { readonly kind: 'forget-functions'; readonly fns: readonly number[] }
  | { readonly kind: 'client-records'; readonly records: readonly ToClient[] }
  | { readonly kind: 'answer'; readonly question: number; readonly outcome: ThreadAnswer };

/** A call of the thread's actor. */
export interface ActorOrder {
  readonly kind: 'actor-call';
  readonly call: number;
  readonly method: string;
  readonly access: 'call' | 'get' | 'set';
  readonly args: EncodedValue;
}

/** What became of a question to another rank. */
export type ThreadAnswer =
  | { readonly ok: true; readonly answer: PeerAnswer }
  | { readonly ok: false; readonly error: EncodedValue };

/** From a thread. The bell is 0: there are results in the ring. */
export type ThreadReport =
  | 0
  | { readonly kind: 'ready' }
  | StoredResult
  | {
      readonly kind: 'failed';
      readonly slot: number;
      readonly duration: number;
      readonly failure: Failure;
    }
  | { readonly kind: 'reschedule'; readonly slot: number }
  | { readonly kind: 'blocked' | 'unblocked'; readonly slot: number }
  /** `process.exit` was called, in a task if there is a slot. The thread is about to end. */
  | { readonly kind: 'exiting'; readonly slot: number | undefined; readonly status: number }
  | { readonly kind: 'actor-result'; readonly call: number; readonly outcome: CallOutcome }
  | { readonly kind: 'client-records'; readonly records: readonly ClientRecord[] }
  | { readonly kind: 'ask'; readonly question: number; readonly dest: Rank; readonly request: Asked }
  | { readonly kind: 'withdraw'; readonly question: number }
  | { readonly kind: 'put'; readonly dest: Rank; readonly record: Put }
  | { readonly kind: 'open-client' | 'close-client'; readonly client: number };

/** A result that does not fit the ring: too large, or with futures inside. */
export interface StoredResult {
  readonly kind: 'result';
  readonly slot: number;
  readonly duration: number;
  readonly segments: EncodedValue;
  readonly type: string;
  readonly holds: readonly FutureReference[];
}

import type { TaskId } from './ids.ts';
import type { EncodedValue, Failure } from './values.ts';

/**
 * Between ranks that hold data and ranks that need it (workers and clients), in batches: `PeerRequest[]` with tag TAGS.toPeer,
 * `PeerAnswer[]` with tag TAGS.answers.
 * Request numbers are the asking rank's own; `client` local numbers are not needed: a rank has one peer endpoint.
 */
export type PeerRecord = PeerRequest | PeerAnswer;

export type PeerRequest =
  /** Wants the values of these tasks. Answered by one `data`. */
  | { readonly kind: 'fetch'; readonly request: number; readonly tasks: readonly TaskId[] }
  /** The asker no longer waits; an answer may still come. */
  | { readonly kind: 'fetch-withdrawn'; readonly request: number }
  /** A client's scattered values, after `place`. The worker stores them and tells the scheduler `fetched`. No answer. */
  | { readonly kind: 'put'; readonly tasks: readonly TaskId[]; readonly values: readonly EncodedValue[] }
  /** Calls a method, or reads (`get`) or writes a property, of the actor that is the result of `task`. Answered by `actor-result`. */
  | {
      readonly kind: 'actor-call';
      readonly request: number;
      readonly task: TaskId;
      readonly method: string;
      readonly access: 'call' | 'get' | 'set';
      /** Encoded array of arguments. Futures inside are FutureReferences. */
      readonly args: EncodedValue;
    };

export type PeerAnswer =
  /** `values[i]` of the `i`-th task asked for; undefined when this rank does not have it. */
  | { readonly kind: 'data'; readonly request: number; readonly values: readonly (EncodedValue | undefined)[] }
  | {
      readonly kind: 'actor-result';
      readonly request: number;
      readonly outcome:
        | { readonly ok: true; readonly value: EncodedValue }
        /** `no-actor`: this rank has no such actor (any more). */
        | { readonly ok: false; readonly failure: Failure | 'no-actor' };
    };

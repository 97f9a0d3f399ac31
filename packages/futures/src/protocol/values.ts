import type { ShippedNode } from '../closures/description.ts';

/** A value as the codec's segments. The scheduler passes them on and never looks inside. */
export type EncodedValue = readonly Uint8Array[];

/**
 * Results and scattered values of one segment with at most this many bytes travel inline and stay with the scheduler: clients
 * get them with the completion, dependents with their run order, no worker stores them, and no death loses them.
 */
export const INLINE_BYTES = 512;

/** Several small values in one piece of memory: value `i` is `bytes.subarray(ends[i - 1] ?? 0, ends[i])`, one segment. */
export interface PackedValues {
  readonly bytes: Uint8Array;
  readonly ends: readonly number[];
}

/** An error's class and those it extends, up to the language's own. */
export type ErrorLineage = readonly {
  readonly name: string;
  /** Hash of the source text: tells classes of one name apart. */
  readonly source: string;
  /** The export that the class is, if it is one. */
  readonly from?: ShippedNode;
}[];

/** What went wrong, with everything a client needs to raise it. */
export type Failure =
  | {
      /** The task threw (or its arguments or function could not be rebuilt, or its result not be encoded). */
      readonly kind: 'thrown';
      /** What was thrown, encoded; of an error the stack is the remote one. Absent: none of it can travel. */
      readonly error?: EncodedValue;
      /** Classes of the errors in it, as `errorsIn` meets them; null for those of the language. Absent: all are. */
      readonly classes?: readonly (ErrorLineage | null)[];
      /** `name: message`, at most 10,000 characters; all there is when `error` cannot be decoded. */
      readonly text: string;
    }
  | {
      /** More than `allowedFailures` workers died while they had the task. */
      readonly kind: 'killed-worker';
      readonly deaths: number;
      /** How the last worker was lost. */
      readonly text: string;
    }
  | {
      /** The worker with the actor is gone, or an actor's result was asked for as data. */
      readonly kind: 'actor-lost';
      readonly text: string;
    }
  | {
      /** No worker can ever run it, or for longer than the scheduler's `noWorkersTimeout` none may. NOT_FOUND: nor is there one of the names it asks for. */
      readonly kind: 'unrunnable';
      readonly code: 'PAR_UNRUNNABLE' | 'PAR_NOT_FOUND';
      readonly text: string;
    };

/** Why a future was cancelled. */
export type CancelReason =
  /** By a client's `cancel`. */
  | 'requested'
  /** A dependency was cancelled. */
  | 'dependency'
  /** Data that cannot be computed again was lost with its workers. */
  | 'data-lost'
  /** It was released, or never submitted, by the time something needed it. */
  | 'released'
  | 'restart'
  | 'client-closed';

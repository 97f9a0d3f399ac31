import type { CancelReason, EncodedValue, Failure, Rank, TaskId } from '../protocol/index.ts';

export type Status = 'pending' | 'finished' | 'error' | 'cancelled';

/** All that a client knows of a future. */
export type Outcome =
  | { readonly status: 'pending' }
  | { readonly status: 'finished'; readonly at: 'here'; readonly value: Uint8Array }
  /** Was with workers; they are not needed for it any more. */
  | { readonly status: 'finished'; readonly at: 'home'; readonly value: EncodedValue }
  | {
      readonly status: 'finished';
      readonly at: 'workers';
      readonly task: TaskId;
      readonly holders: readonly Rank[];
      readonly nbytes: number;
      readonly type: string;
      readonly actor: boolean;
    }
  | {
      readonly status: 'error';
      readonly failure: Failure;
      readonly blame: string;
      readonly worker: Rank | undefined;
    }
  | { readonly status: 'cancelled'; readonly reason: CancelReason; readonly message?: string | undefined }
  /** The client was closed or lost its scheduler. */
  | { readonly status: 'cancelled'; readonly reason: 'closed'; readonly error: Error };

export const PENDING: Outcome = { status: 'pending' };

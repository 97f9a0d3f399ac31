import { AbortedError, ParError, PeerLostError } from '../errors.ts';
import { REFUSED_FINISHED, REFUSED_FREED, REFUSED_LOST } from './header.ts';

/** Why operations are turned down. */
export type Refusal =
  | { readonly kind: 'freed' }
  | { readonly kind: 'closed' }
  | {
      readonly kind: 'aborted';
      readonly status: number;
      readonly reason: string;
      readonly by: number;
      readonly lost: number | undefined;
    }
  /** A member of a collective plane is gone. */
  | { readonly kind: 'lost'; readonly rank: number; readonly cause: Error | undefined }
  /** The peer said goodbye. */
  | { readonly kind: 'finished'; readonly rank: number };

/** Tags of the context agreements in a collective plane: they need only the ranks they name, so a loss does not stop them. */
export const TAG_DERIVE = -16;
export const TAG_LOCAL = -17;
export const TAG_REMOTE = -18;
/** `connect` on a bridge: this minus the caller's tag. */
export const TAG_BRIDGE = -(2 ** 28);

/** Whether the refusal concerns operations with this tag. */
export function concerns(refusal: Refusal, tag: number): boolean {
  return refusal.kind !== 'lost' || tag >= -1;
}

export function errorOf(refusal: Refusal, what: string): ParError {
  switch (refusal.kind) {
    case 'freed':
      return new ParError('PAR_FREED', `${what}: the communicator has been freed; settle its operations before free()`);
    case 'closed':
      return new ParError('PAR_FREED', `${what}: this rank has finished its communication (transport closed)`);
    case 'aborted':
      return new AbortedError(
        refusal.status,
        `${what}: the job was aborted by ${refusal.by < 0 ? 'the launcher' : `rank ${refusal.by}`} with status ${refusal.status}: ${refusal.reason}`,
        refusal,
      );
    case 'lost': {
      const why = refusal.cause ? `: ${refusal.cause.message}` : '';
      return new PeerLostError(
        refusal.rank,
        `${what}: rank ${refusal.rank} of the world is lost${why}; go on in a communicator of the survivors`,
        refusal.cause ? { cause: refusal.cause } : undefined,
      );
    }
    case 'finished':
      return new PeerLostError(
        refusal.rank,
        `${what}: rank ${refusal.rank} of the world has finished and takes part in nothing more`,
      );
  }
}

/** Reason a REFUSE frame carries. */
export function reasonOf(refusal: Refusal): number {
  if (refusal.kind === 'freed') return REFUSED_FREED;
  return refusal.kind === 'lost' ? REFUSED_LOST : REFUSED_FINISHED;
}

/** What the sender of a refused message learns; `rank`: who refused, `lost`: whom it lost. Undefined: no such reason. */
export function refusalOf(reason: number, rank: number, lost: number): Refusal | undefined {
  if (reason === REFUSED_FREED) return { kind: 'freed' };
  if (reason === REFUSED_LOST) return { kind: 'lost', rank: lost, cause: undefined };
  return reason === REFUSED_FINISHED ? { kind: 'finished', rank } : undefined;
}

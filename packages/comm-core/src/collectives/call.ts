import { checkOptions, checkSignal } from '../comm/arguments.ts';
import type { Waitable } from '../comm/communicator.ts';
import type { CollectiveHost } from '../comm/host.ts';
import { cancelled, ParError } from '../errors.ts';
import type { MatchingSpace } from '../transport/index.ts';

/** One collective call on one rank: where its messages go, and the tag that keeps them apart from every other call's. */
export interface Call {
  /** Name of the operation, for messages. */
  readonly operation: string;
  /** Name of the communicator, for messages. */
  readonly where: string;
  readonly space: MatchingSpace;
  readonly rank: number;
  readonly size: number;
  /** Size of the other group; undefined except between two groups, where `space` leads to the other group's ranks. */
  readonly remoteSize: number | undefined;
  readonly tag: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Starts a call on a communicator's own group. Runs before the first await of every collective: the tag is taken even by a
 * call that is then refused, so that the ranks stay in step.
 */
export function begin(host: CollectiveHost, operation: string, options: Waitable | undefined): Call {
  const { context } = host;
  const tag = host.nextTag();
  const signal = options?.signal;
  const call = {
    operation,
    where: host.name,
    space: context.collective,
    rank: context.rank,
    size: context.size,
    remoteSize: context.remoteRanks?.length,
    tag,
    signal,
  };
  // What errors say is only put together for them: it would cost as much as a small collective's call.
  if (options !== undefined) {
    if (typeof options !== 'object' || options === null) checkOptions(options, describe(call), '{ root: 0 }');
    if (signal !== undefined) checkSignal(signal, describe(call));
    if (signal?.aborted) throw cancelled(signal, describe(call));
  }
  return call;
}

/** The same call between the ranks of the own group, for what a group does by itself in a collective between two groups. */
export function localCall(host: CollectiveHost, call: Call): Call {
  if (host.local === undefined) {
    throw new ParError('PAR_TRANSPORT', `${describe(call)}: the intercommunicator has no context for its own group`);
  }
  return { ...call, space: host.local.collective, remoteSize: undefined };
}

/** "allreduce on world, rank 3", for error messages. */
export function describe(call: Call): string {
  return `${call.operation} on ${call.where}, rank ${call.rank}`;
}

/** Operations a rank keeps in flight when it talks to all others, as MPICH's throttled alltoall (MPIR_CVAR_ALLTOALL_THROTTLE). */
export const WINDOW = 32;

/** Posts `count` operations in order, at most WINDOW unfinished at a time, and waits for all. */
export async function windowed(count: number, post: (index: number) => Promise<unknown>): Promise<void> {
  const posted: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++) {
    if (index >= WINDOW) await posted[index - WINDOW];
    posted.push(observed(post(index)));
  }
  await Promise.all(posted);
}

/**
 * Marks an operation that is awaited later as observed: when one of several fails, the call rejects with that failure and
 * the others must not count as unhandled.
 */
export function observed<P extends Promise<unknown>>(operation: P): P {
  operation.catch(() => {});
  return operation;
}

import { ArgumentTypeError } from '@par/comm-core';
import type { ClientCore } from './core.ts';
import { cancellationOf } from './failure.ts';
import { Future, stateIn } from './future.ts';
import { settled } from './result.ts';

export interface WaitOptions {
  /** `all` (default): until every future is done; `first`: until one is; `error`: until one fails, or all are done. */
  readonly until?: 'all' | 'first' | 'error' | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Waited<F> {
  /** Finished or failed. */
  readonly done: Set<F>;
  readonly pending: Set<F>;
}

/** Waits for tasks without fetching their results. Failed tasks count as done; cancelled ones reject the wait. */
export async function wait<F extends Future<unknown>>(
  core: ClientCore,
  futures: Iterable<F>,
  { until = 'all', signal }: WaitOptions,
): Promise<Waited<F>> {
  const all = listOf(futures, 'wait');
  const states = all.map((future) => stateIn(core, future, 'wait'));
  await settled(core, new Set(states), {
    count: until === 'first' ? 1 : undefined,
    signal,
    stop: ({ outcome }) => outcome.status === 'cancelled' || (until === 'error' && outcome.status === 'error'),
    what: `wait for ${all.length} futures`,
  });
  for (const { outcome, label } of states) if (outcome.status === 'cancelled') throw cancellationOf(label, outcome);
  return {
    done: new Set(all.filter((_, i) => !states[i]!.pending)),
    pending: new Set(all.filter((_, i) => states[i]!.pending)),
  };
}

/** The futures of an iterable. Throws PAR_ARGUMENT for anything else. */
export function listOf<F extends Future<unknown>>(futures: Iterable<F>, operation: string): F[] {
  if (futures instanceof Future || typeof (futures as Partial<Iterable<F>> | null)?.[Symbol.iterator] !== 'function') {
    throw new ArgumentTypeError(
      'PAR_ARGUMENT',
      `${operation}: expected a list of futures, such as ${operation}([a, b], { signal: AbortSignal.timeout(1000) })`,
    );
  }
  const list = [...futures];
  for (const future of list) {
    if (!(future instanceof Future)) {
      throw new ArgumentTypeError(
        'PAR_ARGUMENT',
        `${operation}: the list holds ${typeof future}, but must hold futures only`,
      );
    }
  }
  return list;
}

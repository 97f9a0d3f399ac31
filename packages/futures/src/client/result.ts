import { cancelled } from '@par/comm-core';
import type { EncodedValue } from '../protocol/index.ts';
import { actorProxy } from './actor.ts';
import type { ClientCore } from './core.ts';
import { cancellationOf, errorOf } from './failure.ts';
import type { FutureState, Watcher } from './future-state.ts';
import { checkFits } from './too-large.ts';

/**
 * Resolves once `count` of the states (default all) have left `pending`, or `stop` says so of one that has. The tasks are kept
 * meanwhile: the caller's futures may be garbage by then.
 */
export function settled(
  core: ClientCore,
  states: Iterable<FutureState>,
  options: {
    readonly count?: number | undefined;
    readonly signal?: AbortSignal | undefined;
    readonly stop?: (state: FutureState) => boolean;
    readonly what: string;
  },
): Promise<void> {
  const { signal, stop, what } = options;
  const open = new Set<FutureState>();
  let done = 0;
  let total = 0;
  for (const state of states) {
    total += 1;
    if (state.pending) open.add(state);
    else {
      done += 1;
      if (stop?.(state)) return Promise.resolve();
    }
  }
  const missing = Math.min(options.count ?? total, total) - done;
  if (missing <= 0 || open.size === 0) return Promise.resolve();
  let left = Math.min(missing, open.size);
  return new Promise((resolve, reject) => {
    const end = (): void => {
      core.awaited();
      signal?.removeEventListener('abort', onAbort);
      for (const state of open) {
        state.forget(watcher);
        core.release(state);
      }
    };
    const watcher: Watcher = (state) => {
      open.delete(state);
      core.release(state);
      left -= 1;
      if (left > 0 && !stop?.(state)) return;
      end();
      resolve();
    };
    const onAbort = (): void => {
      end();
      reject(cancelled(signal!, what));
    };
    core.await();
    for (const state of open) {
      core.retain(state);
      state.watch(watcher);
    }
    if (signal?.aborted) onAbort();
    else signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** Waits for one task and gives its value, fetched from wherever it is. */
export async function resultOf(core: ClientCore, state: FutureState, signal?: AbortSignal): Promise<unknown> {
  core.retain(state);
  try {
    for (;;) {
      if (state.pending) await settled(core, [state], { signal, what: `result of ${state.label}` });
      const { outcome } = state;
      switch (outcome.status) {
        case 'pending':
          break;
        case 'error':
          throw await errorOf(core, outcome);
        case 'cancelled':
          throw cancellationOf(state.label, outcome);
        case 'finished': {
          if (outcome.at === 'here') return core.decode([outcome.value]);
          if (outcome.at === 'home') return core.decode(outcome.value);
          if (outcome.actor) return actorProxy(core, state);
          const value: EncodedValue | undefined = await core.fetch(state, outcome, signal);
          if (value !== undefined) {
            checkFits(state.label, value);
            return core.take(value);
          }
        }
      }
    }
  } finally {
    core.release(state);
  }
}

/** The error of a task, undefined if it finished. Waits for it, fetches nothing. */
export async function exceptionOf(
  core: ClientCore,
  state: FutureState,
  signal?: AbortSignal,
): Promise<Error | undefined> {
  await settled(core, [state], { signal, what: `exception of ${state.label}` });
  const { outcome } = state;
  if (outcome.status === 'error') return errorOf(core, outcome);
  if (outcome.status === 'cancelled') return cancellationOf(state.label, outcome);
  return undefined;
}

/** Fetches the result of a task that has ended, if it has one, to keep it here whatever becomes of the workers. */
export async function bringHome(core: ClientCore, state: FutureState): Promise<void> {
  core.retain(state);
  try {
    for (;;) {
      if (state.pending) await settled(core, [state], { what: `result of ${state.label}` });
      const { outcome } = state;
      if (outcome.status !== 'finished' || outcome.at !== 'workers' || outcome.actor) return;
      const value = await core.fetch(state, outcome);
      if (value !== undefined && state.outcome === outcome) state.outcome = { status: 'finished', at: 'home', value };
    }
  } finally {
    core.release(state);
  }
}

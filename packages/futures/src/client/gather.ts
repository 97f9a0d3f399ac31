import * as types from 'node:util/types';
import type { ClientCore } from './core.ts';
import { Future, stateIn } from './future.ts';
import type { FutureState } from './future-state.ts';
import { resultOf, settled } from './result.ts';

export interface GatherOptions {
  /** What a failed or cancelled task does: `raise` (default) rejects with its error at once, `skip` leaves it out of its array. */
  readonly errors?: 'raise' | 'skip' | undefined;
  readonly signal?: AbortSignal | undefined;
}

const SKIPPED: unique symbol = Symbol('skipped');

/** Results of all futures in `value`, in its shape. */
export async function gather(
  core: ClientCore,
  value: unknown,
  { errors = 'raise', signal }: GatherOptions,
): Promise<unknown> {
  const states = new Set<FutureState>();
  collect(core, value, states, new Set());
  for (const state of states) core.retain(state);
  try {
    const failed = (state: FutureState): boolean => errors === 'raise' && state.outcome.status !== 'finished';
    await settled(core, states, { signal, stop: failed, what: `gather of ${states.size} futures` });
    const results = new Map<FutureState, unknown>();
    const raised = [...states].find((state) => !state.pending && failed(state));
    if (raised !== undefined) await resultOf(core, raised, signal);
    await Promise.all(
      Array.from(states, async (state) => {
        try {
          results.set(state, await resultOf(core, state, signal));
        } catch (error) {
          if (errors === 'raise' || signal?.aborted) throw error;
          results.set(state, SKIPPED);
        }
      }),
    );
    return rebuilt(core, value, results, new Map());
  } finally {
    for (const state of states) core.release(state);
  }
}

function collect(core: ClientCore, value: unknown, states: Set<FutureState>, seen: Set<object>): void {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (value instanceof Future) {
    states.add(stateIn(core, value, 'gather'));
    return;
  }
  if (seen.has(value)) return;
  seen.add(value);
  for (const part of partsOf(value)) collect(core, part, states, seen);
}

function partsOf(value: object): Iterable<unknown> {
  if (Array.isArray(value) || types.isSet(value)) return value;
  if (types.isMap(value)) return value.values();
  return isPlain(value) ? Object.values(value) : [];
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function rebuilt(
  core: ClientCore,
  value: unknown,
  results: Map<FutureState, unknown>,
  made: Map<object, unknown>,
): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Future) return results.get(stateIn(core, value, 'gather'));
  if (made.has(value)) return made.get(value);
  const inside = (part: unknown): unknown => rebuilt(core, part, results, made);
  if (Array.isArray(value)) {
    const array: unknown[] = [];
    made.set(value, array);
    for (const part of value) {
      const result = inside(part);
      if (result !== SKIPPED) array.push(result);
    }
    return array;
  }
  if (types.isSet(value)) {
    const set = new Set<unknown>();
    made.set(value, set);
    for (const part of value) {
      const result = inside(part);
      if (result !== SKIPPED) set.add(result);
    }
    return set;
  }
  if (types.isMap(value)) {
    const map = new Map<unknown, unknown>();
    made.set(value, map);
    for (const [key, part] of value) {
      const result = inside(part);
      if (result !== SKIPPED) map.set(key, result);
    }
    return map;
  }
  if (!isPlain(value)) return value;
  const object = Object.create(Object.getPrototypeOf(value) as object | null) as Record<string, unknown>;
  made.set(value, object);
  for (const [key, part] of Object.entries(value)) {
    const result = inside(part);
    if (result !== SKIPPED)
      Object.defineProperty(object, key, { value: result, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

import type { ClientCore } from '../client/core.ts';
import { FuturesError } from '../client/errors.ts';
import type { Callable } from '../client/functions.ts';

/** Runs a function once in every thread of tasks, before the first task of the executor there. */
export class Initializer {
  readonly #slot: string;
  readonly #initializer: () => unknown;
  readonly #wrapped = new WeakMap<Callable, Callable>();

  constructor(core: ClientCore, initializer: () => unknown) {
    core.functions.capture(initializer, 'executor: initializer');
    this.#slot = `par.executor.${core.id}.${core.nextUnique()}`;
    this.#initializer = initializer;
  }

  /** `fn`, which runs after the initializer, or fails with PAR_EXECUTOR_BROKEN if that did. */
  before(fn: Callable): Callable {
    let wrapped = this.#wrapped.get(fn);
    if (wrapped === undefined) {
      wrapped = initialized(fn, this.#initializer, this.#slot);
      Object.defineProperty(wrapped, 'name', { value: fn.name });
      this.#wrapped.set(fn, wrapped);
    }
    return wrapped;
  }
}

function initialized(fn: Callable, initializer: () => unknown, slot: string): Callable {
  return async (...args: never[]): Promise<unknown> => {
    const shared = globalThis as unknown as Record<symbol, Promise<unknown> | undefined>;
    const key = Symbol.for(slot);
    shared[key] ??= Promise.resolve().then(initializer);
    try {
      await shared[key];
    } catch (cause) {
      const text = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
      throw new FuturesError('PAR_EXECUTOR_BROKEN', `the executor's initializer failed: ${text}`, { cause });
    }
    return fn(...args);
  };
}

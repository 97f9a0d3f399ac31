import type { CodecExtension } from '@par/comm-core';
import type { FutureReference } from '../protocol/index.ts';

/**
 * What makes an object a future for values: a method that names it for other ranks. A symbol of the registry, so that two
 * copies of this package in one process know each other's futures.
 */
export const REFERENCE: unique symbol = Symbol.for('par.future.reference') as never;

export interface Referable {
  [REFERENCE](): FutureReference;
}

export function isReferable(value: object): value is Referable {
  return typeof (value as Partial<Referable>)[REFERENCE] === 'function';
}

/** Makes the future that a reference names. */
export type FutureFactory = (reference: FutureReference) => object;

let factory: FutureFactory = (reference) => new UnboundReference(reference);

/** Tells how references become futures in this process or thread: called once by the client's module. */
export function setFutureFactory(make: FutureFactory): void {
  factory = make;
}

export function futureOf(reference: FutureReference): object {
  return factory(reference);
}

/** A future where no client was made yet: it can be passed on, not awaited. */
class UnboundReference implements Referable {
  readonly #reference: FutureReference;

  constructor(reference: FutureReference) {
    this.#reference = reference;
  }

  [REFERENCE](): FutureReference {
    return this.#reference;
  }
}

/** Name of the codec extension by which futures travel in all values but the arguments of tasks; data: a FutureReference. */
const FUTURE = 'future';

/** Futures inside values the scheduler never looks into. `met` is told of each when a value is encoded. */
export function referenceExtension(met?: (reference: FutureReference) => void): CodecExtension {
  return {
    name: FUTURE,
    matches: isReferable,
    encode: (value) => {
      const { client, number } = (value as Referable)[REFERENCE]();
      met?.({ client, number });
      return { client, number };
    },
    decode: (data) => futureOf(data as FutureReference),
  };
}

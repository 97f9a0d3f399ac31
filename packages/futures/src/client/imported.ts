import type { FutureReference } from '../protocol/index.ts';
import { setFutureFactory } from '../values/index.ts';

type Factory = (reference: FutureReference) => object;

let current: Factory | undefined;

setFutureFactory((reference) => {
  if (current !== undefined) return current(reference);
  // Values are decoded by clients; a task's arguments have their futures replaced by values.
  throw new TypeError(`future ${reference.client}.${reference.number} came in a value that no client decodes`);
});

/** Decodes with `factory` making the futures found inside. */
export function decodingFor<T>(factory: Factory, decode: () => T): T {
  const outer = current;
  current = factory;
  try {
    return decode();
  } finally {
    current = outer;
  }
}

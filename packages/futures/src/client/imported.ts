import type { FutureReference } from '../protocol/index.ts';
import { setFutureFactory } from '../values/index.ts';

type Factory = (reference: FutureReference) => object;

let current: Factory | undefined;
let fallback: Factory = ({ client, number }) => {
  throw new TypeError(`future ${client}.${number} came to a process that has no client; make one with new Client()`);
};

setFutureFactory((reference) => (current ?? fallback)(reference));

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

/** How futures found outside of any client's values are made: those that functions captured. */
export function setDefaultFactory(factory: Factory): void {
  fallback = factory;
}

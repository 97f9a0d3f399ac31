import { ArgumentTypeError } from '@par/comm-core';

/** Elements of the iterables side by side, as long as the shortest. Throws PAR_ARGUMENT at once for what is none. */
export function zip(sources: readonly unknown[], operation = 'map'): Generator<unknown[], void, undefined> {
  if (sources.length === 0)
    throw new ArgumentTypeError('PAR_ARGUMENT', `${operation}: give it a list for each parameter of the function`);
  sources.forEach((source, i) => {
    if (typeof (source as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === 'function') return;
    const what = source === null ? 'null' : typeof source;
    throw new ArgumentTypeError(
      'PAR_ARGUMENT',
      `${operation}: argument ${i + 2} is ${what}, but must be something to iterate over`,
    );
  });
  return rows(sources as readonly Iterable<unknown>[]);
}

function* rows(sources: readonly Iterable<unknown>[]): Generator<unknown[], void, undefined> {
  const open = new Set(sources.map((source) => source[Symbol.iterator]()));
  const iterators = [...open];
  try {
    for (;;) {
      const row: unknown[] = [];
      for (const iterator of iterators) {
        const { done, value } = iterator.next();
        if (done) {
          open.delete(iterator);
          return;
        }
        row.push(value);
      }
      yield row;
    }
  } finally {
    for (const iterator of open) iterator.return?.();
  }
}

import type { EncodedValue } from '../../protocol/index.ts';
import { decodeArguments, decodeValue, fillPlaces } from '../../values/index.ts';

/** Decoding takes memory over; what may be decoded again is given as a copy. Shared memory is copied by the codec itself. */
export function decodable(value: EncodedValue): EncodedValue {
  return value.map((segment, i) =>
    i === 0 || segment.buffer instanceof SharedArrayBuffer ? segment : segment.slice(),
  );
}

/** Encoded values a thread was given: chunks of arguments and dependencies. */
export class Values {
  readonly #encoded = new Map<number, EncodedValue>();
  /** Decoded chunks; a list is taken out when it is used. */
  readonly #chunks = new Map<number, unknown[]>();

  add(id: number, value: EncodedValue): void {
    this.#encoded.set(id, value);
  }

  drop(id: number): void {
    this.#encoded.delete(id);
    this.#chunks.delete(id);
  }

  /** The arguments of a task, its dependencies filled in. A task that runs again gets them as they were at first. */
  argumentsOf(
    chunk: number,
    position: number,
    common: number | undefined,
    dependencies: readonly number[] | undefined,
  ): unknown[] {
    const own = this.#take(chunk, position);
    const args = common === undefined ? own : [...own, ...this.#common(common)];
    if (dependencies === undefined) return args;
    const values = new Map<number, unknown>();
    return fillPlaces(args, (at) => {
      // Twice the same future is twice the same object.
      if (!values.has(at)) values.set(at, decodeValue(decodable(this.#get(dependencies[at]!))));
      return values.get(at);
    }) as unknown[];
  }

  #take(chunk: number, position: number): unknown[] {
    let lists = this.#chunks.get(chunk);
    if (lists === undefined || lists[position] === undefined) {
      lists = decodeArguments(decodable(this.#get(chunk))) as unknown[];
      this.#chunks.set(chunk, lists);
    }
    const list = lists[position];
    lists[position] = undefined;
    if (!Array.isArray(list)) throw new TypeError(`there is no list of arguments at position ${position} of its chunk`);
    return list;
  }

  #common(id: number): readonly unknown[] {
    const common = decodeArguments(decodable(this.#get(id)));
    return Array.isArray(common) ? common : [common];
  }

  #get(id: number): EncodedValue {
    const value = this.#encoded.get(id);
    if (value === undefined) throw new Error(`value ${id} was never given to this thread`);
    return value;
  }
}

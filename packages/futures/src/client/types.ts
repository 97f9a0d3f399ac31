import type { Future } from './future.ts';

/** A value, or futures in place of it or of any part of it. */
export type Submittable<T> =
  | T
  | Future<T>
  | (T extends readonly unknown[]
      ? { readonly [K in keyof T]: Submittable<T[K]> }
      : T extends Leaf
        ? never
        : T extends Map<infer K, infer V>
          ? Map<K, Submittable<V>>
          : T extends Set<infer V>
            ? Set<Submittable<V>>
            : T extends object
              ? { readonly [K in keyof T]: Submittable<T[K]> }
              : never);

/** Objects without parts that could be futures. */
type Leaf = ((...args: never[]) => unknown) | ArrayBufferView | ArrayBufferLike | Date | RegExp | Error;

/** The result of a task that returns `R`: promises are awaited, and what a generator yields is in an array. */
export type Result<R> = R extends Generator<infer Y> | AsyncGenerator<infer Y> ? Awaited<Y>[] : Awaited<R>;

export type SubmittableAll<A extends readonly unknown[]> = { [K in keyof A]: Submittable<A[K]> };

/** One iterable for each parameter. */
export type Iterables<A extends readonly unknown[]> = { [K in keyof A]: Iterable<Submittable<A[K]>> };

/** What `gather` makes of a value: its futures replaced by their results, at any depth. */
export type Gathered<T> =
  T extends Future<infer V>
    ? V
    : T extends readonly unknown[]
      ? { -readonly [K in keyof T]: Gathered<T[K]> }
      : T extends Leaf
        ? T
        : T extends Map<infer K, infer V>
          ? Map<K, Gathered<V>>
          : T extends Set<infer V>
            ? Set<Gathered<V>>
            : T extends object
              ? { -readonly [K in keyof T]: Gathered<T[K]> }
              : T;

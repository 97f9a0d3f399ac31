// Compiled by the package's type check: every line says what the compiler must make of a call.
import type { Communicator } from '@par/comm-core';
import { expectTypeOf } from 'vitest';
import type { Actor, Client, Future } from '../../src/index.ts';

declare const client: Client;
declare const numbers: number[];
declare const text: Future<string>;
declare const count: Future<number>;

const square = (i: number): number => i * i;
const scale = (values: Float64Array, by = 2): Float64Array => values.map((x) => x * by);
const lookup = async (table: { readonly names: readonly string[] }, index: number): Promise<string> =>
  table.names[index] ?? '';

expectTypeOf(client.map(square, numbers)).toEqualTypeOf<Future<number>[]>();
expectTypeOf(client.submit(square, 2)).toEqualTypeOf<Future<number>>();
expectTypeOf(client.gather(client.map(square, numbers))).resolves.toEqualTypeOf<number[]>();
expectTypeOf(client.submit(lookup, { names: ['a'] }, 0)).toEqualTypeOf<Future<string>>();
expectTypeOf<Awaited<Future<number>>>().toEqualTypeOf<number>();
expectTypeOf(client.gather({ a: count, b: [text], c: 1 })).resolves.toEqualTypeOf<{
  a: number;
  b: string[];
  c: number;
}>();
expectTypeOf(client.scatter(numbers)).toEqualTypeOf<Future<number>[]>();
expectTypeOf(client.with({ retries: 2 }).map(square, numbers)).toEqualTypeOf<Future<number>[]>();

// Futures, and objects that hold them, stand for values.
client.submit(square, count);
client.map(square, [1, count]);
client.submit(lookup, { names: [text, 'b'] }, count);
client.submit(lookup, { names: client.submit(() => ['a']) }, 0);
client.submit(scale, new Float64Array(2));
client.submit(scale, new Float64Array(2), count);
client.map(scale, [new Float64Array(2)], [1]);

// @ts-expect-error the argument is of another type
client.submit(square, 'two');
// @ts-expect-error so is the future
client.submit(square, text);
// @ts-expect-error one argument is missing
client.submit(square);
// @ts-expect-error one argument too many
client.submit(square, 1, 2);
// @ts-expect-error the elements are of another type
client.map(square, ['one']);
// @ts-expect-error not an iterable
client.map(square, 5);
// @ts-expect-error part of an object is of another type
client.submit(lookup, { names: [count] }, 0);
// @ts-expect-error the result is a number
const wrong: Future<string> = client.submit(square, 1);
void wrong;

class Counter {
  n = 0;
  increment(by: number): number {
    this.n += by;
    return this.n;
  }
}
expectTypeOf(client.actor(Counter)).toEqualTypeOf<Future<Actor<Counter>>>();
declare const counter: Actor<Counter>;
expectTypeOf(counter.increment(1)).resolves.toEqualTypeOf<number>();
// @ts-expect-error the argument is of another type
counter.increment('one');

declare const kernel: (n: number, name: string, comm: Communicator) => Promise<number>;
const together = client.with({ ranks: 2 });
expectTypeOf(together.submit(kernel, 1, 'one')).toEqualTypeOf<Future<number>>();
expectTypeOf(together.submit(kernel, count, text)).toEqualTypeOf<Future<number>>();
expectTypeOf(together.map(kernel, [1, 2], ['one', 'two'])).toEqualTypeOf<Future<number>[]>();
// @ts-expect-error an argument is missing
together.submit(kernel, 1);
// @ts-expect-error an argument is of another type
together.submit(kernel, 'one', 'one');

// Compiled by the package's type check: every line says what the compiler must make of a call.
import type { Communicator } from '@par/comm-core';
import { expectTypeOf } from 'vitest';
import type {
  Actor,
  Client,
  Executor,
  executor,
  Future,
  Queue,
  Result,
  Stream,
  Variable,
  Waited,
} from '../../src/index.ts';

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

function* upTo(n: number): Generator<number> {
  for (let i = 0; i < n; i++) yield i;
}
async function* labels(prefix: string, n: number): AsyncGenerator<string> {
  for (let i = 0; i < n; i++) yield prefix + i;
}

expectTypeOf<Result<number>>().toEqualTypeOf<number>();
expectTypeOf<Result<Promise<string>>>().toEqualTypeOf<string>();
expectTypeOf<Result<Generator<number>>>().toEqualTypeOf<number[]>();
expectTypeOf<Result<AsyncGenerator<Promise<string>>>>().toEqualTypeOf<string[]>();
expectTypeOf(client.submit(upTo, 3)).toEqualTypeOf<Future<number[]>>();
expectTypeOf(client.submit(labels, text, count)).toEqualTypeOf<Future<string[]>>();

// Streams give what is yielded, whichever way it is made.
expectTypeOf(client.stream(upTo, 3)).toEqualTypeOf<Stream<number>>();
expectTypeOf(client.stream(labels, 'x', 3)).toEqualTypeOf<Stream<string>>();
expectTypeOf(client.stream(async (n: number) => [n, n], 1)).toEqualTypeOf<Stream<number>>();
expectTypeOf(client.stream(upTo, 3).next()).resolves.toEqualTypeOf<IteratorResult<number, undefined>>();
// @ts-expect-error nothing to iterate over
client.stream(square, 3);
// @ts-expect-error the argument is of another type
client.stream(upTo, 'three');
// @ts-expect-error one argument is missing
client.stream(labels, 'x');

declare const world: Communicator;
declare const start: typeof executor;
expectTypeOf(start(world)).resolves.toEqualTypeOf<Executor | undefined>();
expectTypeOf(start(world, { root: 1, nthreads: 2, initializer: () => {} })).resolves.toEqualTypeOf<
  Executor | undefined
>();
// @ts-expect-error root is a rank
start(world, { root: 'first' });
// @ts-expect-error the ranks are those of the communicator
start(world, { comm: world });

declare const pool: Executor;
expectTypeOf(pool.submit(square, 2)).toEqualTypeOf<Future<number>>();
expectTypeOf(pool.submit(lookup, { names: [text] }, count)).toEqualTypeOf<Future<string>>();
expectTypeOf(pool.map(square, numbers)).toEqualTypeOf<AsyncGenerator<number, void, undefined>>();
expectTypeOf(pool.map(lookup, [{ names: ['a'] }], [0])).toEqualTypeOf<AsyncGenerator<string, void, undefined>>();
expectTypeOf(pool.starmap(lookup, [[{ names: ['a'] }, 0]])).toEqualTypeOf<AsyncGenerator<string, void, undefined>>();
expectTypeOf(pool.with({ chunkSize: 10, unordered: true }).map(upTo, numbers)).toEqualTypeOf<
  AsyncGenerator<number[], void, undefined>
>();
// @ts-expect-error the argument is of another type
pool.submit(square, 'two');
// @ts-expect-error one argument is missing
pool.submit(lookup, { names: [] });
// @ts-expect-error the elements are of another type
pool.map(square, ['one']);
// @ts-expect-error one iterable is missing
pool.map(lookup, [{ names: ['a'] }]);
// @ts-expect-error a list of arguments is too short
pool.starmap(lookup, [[{ names: ['a'] }]]);
// @ts-expect-error one of a list's arguments is of another type
pool.starmap(lookup, [[{ names: ['a'] }, 'one']]);
// @ts-expect-error calls of an executor have no keys
pool.with({ key: 'one' });

// Streams of arguments give streams of results.
declare const feed: AsyncIterable<number>;
expectTypeOf(client.map(square, feed)).toEqualTypeOf<AsyncGenerator<number, void, undefined>>();
// @ts-expect-error the elements are of another type
client.map(square, labels('x', 3));
expectTypeOf(client.map(square, new Set([1, 2]))).toEqualTypeOf<Future<number>[]>();
expectTypeOf(client.map(lookup, [{ names: [text] }], [count])).toEqualTypeOf<Future<string>[]>();
// @ts-expect-error one iterable is missing
client.map(lookup, [{ names: ['a'] }]);

expectTypeOf(client.run(square, 2)).resolves.toEqualTypeOf<Map<number, number>>();
expectTypeOf(client.runOn({ workers: 'alice' }, lookup, { names: [] }, 0)).resolves.toEqualTypeOf<
  Map<number, string>
>();
expectTypeOf(client.runOnScheduler(async () => 'there')).resolves.toEqualTypeOf<string>();
// @ts-expect-error the argument is of another type
client.run(square, 'two');
// @ts-expect-error one argument is missing
client.runOnScheduler(square);

expectTypeOf(client.wait([count])).resolves.toEqualTypeOf<Waited<Future<number>>>();
expectTypeOf(client.wait([count, text])).resolves.toEqualTypeOf<Waited<Future<number> | Future<string>>>();
for await (const one of client.asCompleted([count])) expectTypeOf(one).toEqualTypeOf<Future<number>>();
expectTypeOf(client.progress(count)).resolves.toEqualTypeOf<void>();
// @ts-expect-error one future alone is no list
client.wait(count);
// @ts-expect-error results are no futures
client.asCompleted([1, 2]);
// @ts-expect-error nor are they to be cancelled
client.cancel([1]);
for (const call of ['cancel', 'retry', 'release'] as const) client[call]([count, text]);

expectTypeOf(client.scatter({ rate: 1 })).toEqualTypeOf<Future<{ rate: number }>>();
expectTypeOf(client.scatter(new Map([['a', 1]]))).toEqualTypeOf<Future<Map<string, number>>>();
expectTypeOf(client.scatter('text', { workers: ['alice', 3], broadcast: 2 })).toEqualTypeOf<Future<string>>();
expectTypeOf(client.gather(new Map([['a', count]]))).resolves.toEqualTypeOf<Map<string, number>>();
expectTypeOf(client.gather([count, text] as const)).resolves.toEqualTypeOf<[number, string]>();
expectTypeOf(client.getDataset<number[]>('data')).resolves.toEqualTypeOf<number[]>();
expectTypeOf(client.fireAndForget(square, 1)).toEqualTypeOf<void>();
// @ts-expect-error the argument is of another type
client.fireAndForget(square, text);
// @ts-expect-error no such option
client.with({ retry: 2 });
// @ts-expect-error amounts are numbers
client.with({ resources: { gpu: 'one' } });

expectTypeOf(count.result({ signal: AbortSignal.timeout(1) })).toEqualTypeOf<Promise<number>>();
expectTypeOf(count.exception()).resolves.toEqualTypeOf<Error | undefined>();
expectTypeOf(count.then((value) => String(value))).resolves.toEqualTypeOf<string>();
{
  using held = client.submit(square, 2);
  expectTypeOf(held).toEqualTypeOf<Future<number>>();
}

// A proxy, or its future, stands for the actor.
const increments = async (actor: Actor<Counter>, by: number): Promise<number> => actor.increment(by);
client.submit(increments, counter, 1);
client.submit(increments, client.actor(Counter), count);
expectTypeOf(counter.get('n')).resolves.toEqualTypeOf<number>();
// @ts-expect-error the property is of another type
counter.set('n', 'one');
// @ts-expect-error a function is no class
client.actor(square, 1);
// @ts-expect-error a class is no function
client.submit(Counter);

declare const queue: Queue<number>;
expectTypeOf(queue.get()).resolves.toEqualTypeOf<number>();
// @ts-expect-error the element is of another type
queue.put('one');
declare const variable: Variable<Future<string>[]>;
expectTypeOf(variable.get()).resolves.toEqualTypeOf<Future<string>[]>();

import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { casesOf, fileNames, nothingLeft, range, refused } from '../case.ts';
import { Refusal, refuses, throwsTheOne } from '../programs/failing.ts';

const inc = (x: number): number => x + 1;
const div = (x: number, y: number): number => {
  if (y === 0) throw new RangeError(`${x} divided by zero`);
  return x / y;
};
const raise = (what: unknown): never => {
  throw what;
};
/** Fails as often as told; attempts are counted in a file, since the threads of workers share nothing. */
const countingAttempts = (file: string, failures: number): number => {
  appendFileSync(file, '.');
  const attempt = readFileSync(file).length;
  if (attempt <= failures) throw new Error(`attempt ${attempt}`);
  return attempt;
};
export const ERRORS = casesOf({
  '12 an error arrives as what was thrown, and the next task runs': async ({ client }) => {
    const future = client.submit(div, 1, 0);
    await assert.rejects(future.result(), RangeError);
    assert.equal((await future.exception())?.message, '1 divided by zero');
    assert.equal(future.status, 'error');
    const fine = client.submit(div, 6, 2);
    assert.equal(await fine.exception(), undefined);
    assert.equal(await fine, 3);
  },

  '13 what depends on a failed task fails as it did, and all go with the last of them': async ({ client }) => {
    const x = client.submit(div, 2, 0);
    const y = client.submit(inc, x);
    const z = client.submit(inc, y);
    await assert.rejects(z.result(), /2 divided by zero/);
    client.release([x, y]);
    await client.workers();
    await assert.rejects(z.result(), /2 divided by zero/);
    z.release();
    await nothingLeft(client);
  },

  '14 a stack is the remote one; deep stacks and long messages are cut': async ({ client }) => {
    const error = await client.submit(div, 1, 0).exception();
    assert.match(error!.stack!, /div .*errors\.ts/s);
    assert.match(error!.stack!, /run by rank [23]/);
    const deep = (n: number): number => {
      if (n === 0) throw new Error('deep');
      return deep(n - 1) + 1;
    };
    assert.ok((await client.submit(deep, 200).exception())!.stack!.length < 10_500);
    const long = await client
      .submit((n: number): number => {
        throw new Error('x'.repeat(n));
      }, 100_000)
      .exception();
    assert.ok(long!.message.length <= 10_000);
  },

  '15 an error that cannot travel arrives with its text; a cause is kept': async ({ client }) => {
    const unsendable = await client
      .submit((): number => {
        throw Object.assign(new Error('with a function', { cause: new TypeError('below') }), { fn: () => 1 });
      })
      .exception();
    assert.match(unsendable!.message, /with a function/);
    assert.match(String(unsendable!.cause), /TypeError: below/);
    const sent = await client
      .submit((): number => {
        throw new RangeError('above', { cause: new TypeError('below') });
      })
      .exception();
    assert.ok(sent instanceof RangeError);
    assert.match(String(sent.cause), /TypeError: below/);
  },

  '15 an error arrives as its own class, and so do its causes and those it collects': async ({ client }) => {
    class Failure extends Error {
      readonly detail: number;
      constructor(message: string, detail: number) {
        super(message);
        this.detail = detail;
      }
    }
    class Deeper extends Failure {}
    const error = await client
      .submit((): number => {
        throw new Deeper('above', 1);
      })
      .exception();
    assert.ok(error instanceof Deeper && error.detail === 1);
    const { cause } = (await client
      .submit((): number => {
        throw new Error('above', { cause: new Failure('below', 2) });
      })
      .exception())!;
    assert.ok(cause instanceof Failure && cause.detail === 2);
    const all = await client
      .submit(() => Promise.any([Promise.reject(new Deeper('one', 3)), Promise.reject('two')]))
      .exception();
    assert.ok(all instanceof AggregateError && all.errors[0] instanceof Deeper && all.errors[1] === 'two');
    // Classes that functions do not capture: exports of modules and of Node.
    const exported = await client.submit(refuses, 1).exception();
    assert.ok(exported instanceof Refusal && exported.twice() === 2);
    const inner = await client.submit(refuses, 2).exception();
    assert.ok(inner instanceof Refusal && inner.twice() === 4);
    const failed = await client.submit(() => assert.equal(1 as number, 2)).exception();
    assert.ok(failed instanceof assert.AssertionError);
  },

  '15 one error thrown by two tasks tells of each': async ({ client }) => {
    const [first, second] = client.with({ workers: 'alice' }).map(throwsTheOne, [1, 2]);
    for (const one of [first!, second!])
      assert.equal(((await one.exception()) as Error & { key: string }).key, one.key);
  },

  '15 whatever is thrown arrives as an error that names the task': async ({ client }) => {
    const thrown: readonly [what: string, RegExp, thrower: () => number][] = [
      ['a text', /'plain'/, () => raise('plain')],
      ['nothing', /undefined/, () => raise(undefined)],
      ['null', /null/, () => raise(null)],
      ['a frozen object', /a: 1/, () => raise(Object.freeze({ a: 1 }))],
      ['a function', /Function/, () => raise(() => 1)],
      ['a symbol', /Symbol\(s\)/, () => raise(Symbol('s'))],
      [
        'a getter that throws',
        /Getter/,
        () =>
          raise({
            get a() {
              return raise(1);
            },
          }),
      ],
      [
        'a revoked proxy',
        /Revoked/,
        () => {
          const { proxy, revoke } = Proxy.revocable({}, {});
          revoke();
          return raise(proxy);
        },
      ],
    ];
    for (const [what, shown, thrower] of thrown) {
      const future = client.submit(thrower);
      const error = (await future.exception()) as Error & { readonly code: string };
      assert.equal(error.code, 'PAR_TASK_ERROR', `${what}: ${error.stack}`);
      assert.ok(error.message.startsWith(future.key), error.message);
      assert.match(error.message, shown);
    }
    const { cause } = (await client.submit(() => raise({ status: 404 })).exception())!;
    assert.deepEqual(cause, { status: 404 });
  },

  '15 of an error what can travel travels': async ({ client }) => {
    for (const property of ['message', 'stack', 'name', 'cause', 'extra']) {
      const error = (await client
        .submit((key: string): number => {
          const unreadable = { enumerable: true, get: () => raise(new Error('unreadable')) };
          throw Object.defineProperty(new RangeError('of the range'), key, unreadable);
        }, property)
        .exception())!;
      assert.ok(error instanceof RangeError, `${property}: ${error.stack}`);
    }
    const error = (await client
      .submit((): number => {
        const frozen = Object.freeze(
          Object.assign(new RangeError('frozen', { cause: () => 1 }), { status: 7, call: () => 1 }),
        );
        throw frozen;
      })
      .exception()) as Error & { readonly status: number };
    assert.equal(error.status, 7);
    assert.match(String(error.cause), /Function/);
    assert.match(error.stack!, /frozen.*errors\.ts.*without 'call', which cannot be sent/s);
  },

  '15 a result that cannot be sent is an error that says whose it is, and where in it': async ({ client }) => {
    class Holder {
      readonly fn = () => 1;
      give(): unknown {
        return { deep: [this.fn] };
      }
    }
    const holder = await client.actor(Holder);
    const refusal = [/value\.deep\[0\] is a function/, 'PAR_RESULT_NOT_SERIALIZABLE'] as const;
    const give = (): unknown => ({ deep: [() => 1] });
    const calls: readonly [RegExp, () => PromiseLike<unknown>][] = [
      [/task give-/, () => client.submit(give)],
      [/task give-.*x2/, () => client.with({ ranks: 2 }).submit(give)],
      [/give/, () => client.runOn({ workers: 'bob' }, give)],
      [/\.give/, () => holder.give()],
    ];
    for (const [who, call] of calls) {
      await refused(call(), refusal[1], who);
      await refused(call(), refusal[1], refusal[0]);
    }
  },

  '16 retries: as many more attempts, for each element of a map too': async ({ client }) => {
    const files = fileNames();
    const file = (): string => files.next().value;
    for (const [retries, message] of [
      [2, undefined],
      [1, 'attempt 2'],
      [0, 'attempt 1'],
    ] as const) {
      const future = client.with({ retries }).submit(countingAttempts, file(), 2);
      assert.equal((await future.exception())?.message, message);
    }
    const each = client.with({ retries: 1 }).map(countingAttempts, [file(), file()], [1, 2]);
    assert.deepEqual(await Promise.all(each.map(async (one) => (await one.exception())?.message)), [
      undefined,
      'attempt 2',
    ]);
    files.return(undefined as never);
  },

  '17 retry runs a failed task again, and the one it failed because of': async ({ client }) => {
    const files = fileNames();
    const x = client.submit(countingAttempts, files.next().value, 1);
    const y = client.submit(inc, x);
    await assert.rejects(y.result(), /attempt 1/);
    y.retry();
    assert.equal(await y, 3);
    const z = client.submit(countingAttempts, files.next().value, 1);
    const w = client.submit(inc, z);
    await assert.rejects(w.result(), /attempt 1/);
    z.release();
    w.retry();
    assert.equal(await w, 3);
    files.return(undefined as never);
  },

  '18 what cannot be made again on a worker fails its task only': async ({ client }) => {
    const directory = mkdtempSync(join(tmpdir(), 'par-test-'));
    const file = join(directory, 'gone.mjs');
    writeFileSync(file, 'export function gone(x) { return x; }');
    const { gone } = (await import(file)) as { gone: (x: number) => number };
    rmSync(directory, { recursive: true });
    const future = client.submit(gone, 1);
    await refused(future.result(), 'PAR_DESERIALIZATION', /function of task gone/);
    assert.equal(future.status, 'error');
    assert.deepEqual(await client.gather(client.map(inc, range(10))), range(10).map(inc));
  },
});

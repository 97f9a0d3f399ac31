import { createServer, type Server } from 'node:net';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { capture, NotShippableError, RebuildError, rebuild } from '../../src/closures/index.ts';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

function refusal(fn: () => unknown, options?: Parameters<typeof capture>[1]): NotShippableError {
  try {
    capture(fn, options);
  } catch (error) {
    expect(error).toBeInstanceOf(NotShippableError);
    expect((error as NotShippableError).code).toBe('PAR_NOT_SHIPPABLE');
    return error as NotShippableError;
  }
  throw new Error('nothing was refused');
}

describe('what cannot be shipped is refused with the way that leads to it', () => {
  test("'this' of an arrow", () => {
    class Task {
      limit = 1;
      make() {
        return () => this.limit;
      }
    }
    expect(refusal(new Task().make()).message).toMatch(
      /^an anonymous function at .*refusals\.test\.ts:\d+:\d+ uses 'this' of the code around it at line \d+, column \d+.*const \{ limit \} = this/,
    );
  });

  test("'super' in a method shipped alone", () => {
    const parent = { greet: () => 'hello' };
    const child = {
      __proto__: parent,
      greet() {
        return super.greet();
      },
    };
    expect(refusal(child.greet).message).toMatch(/function 'greet' at .* uses 'super' at line/);
  });

  test('a private name outside its class, arguments, new.target and eval', () => {
    class Vault {
      #key = 1;
      opener() {
        return (other: Vault) => other.#key;
      }
    }
    expect(refusal(new Vault().opener() as () => unknown).message).toContain('uses a private name');
    function around(..._rest: number[]): (() => unknown)[] {
      // biome-ignore lint/complexity/noArguments: what is tested
      return [() => arguments[0], () => new.target];
    }
    const [first, second] = around(1);
    expect(refusal(first!).message).toContain("uses 'arguments' of the function around it");
    expect(refusal(second!).message).toContain("uses 'new.target'");
    // biome-ignore lint/security/noGlobalEval: what is tested
    expect(refusal(() => eval('1')).message).toContain('calls eval at line');
  });

  test('native functions', () => {
    const native = [].values().next.bind([].values());
    expect(refusal(() => native()).message).toMatch(
      /captured 'native', which is a bound function of the native function 'next'/,
    );
  });

  test('sockets and servers, through other functions and objects', () => {
    const server: Server = createServer();
    const services = { list: [{ db: server }] };
    const query = () => services.list.length;
    const task = () => query();
    const { message, chain, remedy } = refusal(task);
    expect(message).toMatch(
      /^function 'task' at .*:\d+:\d+ captured 'query', which is function 'query' at .*:\d+:\d+ captured 'services', which is an object whose property 'list' is an array whose element 0 is an object whose property 'db' is a Server.*a live handle of this process\. Open it inside/,
    );
    expect(chain[0]).toContain("function 'task'");
    expect(remedy).toContain('Open it inside the function');
  });

  test.each<[string, () => unknown, RegExp]>([
    ['promises', () => Promise.resolve(1), /a Promise.*Await it first/],
    ['weak collections', () => new WeakMap(), /a WeakMap/],
    ['weak references', () => new WeakRef({}), /a WeakRef/],
    ['proxies', () => new Proxy({}, {}), /a Proxy/],
    ['function proxies', () => new Proxy(() => 1, {}), /a Proxy/],
    ['local symbols', () => Symbol('mine'), /the symbol Symbol\(mine\).*Symbol\.for\('mine'\)/],
    [
      'local symbols inside plain data',
      () => [{ deep: [Symbol('mine')] }],
      /whose element 0 is an object whose property 'deep' is an array whose element 0 is the symbol/,
    ],
    [
      'generators',
      () =>
        (function* () {
          yield 1;
        })(),
      /a running iterator/,
    ],
    [
      'timers',
      () => {
        const timer = setTimeout(() => {}, 1);
        clearTimeout(timer);
        return timer;
      },
      /a Timeout/,
    ],
    ['shared memory', () => new Uint8Array(new SharedArrayBuffer(4)), /shared memory/],
    ['abort signals', () => new AbortController().signal, /an AbortSignal.*Make one inside/],
    ['boxed primitives', () => Object(1), /a boxed primitive/],
    [
      'instances with private members',
      () =>
        new (class Safe {
          #x = 1;
          get x() {
            return this.#x;
          }
        })(),
      /an instance of Safe, which has private members/,
    ],
  ])('%s', (_name, make, expected) => {
    const held = make();
    const { message } = refusal(() => held);
    expect(message).toMatch(/captured 'held', which is/);
    expect(message).toMatch(expected);
  });

  test('worker threads', async () => {
    const worker = new Worker('0', { eval: true });
    expect(refusal(() => worker).message).toMatch(/a Worker, a live handle/);
    await worker.terminate();
  });

  test('a variable whose declaration has not run', () => {
    const early = () => late;
    const { message } = refusal(early);
    expect(message).toMatch(/captured 'late', which is not initialised yet/);
    const late = 1;
    expect(capture(early).values).toContain(late);
  });

  test('what is not a function', () => {
    expect(() => capture(5 as never)).toThrow(/expected a function to ship, got number/);
  });

  test("what the caller's hook refuses, also inside plain data and imports", () => {
    class Communicator {
      readonly rank = 0;
    }
    const world = new Communicator();
    const held = [{ world }];
    const refuse = (value: object) =>
      value instanceof Communicator ? 'a Communicator, which belongs to its rank' : undefined;
    expect(refusal(() => held, { refuse }).message).toMatch(
      /captured 'held', which is an array whose element 0 is an object whose property 'world' is a Communicator, which belongs to its rank\. /,
    );
    expect(() => capture(() => held)).not.toThrow();
    const importRefuse = (value: object) =>
      value === fromModule ? { reason: 'of a module', remedy: 'Leave it' } : undefined;
    expect(refusal(() => fromModule(() => 0), { refuse: importRefuse }).message).toContain('of a module. Leave it.');
  });
});

const fromModule = capture;

describe('hooks', () => {
  test('a replaced value travels as what stands for it and is restored', async () => {
    class Future {
      readonly key: string;
      constructor(key: string) {
        this.key = key;
      }
    }
    const future = new Future('k1');
    const list = [future, { inner: future }];
    const fn = () => list;
    const shipped = capture(fn, { replace: (value) => (value instanceof Future ? { future: value.key } : undefined) });
    const there = await rebuild<() => unknown[]>(structuredClone(shipped), {
      restore: (value) => ({ restored: value }),
    });
    const [first, second] = there() as [object, { inner: object }];
    expect(first).toEqual({ restored: { future: 'k1' } });
    expect(second.inner).toBe(first);
  });

  test('without restore a replaced value is an error', async () => {
    const future = { key: 'k2' };
    const shipped = capture(() => future, { replace: (value) => (value === future ? 'k2' : undefined) });
    await expect(rebuild(shipped)).rejects.toMatchObject({ code: 'PAR_REBUILD' });
  });
});

describe('rebuilding', () => {
  test('a module that is not there is an error that names it, and a later attempt tries again', async () => {
    const shipped = capture((x: number) => x);
    const broken = {
      ...shipped,
      hash: 'broken',
      nodes: [{ kind: 'import' as const, module: 'file:///nowhere/lost.js', name: 'f' }],
      root: 0,
    };
    await expect(rebuild(broken)).rejects.toThrow(
      /uses 'f' of file:\/\/\/nowhere\/lost\.js, which cannot be imported here/,
    );
    await expect(rebuild(broken)).rejects.toBeInstanceOf(RebuildError);
    await expect(rebuild({ ...shipped, hash: 'broken' })).resolves.toBeTypeOf('function');
  });
});

describe('warnings', () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  test('a function that assigns to what it captured is named once', async () => {
    const warned: Error[] = [];
    const listen = (warning: Error): void => {
      if ((warning as { code?: string }).code === 'PAR_CAPTURED_ASSIGNMENT') warned.push(warning);
    };
    process.on('warning', listen);
    let total = 0;
    const add = (x: number) => {
      total += x;
    };
    capture(add);
    capture(add);
    const local = () => {
      let own = 0;
      own += 1;
      return own + total;
    };
    capture(local);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', listen);
    expect(warned.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^function 'add' at .*refusals\.test\.ts:\d+:\d+ assigns to 'total', which it captured/),
    ]);
  });
});

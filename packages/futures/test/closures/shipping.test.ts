import { EventEmitter } from 'node:events';
import * as path from 'node:path';
import { join } from 'node:path';
import { parse } from 'acorn';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Elsewhere } from './elsewhere.ts';
import * as geometry from './modules/geometry.ts';
import perimeter, { area, countCall, revealed, Shape } from './modules/geometry.ts';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let elsewhere: Elsewhere;
beforeAll(() => {
  elsewhere = new Elsewhere();
});
afterAll(() => elsewhere[Symbol.asyncDispose]());

const FACTOR = 3;
const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));
function isEven(n: number): boolean {
  return n === 0 || isOdd(n - 1);
}
function isOdd(n: number): boolean {
  return n !== 0 && isEven(n - 1);
}

class Animal {
  static #made = 40;
  static kinds = new Map<string, number>([['cat', 4]]);
  readonly name: string;
  #secret = 'x';
  constructor(name: string) {
    this.name = name;
    Animal.#made += 1;
  }
  static made(): number {
    return Animal.#made;
  }
  get secret(): string {
    return this.#secret;
  }
  set secret(value: string) {
    this.#secret = value;
  }
  has(): boolean {
    return #secret in this;
  }
  speak(): string {
    return `${this.name} speaks`;
  }
}
class Cat extends Animal {
  static override kinds = new Map([['cat', FACTOR]]);
  lives = FACTOR * 3;
  override speak(): string {
    return `${super.speak()}: miaow`;
  }
  *[Symbol.iterator](): Generator<number> {
    yield* [1, 2, this.lives];
  }
}
class Plain {
  readonly x: number;
  constructor(x: number) {
    this.x = x;
  }
  double(): number {
    return this.x * 2;
  }
}

describe('functions', () => {
  test('an arrow with a captured constant', async () => {
    expect(await elsewhere.call((x: number) => x * FACTOR, 5)).toBe(15);
  });

  test('a closure over a closure over a closure', async () => {
    const outer = (a: number) => (b: number) => (c: number) => a + b * c + FACTOR;
    expect(await elsewhere.call(outer(1)(2), 10)).toBe(24);
  });

  test('recursion and mutual recursion', async () => {
    expect(await elsewhere.call(factorial, 6)).toBe(720);
    expect(await elsewhere.call(isEven, 11)).toBe(false);
    expect(
      await elsewhere.call(function fib(n: number): number {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
      }, 12),
    ).toBe(144);
  });

  test('default parameters and destructuring read captured variables', async () => {
    const base = 7;
    const key = 'b';
    const fn = (
      { a = base, [key]: b = a }: { a?: number; b?: number } = {},
      [c = base * 2]: number[] = [],
      ...rest: number[]
    ) => [a, b, c, rest.length];
    expect(await elsewhere.call(fn, {}, [], 1, 2)).toEqual([7, 7, 14, 2]);
  });

  test('async functions, generators and async generators', async () => {
    const twice = async (x: number) => (await Promise.resolve(x)) * 2;
    function* count(n: number): Generator<number> {
      for (let i = 0; i < n; i += 1) yield i * FACTOR;
    }
    async function* slowly(n: number): AsyncGenerator<number> {
      for (const value of count(n)) yield await twice(value);
    }
    const all = async (n: number) => {
      const found: number[] = [];
      for await (const value of slowly(n)) found.push(value);
      return found;
    };
    expect(await elsewhere.call(all, 4)).toEqual([0, 6, 12, 18]);
  });

  test('methods, getters, setters and computed keys of object literals', async () => {
    const key = 'com puted';
    let log = '';
    const object = {
      concise(x: number) {
        return x + FACTOR;
      },
      async later(x: number) {
        return x - FACTOR;
      },
      *many() {
        yield FACTOR;
      },
      async *slow() {
        yield FACTOR + 1;
      },
      get three() {
        return FACTOR;
      },
      set three(value: number) {
        log = `${log}${value}`;
      },
      [key](x: number) {
        return [key, x];
      },
      async: 1,
      get: () => FACTOR,
    };
    const use = async () => {
      object.three = 9;
      const slow: number[] = [];
      for await (const value of object.slow()) slow.push(value);
      return [
        object.concise(1),
        await object.later(4),
        [...object.many()],
        slow,
        object.three,
        object[key]!(2),
        object.get(),
        log,
      ];
    };
    expect(await elsewhere.call(use)).toEqual([4, 1, [3], [4], 3, ['com puted', 2], 3, '9']);
    expect(await elsewhere.call(object.concise, 1)).toBe(4);
    expect(await elsewhere.call(object[key]!, 3)).toEqual(['com puted', 3]);
  });

  test('bound functions', async () => {
    function scale(this: { by: number }, a: number, b: number): number[] {
      return [this.by * a, b * FACTOR];
    }
    expect(await elsewhere.call(scale.bind({ by: 10 }, 2).bind(null), 5)).toEqual([20, 15]);
  });

  test('functions keep their names and own properties', async () => {
    const tagged = Object.assign(
      function tagged(x: number) {
        return x;
      },
      { units: 'm', nested: { f: factorial } },
    );
    const use = () => [tagged.name, tagged.units, tagged.nested.f(4), tagged.length];
    expect(await elsewhere.call(use)).toEqual(['tagged', 'm', 24, 1]);
  });

  test('loop variables have the value of their iteration', async () => {
    const fns: (() => number)[] = [];
    for (let i = 0; i < 3; i += 1) fns.push(() => i * FACTOR);
    for (const j of [7, 8]) fns.push(() => j);
    expect(await Promise.all(fns.map((fn) => elsewhere.call(fn)))).toEqual([0, 3, 6, 7, 8]);
  });

  test('functions made by new Function', async () => {
    expect(await elsewhere.call(new Function('a', 'b', 'return a + b') as (a: number, b: number) => number, 2, 3)).toBe(
      5,
    );
  });

  test('constructor functions with methods on their prototype', async () => {
    function Point(this: { x: number }, x: number) {
      this.x = x;
    }
    Point.prototype.twice = function (this: { x: number }) {
      return this.x * 2;
    };
    const make = (x: number) => Reflect.construct(Point, [x]).twice();
    expect(await elsewhere.call(make, 4)).toBe(8);
  });
});

describe('classes', () => {
  test('inheritance, private fields, accessors, statics and super', async () => {
    const use = () => {
      const cat = new Cat('Tom');
      cat.secret = 'fish';
      return [
        cat.speak(),
        cat.secret,
        cat.has(),
        [...cat],
        cat.lives,
        Cat.kinds.get('cat'),
        Animal.kinds.get('cat'),
        cat instanceof Animal,
        Cat.made(),
      ];
    };
    const made = Animal.made();
    expect(await elsewhere.call(use)).toEqual(['Tom speaks: miaow', 'fish', true, [1, 2, 9], 9, 3, 4, true, made + 1]);
  });

  test('statics have their present values and initialisers do not run again', async () => {
    class Registry {
      name = 'registry';
      static entries: string[] = [];
      static ready = false;
      static {
        Registry.entries.push('made');
      }
      static add(name: string): number {
        return Registry.entries.push(name);
      }
    }
    Registry.add('here');
    Registry.ready = true;
    expect(await elsewhere.call(() => [Registry.add('there'), Registry.entries, Registry.ready])).toEqual([
      3,
      ['made', 'here', 'there'],
      true,
    ]);
  });

  test('a parent class that is an expression', async () => {
    const Counted = (Base: typeof Plain) =>
      class extends Base {
        counted = FACTOR;
      };
    class Leaf extends Counted(Plain) {
      leaf = true;
    }
    expect(
      await elsewhere.call(() => {
        const leaf = new Leaf(4);
        return [leaf.double(), leaf.counted, leaf.leaf];
      }),
    ).toEqual([8, 3, true]);
  });

  test('instances of captured classes', async () => {
    const one = new Plain(21);
    expect(await elsewhere.call(() => [one.double(), one instanceof Plain])).toEqual([42, true]);
  });

  test('subclasses of builtins', async () => {
    class Bag extends Map<string, number> {
      total(): number {
        return [...this.values()].reduce((a, b) => a + b, 0);
      }
    }
    class Failure extends Error {
      readonly detail: number;
      constructor(detail: number) {
        super(`failed ${detail}`);
        this.detail = detail;
      }
      override get name() {
        return 'Failure';
      }
    }
    const bag = new Bag([
      ['a', 1],
      ['b', 2],
    ]);
    const failure = new Failure(7);
    const use = () => [
      bag.total(),
      bag instanceof Bag,
      failure instanceof Failure,
      failure.name,
      failure.message,
      failure.detail,
      new Bag([['z', 5]]).total(),
    ];
    expect(await elsewhere.call(use)).toEqual([3, true, true, 'Failure', 'failed 7', 7, 5]);
  });

  test('a class shipped by itself', async () => {
    const make = (C: unknown) => typeof C;
    expect(make(Plain)).toBe('function');
    expect(
      await elsewhere.call(
        () =>
          new (class {
            v = FACTOR;
          })().v,
      ),
    ).toBe(3);
  });
});

describe('imports', () => {
  test('builtin members and namespaces', async () => {
    const { basename } = path;
    expect(
      await elsewhere.call(() => [
        join('a', 'b'),
        path.extname('x.ts'),
        basename('/a/b'),
        new EventEmitter().listenerCount('x'),
      ]),
    ).toEqual(['a/b', '.ts', 'b', 0]);
  });

  test('packages', async () => {
    expect(await elsewhere.call((text: string) => parse(text, { ecmaVersion: 2024 }).type, '1 + 1')).toBe('Program');
  });

  test('relative modules, default exports and classes are the module there, not copies', async () => {
    const square = new Shape(4);
    const use = async () => {
      const own = await import('./modules/geometry.ts');
      return [
        area(2, 3),
        perimeter(1, 2),
        geometry.UNIT,
        own.Shape === Shape,
        square instanceof own.Shape,
        square.corners(),
        countCall() === own.calls,
      ];
    };
    expect(await elsewhere.call(use)).toEqual([12, 6, 2, true, true, 4, true]);
    expect(await elsewhere.call(area, 1, 1)).toBe(2);
  });

  test('functions a module does not export go by value', async () => {
    expect(await elsewhere.call(revealed.secret, 1)).toBe(2);
  });

  test('import.meta is that of the original file', async () => {
    const use = () => [import.meta.url, import.meta.filename, import.meta.dirname];
    expect(await elsewhere.call(use)).toEqual([import.meta.url, import.meta.filename, import.meta.dirname]);
  });
});

describe('globals', () => {
  test('language and Node globals are those of the other process', async () => {
    const { max } = Math;
    const { log } = console;
    const define = Object.defineProperty;
    const use = () => [
      max(1, 2),
      typeof log,
      define === Object.defineProperty,
      log === console.log,
      process.pid,
      typeof structuredClone,
      typeof fetch,
      [1].map(String),
    ];
    const there = (await elsewhere.call(use)) as unknown[];
    expect(there).toEqual([2, 'function', true, true, expect.any(Number), 'function', 'function', ['1']]);
    expect(there[4]).not.toBe(process.pid);
  });

  test('a global the program set goes along, a name nobody declares does not', async () => {
    Reflect.set(globalThis, 'parTestSetting', { depth: 3 });
    try {
      // @ts-expect-error declared nowhere
      const use = () => [parTestSetting.depth, typeof parTestMissing];
      expect(await elsewhere.call(use)).toEqual([3, 'undefined']);
    } finally {
      Reflect.deleteProperty(globalThis, 'parTestSetting');
    }
  });
});

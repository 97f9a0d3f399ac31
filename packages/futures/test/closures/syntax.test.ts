import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { Elsewhere } from './elsewhere.ts';
import hundredfold, { methods, outer, Temperature } from './modules/internals.ts';

// Processes start slowly on a busy machine.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

let elsewhere: Elsewhere;
beforeAll(() => {
  elsewhere = new Elsewhere();
});
afterAll(() => elsewhere[Symbol.asyncDispose]());

describe('scopes', () => {
  test('the innermost of variables with one name is captured', async () => {
    const x = 1;
    const pick = (x: number) => {
      {
        const outerX = () => x;
        {
          const x = 5;
          return [outerX, () => x] as const;
        }
      }
    };
    const [parameter, block] = pick(9);
    expect(await elsewhere.call(() => [parameter(), block(), x])).toEqual([9, 5, 1]);
  });

  test('switch, catch and for scopes', async () => {
    const fromSwitch = (v: number) => {
      switch (v) {
        case 1: {
          const q = 7;
          return () => q;
        }
        default:
          return () => 0;
      }
    };
    let caught = () => 0;
    try {
      throw Object.assign(new Error('x'), { code: 4 });
    } catch (error) {
      const { code } = error as { code: number };
      caught = () => code;
    }
    const names: (() => string)[] = [];
    for (const key in { a: 1, b: 2 }) names.push(() => key);
    expect(await elsewhere.call(() => [fromSwitch(1)(), caught(), names.map((name) => name())])).toEqual([
      7,
      4,
      ['a', 'b'],
    ]);
  });

  test('var is shared by all iterations and by assignments after the closure', async () => {
    const fns: (() => number)[] = [];
    var i = 0;
    for (; i < 2; i += 1) fns.push(() => i);
    expect(await elsewhere.call(fns[0]!)).toBe(2);
  });

  test('variables written in every way stay one variable for the functions that share them', async () => {
    let count = 0;
    let call = () => 1;
    const increment = () => {
      count++;
    };
    const get = () => ({ count });
    const assign = (value: number) => {
      ({ count } = { count: value });
    };
    const withDefault = () => {
      const { a = count } = {} as { a?: number };
      return a;
    };
    const loop = () => {
      for (count of [20, 21]);
      return `${count}`;
    };
    const replace = () => {
      call = () => 2;
    };
    const use = () => {
      increment();
      const seen: unknown[] = [get().count];
      assign(9);
      replace();
      return [...seen, get().count, withDefault(), call(), loop(), get().count];
    };
    expect(await elsewhere.call(use)).toEqual([1, 9, 9, 2, '21', 21]);
  });

  test('defaults may refer to other parameters and to themselves', async () => {
    const fn = (a: number, b = () => a, c = () => b() + 1) => c();
    expect(await elsewhere.call(fn, 6)).toBe(7);
  });
});

describe('classes', () => {
  test('computed members, named expressions, static members of every name', async () => {
    const key = 'kk';
    class Computed {
      [key]() {
        return key;
      }
      static [`s${1}`]() {
        return 2;
      }
    }
    const Named = class Inner {
      field = 1;
      static me() {
        return Inner;
      }
    };
    class Odd {
      field = 1;
      static async = 3;
      static get = 4;
      static none: unknown;
      static itself: unknown = Odd;
      static #private = { n: 1 };
      static #method() {
        return Odd.#private;
      }
      static read() {
        return Odd.#method().n;
      }
      static *many() {
        yield Odd.async;
      }
    }
    const use = () => [
      new Computed()[key]!(),
      Reflect.get(Computed, 's1')(),
      Named.me() === Named,
      Named.name,
      Odd.async,
      Odd.get,
      Odd.none,
      Odd.itself === Odd,
      Odd.read(),
      [...Odd.many()],
    ];
    expect(await elsewhere.call(use)).toEqual(['kk', 2, true, 'Inner', 3, 4, undefined, true, 1, [3]]);
  });

  test('what initialisers and static blocks used is not needed again', async () => {
    const server = createServer();
    class Ready {
      static listening = server.listening;
      static #port = server.address();
      static port() {
        return Ready.#port;
      }
      static {
        server.unref();
      }
      ok = true;
    }
    expect(await elsewhere.call(() => [Ready.listening, Ready.port(), new Ready().ok])).toEqual([false, null, true]);
  });

  test('changed and added methods of a prototype', async () => {
    class Patched {
      a() {
        return 1;
      }
    }
    Patched.prototype.a = () => 10;
    Reflect.set(Patched.prototype, 'b', () => 2);
    expect(await elsewhere.call(() => [new Patched().a(), Reflect.get(new Patched(), 'b')()])).toEqual([10, 2]);
  });

  test('instances in cycles with their class', async () => {
    class Tree {
      static root = new Tree();
      readonly kids: Tree[] = [];
      parent: Tree | undefined;
    }
    const leaf = new Tree();
    leaf.parent = Tree.root;
    Tree.root.kids.push(leaf);
    const use = () => [
      Tree.root.kids[0]!.parent === Tree.root,
      Tree.root.kids[0] instanceof Tree,
      leaf === Tree.root.kids[0],
    ];
    expect(await elsewhere.call(use)).toEqual([true, true, true]);
  });

  test('subclasses of Array, typed arrays and Promise', async () => {
    class Numbers extends Array<number> {
      sum() {
        return this.reduce((a, b) => a + b, 0);
      }
    }
    class Bytes extends Uint8Array {
      first() {
        return this[0];
      }
    }
    class Later extends Promise<number> {}
    const numbers = Numbers.from([1, 2, 3]) as Numbers;
    const bytes = new Bytes([7]);
    const use = async () => [
      numbers.sum(),
      numbers.map((x) => x) instanceof Numbers,
      bytes.first(),
      await Later.resolve(3),
    ];
    expect(await elsewhere.call(use)).toEqual([6, true, 7, 3]);
  });
});

describe('what modules keep to themselves', () => {
  test('closures, methods and statics of modules', async () => {
    const from = Temperature.from;
    const use = async () => {
      const own = await import('./modules/internals.ts');
      return [outer(2)(), from(3) instanceof own.Temperature, methods.deep.helped(1), hundredfold === own.default];
    };
    expect(await elsewhere.call(use)).toEqual([9, true, 8, true]);
    expect(await elsewhere.call(outer(2))).toBe(9);
    expect(await elsewhere.call(methods.plus, 3)).toBe(8);
  });
});

describe('builtin instances', () => {
  test('encoders and formats are made again', async () => {
    const encoder = new TextEncoder();
    const decoder = new TextDecoder('utf-16le', { fatal: true });
    const format = new Intl.NumberFormat('de', { minimumFractionDigits: 2 });
    const use = () => [encoder.encode('a')[0], decoder.encoding, decoder.fatal, format.format(1234.5)];
    expect(await elsewhere.call(use)).toEqual([97, 'utf-16le', true, '1.234,50']);
  });
});

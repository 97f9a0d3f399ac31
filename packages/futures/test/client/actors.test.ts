import { format, inspect } from 'node:util';
import { type Actor, Client } from '@par/futures';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { TestCluster } from './cluster.ts';

let cluster: TestCluster;
let client: Client;
beforeAll(async () => {
  cluster = await TestCluster.start();
  client = cluster.client;
});
afterAll(() => cluster[Symbol.asyncDispose]());

describe('actors', () => {
  class Counter {
    n: number;
    constructor(n = 0) {
      this.n = n;
    }
    increment(by = 1): number {
      this.n += by;
      return this.n;
    }
    async fail(): Promise<never> {
      throw new RangeError('no');
    }
  }

  it('keep their state on a worker', async () => {
    const counter = await client.actor(Counter, 5);
    expect(await counter.increment()).toBe(6);
    expect(await counter.increment(10)).toBe(16);
    expect(await counter.get('n')).toBe(16);
    await counter.set('n', 0);
    expect(await counter.increment()).toBe(1);
    await expect(counter.fail()).rejects.toThrowError(RangeError);
  });

  it('are arguments of tasks and of other actors, as futures and as proxies', async () => {
    const future = client.actor(Counter);
    const counter = await future;
    const twice = async (given: Actor<Counter>, by: number) => {
      await given.increment(by);
      return new Client().submit(async (handed: Actor<Counter>, more: number) => handed.increment(more), given, by);
    };
    expect(await client.submit(twice, future, 1)).toBe(2);
    expect(await client.submit(twice, counter, 10)).toBe(22);
    class Double {
      counter: Actor<Counter>;
      constructor(given: Actor<Counter>) {
        this.counter = given;
      }
      async increment(): Promise<number> {
        await this.counter.increment();
        return this.counter.increment();
      }
    }
    const double = await client.actor(Double, counter);
    expect(await double.increment()).toBe(24);
    const count = client.submit((given: Actor<Counter>) => given.get('n'), counter);
    expect(await count).toBe(24);
  });

  it('let any number of tasks wait for them: those give their thread away', async () => {
    class Gate {
      #open = Promise.withResolvers<void>();
      async pass(): Promise<boolean> {
        await this.#open.promise;
        return true;
      }
      open(): void {
        this.#open.resolve();
      }
    }
    const gate = await client.actor(Gate);
    const through = client.map(
      (given: Actor<Gate>, _: number) => given.pass(),
      Array(6).fill(gate),
      [1, 2, 3, 4, 5, 6],
    );
    await client.submit(async (given: Actor<Gate>) => given.open(), gate);
    expect(await client.gather(through)).toEqual(Array(6).fill(true));
  });

  it('are shown, awaited and made JSON of without a call of the instance', async () => {
    class Watched {
      readonly called: string[] = [];
      toJSON(): string {
        this.called.push('toJSON');
        return 'json';
      }
      toString(): string {
        this.called.push('toString');
        return 'text';
      }
      inspect(): string {
        this.called.push('inspect');
        return 'inspected';
      }
    }
    const watched = await client.actor(Watched);
    const name = expect.stringMatching(/^Actor\(Watched \(number \d+\)\)$/);
    expect(inspect(watched)).toEqual(name);
    expect(format('%s', watched)).toEqual(name);
    expect(`${watched}`).toEqual(name);
    expect(inspect({ watched })).toMatch(/^\{ watched: Actor\(Watched \(number \d+\)\) \}$/);
    expect(inspect(watched, { showProxy: true })).toContain('Actor(Watched ');
    expect(JSON.stringify({ watched })).toBe('{"watched":{}}');
    expect(await Promise.resolve(watched)).toBe(watched);
    const shown = (given: Actor<Watched>): string => `${given} ${JSON.stringify(given)}`;
    expect(await client.submit(shown, watched)).toMatch(/^Actor\(actor-\d+\) \{\}$/);
    expect(await watched.get('called')).toEqual([]);
    expect(await watched.toString()).toBe('text');
  });

  it('are one for each call', async () => {
    const [a, b] = [await client.actor(Counter), await client.actor(Counter)];
    await a.increment();
    expect(await b.increment()).toBe(1);
  });
});

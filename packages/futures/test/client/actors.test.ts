import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '../../src/index.ts';
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

  it('are one for each call', async () => {
    const [a, b] = [await client.actor(Counter), await client.actor(Counter)];
    await a.increment();
    expect(await b.increment()).toBe(1);
  });
});

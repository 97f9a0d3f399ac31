import { afterEach, describe, expect, test, vi } from 'vitest';
import type * as Chooser from '../../src/collectives/chooser.ts';

async function chooserWith(env: Record<string, string>): Promise<typeof Chooser> {
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  vi.resetModules();
  return import('../../src/collectives/chooser.ts');
}
afterEach(() => vi.unstubAllEnvs());

const KiB = 1024;

test('small collectives use few rounds and large ones move few bytes', async () => {
  const c = await chooserWith({});
  expect([64, 1024 * KiB, 16_384 * KiB].map((bytes) => c.chooseBcast(8, bytes))).toEqual([
    'binomial',
    'pipelined',
    'scatter-allgather',
  ]);
  expect([8, 16 * KiB, 256 * KiB, 4096 * KiB].map((bytes) => c.chooseAllreduce(6, bytes, true))).toEqual([
    'allgather',
    'recursive-doubling',
    'rabenseifner',
    'ring',
  ]);
  expect([1 * KiB, 100 * KiB, 1024 * KiB].map((bytes) => c.chooseAllgather(6, bytes))).toEqual([
    'bruck',
    'neighbor-exchange',
    'ring',
  ]);
  expect([100, 1 * KiB, 8192 * KiB].map((bytes) => c.chooseAlltoall(16, bytes))).toEqual([
    'bruck',
    'scattered',
    'pairwise',
  ]);
  expect([2, 4, 8].map((size) => c.chooseReduceScatter(size, 256 * KiB, true))).toEqual([
    'pairwise',
    'pairwise',
    'recursive-halving',
  ]);
  expect([1 * KiB, 32 * KiB].map((bytes) => c.chooseScan(8, bytes))).toEqual(['recursive-doubling', 'pipelined']);
  expect([8, 64].map((size) => c.chooseGather(size))).toEqual(['linear', 'binomial']);
});

test('operations that do not commute never go to algorithms that change their order', async () => {
  for (const env of [{}, { PAR_COLL_ALLREDUCE: 'ring', PAR_COLL_REDUCE_SCATTER: 'pairwise' }]) {
    const c = await chooserWith(env);
    for (const size of [2, 3, 8, 33]) {
      for (let bytes = 1; bytes < 2 ** 30; bytes *= 8) {
        expect(c.chooseAllreduce(size, bytes, false)).not.toBe('ring');
        expect(c.chooseReduceScatter(size, bytes, false)).not.toBe('pairwise');
      }
    }
  }
});

test('values get algorithms that need not know their size', async () => {
  const everything = {
    PAR_COLL_BCAST: 'scatter-allgather',
    PAR_COLL_ALLREDUCE: 'rabenseifner',
    PAR_COLL_SCAN: 'pipelined',
  };
  for (const env of [{}, everything]) {
    const c = await chooserWith(env);
    for (const size of [2, 3, 4, 8, 33]) {
      expect(['linear', 'binomial']).toContain(c.chooseBcast(size, undefined));
      expect(['allgather', 'recursive-doubling']).toContain(c.chooseAllreduce(size, undefined, true));
      expect(['linear', 'recursive-doubling']).toContain(c.chooseScan(size, undefined));
    }
  }
});

test('algorithms for certain sizes are not chosen for others, asked for or not', async () => {
  for (const env of [{}, { PAR_COLL_ALLGATHER: 'recursive-doubling' }, { PAR_COLL_ALLGATHER: 'neighbor-exchange' }]) {
    const c = await chooserWith(env);
    for (let bytes = 1; bytes < 2 ** 24; bytes *= 4) {
      for (const size of [3, 5, 7, 9]) {
        expect(['bruck', 'ring', 'linear']).toContain(c.chooseAllgather(size, bytes));
      }
      expect(c.chooseAllgather(6, bytes)).not.toBe('recursive-doubling');
    }
  }
});

describe('PAR_COLL_<OP> overrides the choice', () => {
  test.each([
    ['BARRIER', 'linear', (c: typeof Chooser) => c.chooseBarrier()],
    ['BCAST', 'chain', (c: typeof Chooser) => c.chooseBcast(4, 8)],
    ['GATHER', 'binomial', (c: typeof Chooser) => c.chooseGather(3)],
    ['SCATTER', 'linear', (c: typeof Chooser) => c.chooseScatter(40)],
    ['ALLGATHER', 'ring', (c: typeof Chooser) => c.chooseAllgather(8, 8)],
    ['ALLTOALL', 'pairwise', (c: typeof Chooser) => c.chooseAlltoall(8, 8)],
    ['REDUCE', 'rabenseifner', (c: typeof Chooser) => c.chooseReduce(8)],
    ['ALLREDUCE', 'ring', (c: typeof Chooser) => c.chooseAllreduce(4, 8, true)],
    ['REDUCE_SCATTER', 'ordered', (c: typeof Chooser) => c.chooseReduceScatter(8, 8, true)],
    ['SCAN', 'linear', (c: typeof Chooser) => c.chooseScan(8, 8)],
  ])('%s=%s', async (operation, algorithm, choose) => {
    expect(choose(await chooserWith({}))).not.toBe(algorithm);
    expect(choose(await chooserWith({ [`PAR_COLL_${operation}`]: algorithm }))).toBe(algorithm);
  });

  test('a name that does not exist is refused, with the names that do', async () => {
    const c = await chooserWith({ PAR_COLL_ALLREDUCE: 'magic' });
    expect(() => c.chooseAllreduce(4, 8, true)).toThrow(/PAR_COLL_ALLREDUCE=magic.*recursive-doubling/);
  });
});

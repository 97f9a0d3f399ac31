import { type Communicator, SUM } from '@par/comm-core';
import { expect, test } from 'vitest';
import { Dependency, ScriptedScheduler } from './scripted-scheduler.ts';

test('a task of several ranks runs with a communicator of them, in the order of the group', async () => {
  await using scheduler = new ScriptedScheduler(3);
  const kernel = async (x: number, given: unknown, comm: Communicator) => {
    const ranks = await comm.allgather(comm.rank);
    const { SUM: sum } = await import('@par/comm-core');
    return [x, given, comm.size, ranks, await comm.allreduce(comm.rank + 1, sum)];
  };
  expect(SUM).toBeDefined();
  const group = [3, 1];
  const locations = [{ task: 9, value: Uint8Array.of(3) }];
  for (const rank of group) {
    const fn = scheduler.define(rank, kernel);
    const dependencies = [[0]];
    scheduler.run(rank, fn, 1, [[5, new Dependency(0)]], { group, dependencies, locations });
  }
  const first = await scheduler.next('finished', (_, source) => source === 3);
  const second = await scheduler.next('finished', (_, source) => source === 1);
  expect(second.values.bytes.length).toBe(0);
  scheduler.received.push({ source: 3, record: first });
  expect(await scheduler.results([1])).toEqual([[5, true, 2, [0, 1], 3]]);
});

test('an error of one rank of a group is the error of its run', async () => {
  await using scheduler = new ScriptedScheduler(1);
  const fn = scheduler.define(1, () => {
    throw new RangeError('no');
  });
  scheduler.run(1, fn, 1, [[]], { group: [1] });
  expect(await scheduler.error(1)).toMatchObject({ name: 'RangeError', message: 'no', workerRank: 1 });
});

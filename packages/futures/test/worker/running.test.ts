import { expect, test } from 'vitest';
import { ScriptedScheduler } from './scripted-scheduler.ts';

const square = (i: number) => i * i;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test('a worker joins, runs a batch of shipped functions and reports small results inline', async () => {
  await using scheduler = new ScriptedScheduler(1, { nthreads: 2, name: 'alice', resources: { GPU: 2 } });
  const join = await scheduler.next('join');
  expect(join).toMatchObject({ threads: 2, name: 'alice', resources: { GPU: 2 } });
  const fn = scheduler.define(1, square);
  scheduler.run(
    1,
    fn,
    100,
    range(1000).map((i) => [i]),
  );
  const tasks = range(1000).map((i) => 100 + i);
  expect(await scheduler.results(tasks)).toEqual(range(1000).map((i) => i * i));
  const finished = scheduler.received.filter(({ record }) => record.kind === 'finished').length;
  expect(finished).toBeLessThan(500);
  await scheduler.close();
  expect(scheduler.received.at(-1)?.record.kind).toBe('leave');
});

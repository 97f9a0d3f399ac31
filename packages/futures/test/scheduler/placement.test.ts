import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

describe('where tasks run', () => {
  test('two tasks go to two idle workers, one each; more threads get more', () => {
    const cluster = new Cluster();
    const [one, two] = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    client.map(2);
    expect([one.runs.size, two.runs.size]).toEqual([1, 1]);
    const big = cluster.join(4, { threads: 10 });
    client.map(40);
    expect(big.runs.size).toBe(10);
    expect([one.runs.size, two.runs.size]).toEqual([1, 1]);
  });

  test('work waits with the scheduler until a thread is free', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2, { threads: 2 });
    const client = cluster.client();
    client.map(10);
    for (let i = 0; i < 10; i++) {
      expect(worker.runs.size).toBe(Math.min(2, 10 - i));
      worker.finish();
    }
  });

  test('a window of runs ahead grows when tasks are shorter than the round trip', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    client.map(1000);
    expect(worker.runs.size).toBe(1);
    worker.finish(undefined, { duration: 0.01 });
    expect(worker.runs.size).toBeGreaterThan(50);
    cluster.drain();
    expect(client.records.filter((record) => record.kind === 'results')).not.toHaveLength(0);
  });

  test('a task goes to the worker with the bigger dependency, all of them though it is busy', () => {
    const cluster = new Cluster();
    const [small, big] = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    const a = client.submit('a', [], { workers: [2] });
    const b = client.submit('b', [], { workers: [3] });
    small.finish('a', { nbytes: 2000, duration: 1 });
    big.finish('b', { nbytes: 1e9, duration: 1 });
    client.map(10, {}, { sharedDependencies: [a, b] });
    expect(small.runs.size).toBe(0);
    while (big.runs.size > 0) big.finish(undefined, { duration: 1 });
    expect(big.started).toHaveLength(11);
  });

  test('an idle worker takes tasks from one with the data when moving the data is quicker than waiting', () => {
    const cluster = new Cluster();
    const [holder, idle] = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    const a = client.submit('a', [], { workers: [2] });
    holder.finish('a', { nbytes: 2000, duration: 200 });
    client.map(10, {}, { sharedDependencies: [a] });
    expect(idle.runs.size).toBe(1);
    cluster.drain();
    expect(idle.started.length).toBeGreaterThan(3);
  });

  test('1000 short tasks over two workers are never asked back', () => {
    const cluster = new Cluster();
    const workers = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    client.map(1000);
    for (let left = true; left; ) {
      left = false;
      for (const worker of workers) {
        if (worker.runs.size === 0) continue;
        worker.finish(undefined, { duration: 0.01 });
        left = true;
      }
    }
    expect(workers.flatMap((worker) => worker.records.filter((record) => record.kind === 'retract'))).toEqual([]);
  });

  test('a worker that joins late gets queued work at once, and what a slow one has not started', () => {
    const cluster = new Cluster();
    const slow = cluster.join(2);
    const client = cluster.client();
    const numbers = client.map(20);
    slow.finish(undefined, { duration: 0.01 });
    while (cluster.scheduler.state.classes.get('')!.queued > 0) slow.finish(undefined, { duration: 0.01 });
    expect(slow.runs.size).toBeGreaterThan(1);
    cluster.now += 1000;
    const late = cluster.join(3);
    cluster.tick(100);
    const held = slow.runs.size;
    slow.retract(1);
    expect(slow.runs.size).toBeLessThan(held);
    expect(late.runs.size).toBe(1);
    cluster.drain();
    expect(new Set(client.statuses(numbers))).toEqual(new Set(['finished']));
    expect(new Set([...slow.started, ...late.started]).size).toBe(20);
  });

  test('a paused worker gets nothing until it goes on', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    worker.send({ kind: 'status', paused: true });
    const client = cluster.client();
    client.submit('x');
    expect(worker.runs.size).toBe(0);
    worker.send({ kind: 'status', paused: false });
    expect(worker.names).toEqual(['x']);
  });

  test('a run that gave its thread away makes room, and counts again when it is back', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    client.submit('parent');
    const { task, run } = worker.run('parent');
    const inside = cluster.client(2);
    const child = inside.submit('child', [], {}, { parent: { task, run } });
    expect(worker.names).toEqual(['parent']);
    worker.send({ kind: 'blocked', task, run });
    expect(worker.names).toEqual(['parent', 'child']);
    worker.finish('child');
    expect(inside.status(child)).toBe('finished');
    worker.send({ kind: 'unblocked', task, run });
    client.submit('next');
    expect(worker.names).toEqual(['parent']);
    worker.fail('parent');
    expect(worker.names).toEqual(['next']);
    expect(cluster.scheduler.state.workers.get(2)!.blocked).toBe(0);
  });
});

describe('priorities', () => {
  test('higher priority runs before what was queued earlier', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    client.submit('running');
    client.submit('low', [], { priority: -1 });
    client.submit('normal');
    client.submit('high', [], { priority: 1 });
    cluster.drain();
    expect(worker.started).toEqual(['running', 'high', 'normal', 'low']);
  });

  test('of 32 chains no worker has more results of first tasks than threads', () => {
    const cluster = new Cluster();
    const workers = [2, 3, 4, 5].map((rank) => cluster.join(rank, { threads: 2 }));
    const client = cluster.client();
    const first = client.map(32, {}, { keys: Array.from({ length: 32 }, (_, i) => `first${i}`) });
    const second = client.map(32, {}, { dependencies: first.flatMap((number, i) => [i, number]) });
    client.release(...first);
    for (let turn = 0; second.some((number) => client.status(number) === 'pending'); turn++) {
      const worker = workers[turn % 4]!;
      if (worker.runs.size > 0) worker.finish(undefined, { nbytes: worker.run().name.startsWith('first') ? 1000 : 1 });
      for (const { data } of workers) expect(data.size).toBeLessThanOrEqual(2);
    }
  });

  test('chains are finished before new ones are begun', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const xs = [0, 1, 2, 3, 4].map((i) => client.submit(`x${i}`));
    const ys = xs.map((x, i) => client.submit(`y${i}`, [x]));
    ys.map((y, i) => client.submit(`z${i}`, [y]));
    cluster.drain();
    expect(worker.started.indexOf('z0')).toBeLessThan(worker.started.indexOf('x4'));
  });

  test('sub-tasks run before later siblings of their parent', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    client.map(3, {}, { keys: ['p0', 'p1', 'p2'] });
    const inside = cluster.client(2);
    const { task, run } = worker.run('p0');
    inside.submit('sub', [], {}, { parent: { task, run } });
    worker.finish('p0');
    expect(worker.names).toEqual(['sub']);
  });
});

describe('restrictions', () => {
  test('workers are named by rank or name; a task no worker may run waits for one that may', () => {
    const cluster = new Cluster();
    const [alice, bob] = [cluster.join(2, { name: 'alice' }), cluster.join(3, { name: 'bob' })];
    const client = cluster.client();
    client.submit('a', [], { workers: ['alice'] });
    client.submit('b', [], { workers: [3] });
    const c = client.submit('c', [], { workers: ['carol'] });
    expect([alice.names, bob.names]).toEqual([['a'], ['b']]);
    const explained = client.ask({ method: 'explain', future: c });
    expect(client.value(explained)).toMatch(/cannot run on any of the 2 workers.*carol/);
    expect(client.value(client.ask({ method: 'counts' }))).toEqual({ processing: 2, 'no-worker': 1 });
    expect(cluster.join(4, { name: 'carol' }).names).toEqual(['c']);
  });

  test('with noWorkersTimeout a task that no worker may run fails in time and says what it needs', () => {
    const cluster = new Cluster({ noWorkersTimeout: 500 });
    cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x', [], { resources: { gpu: 1 } });
    cluster.tick(100);
    cluster.tick(400);
    expect(client.status(x)).toBe('pending');
    cluster.tick(200);
    expect(client.futures.get(x)).toMatchObject({
      failed: { failure: { kind: 'unrunnable', text: expect.stringMatching(/needs 1 gpu/) } },
    });
    client.release(x);
    expect(cluster.tasks).toBe(0);
  });

  test('a preference is kept while there is room, and given up when there is not', () => {
    const cluster = new Cluster();
    const [preferred, other] = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    client.map(1, { workers: [2], allowOtherWorkers: true });
    expect([preferred.runs.size, other.runs.size]).toEqual([1, 0]);
    client.map(99, { workers: [2], allowOtherWorkers: true });
    cluster.drain();
    expect(other.started.length).toBeGreaterThanOrEqual(20);
    expect(preferred.started.length).toBeGreaterThanOrEqual(20);
  });

  test('never more tasks than resources; counters are full again after success, error and cancel', () => {
    const cluster = new Cluster();
    const [two, one] = [
      cluster.join(2, { threads: 4, resources: { A: 2 } }),
      cluster.join(3, { threads: 4, resources: { A: 1 } }),
    ];
    const client = cluster.client();
    const numbers = client.map(6, { resources: { A: 1 } });
    expect([two.runs.size, one.runs.size]).toEqual([2, 1]);
    two.finish();
    two.fail();
    expect([two.runs.size, one.runs.size]).toEqual([2, 1]);
    client.cancel(numbers);
    const { workers } = cluster.scheduler.state;
    expect([workers.get(2)!.free, workers.get(3)!.free]).toEqual([{ A: 2 }, { A: 1 }]);
  });

  test('a task whose resource is busy is overtaken; one that no worker offers waits for it', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2, { threads: 2, resources: { A: 1 } });
    const client = cluster.client();
    client.submit('first', [], { resources: { A: 1 } });
    client.submit('second', [], { resources: { A: 1 } });
    client.submit('plain');
    client.submit('gpu', [], { resources: { gpu: 0.5 } });
    expect(worker.names).toEqual(['first', 'plain']);
    expect(cluster.join(3, { resources: { gpu: 1 } }).names).toEqual(['gpu']);
  });
});

describe('actors and tasks of several ranks', () => {
  test('10 actors over 5 workers are 2 each', () => {
    const cluster = new Cluster();
    const workers = [2, 3, 4, 5, 6].map((rank) => cluster.join(rank));
    const client = cluster.client();
    const numbers = client.map(10, { actor: true });
    expect(workers.map((worker) => worker.runs.size)).toEqual([2, 2, 2, 2, 2]);
    cluster.drain();
    expect(new Set(client.statuses(numbers))).toEqual(new Set(['stored']));
    cluster.kill(2);
    expect(client.statuses(numbers).filter((status) => status === 'error')).toHaveLength(2);
  });

  test('a task of 2 ranks starts on both at once and waits for both to end', () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    client.submit('busy', [], { workers: [2] });
    const both = client.submit('both', [], { ranks: 2 });
    client.submit('later');
    expect([a.names, b.names]).toEqual([['busy'], []]);
    a.finish('busy');
    expect([a.names, b.names]).toEqual([['both'], ['both']]);
    const group = a.run('both').order.group!;
    expect([...group].sort()).toEqual([2, 3]);
    a.finish('both');
    expect(client.status(both)).toBe('pending');
    b.finish('both');
    expect(client.status(both)).toBe('finished');
    expect([...a.names, ...b.names]).toEqual(['later']);
  });

  test('an error or a death on one rank ends the run on the others', () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    const bad = client.submit('bad', [], { ranks: 2 });
    b.fail('bad');
    expect(a.names).toEqual([]);
    expect(client.status(bad)).toBe('error');
    const good = client.submit('good', [], { ranks: 2 });
    cluster.kill(3);
    expect(a.names).toEqual([]);
    const c = cluster.join(4);
    expect([a.names, c.names]).toEqual([['good'], ['good']]);
    cluster.drain();
    expect(client.status(good)).toBe('finished');
  });
});

import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

describe('errors and retries', () => {
  test('dependents carry the error at the root, and the root keeps it until the last of them is released', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    const y = client.submit('y', [x]);
    const z = client.submit('z', [y]);
    worker.fail('x', { text: 'TypeError: no' });
    for (const number of [x, y, z]) {
      expect(client.futures.get(number)).toMatchObject({
        status: 'error',
        failed: { blame: 'x', worker: 2, failure: { kind: 'thrown', text: 'TypeError: no' } },
      });
    }
    client.release(x);
    client.release(y);
    expect(cluster.tasks).toBe(3);
    client.release(z);
    expect(cluster.tasks).toBe(0);
  });

  test('a dependent submitted after the error has it at once; other tasks go on', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    worker.fail('x');
    const y = client.submit('y', [x]);
    expect(client.status(y)).toBe('error');
    const other = client.submit('other');
    worker.finish('other');
    expect(client.status(other)).toBe('finished');
  });

  test.each([
    [0, 'error', 1],
    [1, 'error', 2],
    [2, 'finished', 3],
  ])('with %i retries a task that fails twice ends as %s after %i runs', (retries, status, runs) => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x', [], { retries });
    for (let run = 1; run <= runs; run++) {
      expect(worker.run('x').run).toBe(run);
      if (run === 3) worker.finish('x');
      else worker.fail('x', { text: `failure ${run}` });
    }
    expect(client.status(x)).toBe(status);
    expect(worker.runs.size).toBe(0);
  });

  test('retry runs an erred task again, and the erred one it depends on', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    const y = client.submit('y', [x]);
    client.release(x);
    worker.fail('x');
    expect(client.status(y)).toBe('error');
    client.send({ kind: 'retry', client: 0, numbers: [y] });
    expect(client.status(y)).toBe('pending');
    worker.finish('x');
    worker.finish('y');
    expect(client.status(y)).toBe('finished');
  });

  test('a late answer of an earlier run is ignored', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    const first = worker.run('x');
    worker.send({ kind: 'rescheduled', tasks: [first.task], runs: [first.run] });
    expect(worker.run('x').run).toBe(2);
    worker.finish(first);
    expect(client.status(x)).toBe('pending');
    expect(cluster.scheduler.state.workers.get(2)!.tasks).toHaveLength(1);
  });

  test.each([
    ['without dependencies', 0, {}],
    ['with its data and a preference at one of them', 1, { workers: [2], allowOtherWorkers: true }],
  ])('a task that asks to be run again moves while another worker has room: %s', (_, dependencies, options) => {
    const cluster = new Cluster();
    const workers = [cluster.join(2), cluster.join(3)] as const;
    const client = cluster.client();
    const data = client.submit('data', [], { workers: [2] });
    workers[0].finish('data', { nbytes: 1e6, duration: 0.1 });
    const x = client.submit('x', [data].slice(0, dependencies), options);
    const place = (): number => workers.findIndex((worker) => worker.names.includes('x'));
    const again = (): void => {
      const worker = workers[place()]!;
      const { task, run } = worker.run('x');
      worker.runs.delete(task);
      worker.send({ kind: 'rescheduled', tasks: [task], runs: [run] });
    };
    for (let i = 0; i < 10; i++) {
      const before = place();
      again();
      expect(place()).toBe(1 - before);
    }
    // A task of all ranks that was given up keeps none of them.
    const held = client.submit('held', [], { workers: [2] });
    client.cancel([client.submit('both', [], { ranks: 2 }), held]);
    for (let i = 0; i < 2; i++) {
      const before = place();
      again();
      expect(place()).toBe(1 - before);
    }
    const here = place();
    client.submit('busy', [], { workers: [3 - here] });
    again();
    expect(place()).toBe(here);
    cluster.drain();
    expect(client.status(x)).toBe('finished');
  });

  test('a task whose threads die is given up after allowedFailures deaths more than allowed', () => {
    const cluster = new Cluster({ allowedFailures: 2 });
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x', [], { retries: 5 });
    worker.fail('x', { killed: true });
    worker.fail('x', { killed: true });
    expect(client.status(x)).toBe('pending');
    worker.fail('x', { killed: true });
    expect(client.futures.get(x)).toMatchObject({ failed: { failure: { kind: 'killed-worker', deaths: 3 } } });
  });
});

import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

describe('tasks and keys', () => {
  test('a task runs once on a worker and its result reaches the client', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    expect(client.status(x)).toBe('pending');
    worker.finish('x');
    expect(client.status(x)).toBe('finished');
    client.release(x);
    expect(cluster.tasks).toBe(0);
  });

  test('a dependent starts when what it depends on is there, and gets small values with its order', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    const y = client.submit('y', [x]);
    expect(worker.names).toEqual(['x']);
    worker.finish('x', { nbytes: 3 });
    expect(worker.run('y').locations).toEqual([{ task: 0, value: new Uint8Array(3) }]);
    worker.finish('y');
    expect(client.statuses([x, y])).toEqual(['finished', 'finished']);
  });

  test('the same key of the same client, or of two, is one task', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const one = cluster.client(1, 0);
    const two = cluster.client(1, 1);
    const a = one.submit('x');
    const b = one.submit('x');
    const c = two.submit('x');
    worker.finish('x');
    expect([one.status(a), one.status(b), two.status(c)]).toEqual(['finished', 'finished', 'finished']);
    expect(worker.started).toEqual(['x']);
    const late = two.submit('x');
    expect(two.status(late)).toBe('finished');
    expect(worker.started).toEqual(['x']);
  });

  test('the same key of a task that failed gives its error without running it', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const one = cluster.client(1, 0);
    const two = cluster.client(1, 1);
    one.submit('x');
    worker.fail('x');
    const again = two.submit('x');
    expect(two.status(again)).toBe('error');
    expect(worker.started).toEqual(['x']);
  });

  test('tasks without keys are different tasks', () => {
    const cluster = new Cluster();
    cluster.join(2, { threads: 4 });
    const client = cluster.client();
    client.map(2);
    expect(cluster.tasks).toBe(2);
  });

  test('a map of 0 tasks says nothing and leaves nothing', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    client.map(0);
    expect(cluster.tasks).toBe(0);
    expect(cluster.scheduler.state.classes.size).toBe(0);
  });

  test('100 tasks in batches of 10 all finish, each with its own arguments', () => {
    const cluster = new Cluster();
    const workers = [cluster.join(2), cluster.join(3, { threads: 2 })];
    const client = cluster.client();
    const numbers = Array.from({ length: 10 }, () => client.map(10, {}, { generation: 0 })).flat();
    cluster.drain();
    expect(new Set(client.statuses(numbers))).toEqual(new Set(['finished']));
    const places = workers.flatMap((worker) =>
      worker.records.flatMap((record) =>
        record.kind === 'run'
          ? record.tasks.map((task, i) => [task, record.chunks[record.chunkOf[i]!]![0]![0]!, record.positions[i]!])
          : [],
      ),
    );
    expect(places).toHaveLength(100);
    for (const [task, chunk, position] of places) expect(chunk! * 4 + position!).toBe(task! % 10);
  });

  test('a function is described to a worker once, and no longer known when nobody needs it', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2, { threads: 8 });
    const client = cluster.client();
    client.map(5);
    client.map(5);
    cluster.drain();
    expect(worker.records.filter((record) => record.kind === 'define')).toHaveLength(1);
    client.send({ kind: 'close-client', client: 0 });
    expect(cluster.scheduler.state.functions.size).toBe(0);
    expect(worker.records.at(-1)).toMatchObject({ kind: 'forget-functions' });
  });

  test('own dependencies come after shared ones, in order, the same one twice if named twice', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2, { threads: 4 });
    const client = cluster.client();
    const [a, b, c] = [client.submit('a'), client.submit('b'), client.submit('c')];
    const [t0, t1] = client.map(2, {}, { sharedDependencies: [c], dependencies: [0, a, 1, b, 1, b] });
    cluster.drain();
    const runs = worker.records.flatMap((record) => (record.kind === 'run' && record.dependencies ? [record] : []));
    const tasks = runs.flatMap((run) => run.dependencies!.map((own) => own.map((at) => run.locations![at]!.task)));
    expect(tasks).toEqual([
      [2, 0],
      [2, 1, 1],
    ]);
    client.release(a, b, c, t0!, t1!);
    expect(cluster.tasks).toBe(0);
  });

  test('a task that depends on a released future is cancelled', () => {
    const cluster = new Cluster();
    cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    client.release(x);
    const y = client.submit('y', [x]);
    expect(client.futures.get(y)).toMatchObject({ status: 'cancelled', cancelled: { reason: 'released' } });
    expect(cluster.tasks).toBe(0);
  });
});

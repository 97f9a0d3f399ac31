import { describe, expect, test } from 'vitest';
import { clientId } from '../../src/protocol/index.ts';
import { Cluster } from './cluster.ts';

describe('release', () => {
  test('the last release lets go of the task and of the data in the worker; the first of two does not', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const a = client.submit('x');
    const b = client.submit('x');
    worker.finish('x', { nbytes: 1000 });
    client.release(a);
    expect(worker.data.size).toBe(1);
    client.release(b);
    expect(worker.data.size).toBe(0);
    expect(cluster.tasks).toBe(0);
  });

  test('what a task was computed from stays known while the task is, without its data', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2, { threads: 2 });
    const client = cluster.client();
    const [x, y] = [client.submit('x'), client.submit('y')];
    const z = client.submit('z', [x]);
    client.release(x);
    worker.finish('x', { nbytes: 1000 });
    worker.finish('y');
    expect(worker.data.size).toBe(1);
    worker.finish('z');
    expect(worker.data.size).toBe(0);
    expect(cluster.tasks).toBe(3);
    client.release(z);
    expect([...cluster.scheduler.state.keys.keys()]).toEqual(['y']);
    client.release(y);
    expect(cluster.tasks).toBe(0);
  });

  test('a diamond goes when its last corner does', () => {
    const cluster = new Cluster();
    cluster.join(2);
    const client = cluster.client();
    const a = client.submit('a');
    const [b, c] = [client.submit('b', [a]), client.submit('c', [a])];
    const d = client.submit('d', [b, c]);
    cluster.drain();
    client.release(a, b, c);
    expect(cluster.tasks).toBe(4);
    client.release(d);
    expect(cluster.tasks).toBe(0);
  });

  test('a released key that is submitted again is computed again', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    const y = client.submit('y', [x]);
    cluster.drain();
    client.release(x);
    const again = client.submit('x');
    expect(client.status(again)).toBe('pending');
    worker.finish('x');
    expect(client.statuses([again, y])).toEqual(['finished', 'finished']);
  });

  test('dropping 1000 futures stops what runs and never starts the rest', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    client.map(1000);
    client.send({ kind: 'release', client: 0, ranges: [0, 1000] });
    expect(worker.runs.size).toBe(0);
    expect(worker.started).toHaveLength(1);
    expect(cluster.tasks).toBe(0);
    expect(cluster.scheduler.state.workers.get(2)!.tasks).toHaveLength(0);
  });

  test('fire and forget runs without a future and then disappears, also when it fails', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2, { threads: 2 });
    const client = cluster.client();
    const numbers = [
      client.submit('ok', [], { fireAndForget: true }),
      client.submit('bad', [], { fireAndForget: true }),
    ];
    client.release(...numbers);
    expect(worker.names).toEqual(['ok', 'bad']);
    worker.finish('ok');
    worker.fail('bad');
    expect(cluster.tasks).toBe(0);
  });

  test('a chain of 50,000 tasks is released without recursion', () => {
    const cluster = new Cluster({ validate: false });
    const client = cluster.client();
    let last = client.submit('c0');
    for (let i = 1; i < 50_000; i++) {
      const next = client.submit(`c${i}`, [last]);
      client.release(last);
      last = next;
    }
    expect(cluster.tasks).toBe(50_000);
    client.release(last);
    expect(cluster.tasks).toBe(0);
  });
});

describe('cancel', () => {
  test('takes dependents along and stops what runs', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    const y = client.submit('y', [x]);
    client.cancel([x], { message: 'enough' });
    expect(client.futures.get(x)).toMatchObject({ cancelled: { reason: 'requested', message: 'enough' } });
    expect(client.futures.get(y)).toMatchObject({ cancelled: { reason: 'dependency' } });
    expect(worker.runs.size).toBe(0);
    expect(cluster.tasks).toBe(0);
  });

  test("by one client leaves another client's future of the same key; with force it does not", () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const one = cluster.client(1, 0);
    const two = cluster.client(1, 1);
    const a = one.submit('x');
    const b = two.submit('x');
    one.cancel([a]);
    expect([one.status(a), two.status(b)]).toEqual(['cancelled', 'pending']);
    expect(worker.names).toEqual(['x']);
    two.cancel([b], { force: true });
    expect(worker.names).toEqual([]);
    const [c, d] = [one.submit('x'), two.submit('x')];
    one.cancel([c], { force: true });
    expect(two.status(d)).toBe('cancelled');
    expect(cluster.tasks).toBe(0);
  });

  test('1000 submissions with cancels leave no state', () => {
    const cluster = new Cluster();
    cluster.join(2);
    const client = cluster.client();
    for (let i = 0; i < 1000; i++) client.cancel([client.submit(i % 2 === 0 ? 'same' : undefined)]);
    expect(cluster.tasks).toBe(0);
    expect(cluster.scheduler.state.keys.size).toBe(0);
  });
});

describe('several clients', () => {
  test('a dead client takes its tasks along, but not what others want', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2, { threads: 3 });
    const one = cluster.client(1);
    const two = cluster.client(9);
    one.submit('mine');
    one.submit('ours');
    const ours = two.submit('ours');
    cluster.kill(1);
    expect(worker.names).toEqual(['ours']);
    worker.finish('ours');
    expect(two.status(ours)).toBe('finished');
    two.release(ours);
    expect(cluster.tasks).toBe(0);
  });

  test('a future inside a value becomes one of the importing client', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const one = cluster.client(1);
    const two = cluster.client(9);
    const x = one.submit('x');
    two.send({ kind: 'import', client: 0, number: 7, from: { client: clientId(1, 0), number: x } });
    one.send({ kind: 'close-client', client: 0 });
    worker.finish('x');
    expect(two.status(7)).toBe('finished');
    two.send({ kind: 'import', client: 0, number: 8, from: { client: clientId(1, 0), number: x } });
    expect(two.futures.get(8)).toMatchObject({ cancelled: { reason: 'released' } });
  });

  test('futures inside a result live as long as the result', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2, { threads: 2 });
    const client = cluster.client();
    const inside = cluster.client(2, 3);
    const outer = client.submit('outer');
    const { task, run } = worker.run('outer');
    const inner = inside.submit('inner', [], {}, { parent: { task, run } });
    const values = { bytes: Uint8Array.of(1), ends: [1] };
    worker.runs.delete(task);
    worker.send({ kind: 'finished', tasks: [task], runs: [run], durations: [1], values, holds: [0, 3, inner] });
    inside.release(inner);
    worker.finish('inner');
    client.send({ kind: 'import', client: 0, number: 50, from: { client: clientId(2, 3), number: inner } });
    expect(client.status(50)).toBe('finished');
    client.release(50);
    expect(cluster.tasks).toBe(2);
    client.release(outer);
    expect(cluster.tasks).toBe(0);
    expect(cluster.scheduler.state.coordination.references.size).toBe(0);
  });
});

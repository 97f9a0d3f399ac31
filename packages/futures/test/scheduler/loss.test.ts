import { describe, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';

describe('lost workers', () => {
  test('what it ran is run elsewhere, what only it stored is computed again', () => {
    const cluster = new Cluster();
    const lost = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    lost.finish('x', { nbytes: 1000 });
    const y = client.submit('y', [x]);
    const other = cluster.join(3);
    cluster.kill(2);
    expect(client.status(x)).toBe('pending');
    expect(other.names).toEqual(['x']);
    other.finish('x', { nbytes: 1000 });
    other.finish('y');
    expect(client.statuses([x, y])).toEqual(['stored', 'finished']);
  });

  test('with another copy nothing is computed again', () => {
    const cluster = new Cluster();
    const lost = cluster.join(2);
    const other = cluster.join(3);
    const client = cluster.client();
    const x = client.submit('x', [], { workers: [2], allowOtherWorkers: true });
    lost.finish('x', { nbytes: 1000 });
    other.send({ kind: 'fetched', tasks: [0], nbytes: [1000] });
    cluster.kill(2);
    expect(client.status(x)).toBe('stored');
    expect(other.runs.size).toBe(0);
  });

  test('small results live with the scheduler: no death loses them', () => {
    const cluster = new Cluster();
    cluster.join(2).cluster.client();
    const client = cluster.clients.get(1e6)!;
    const x = client.submit('x');
    cluster.drain();
    cluster.kill(2);
    const y = client.submit('y', [x]);
    cluster.join(3);
    cluster.drain();
    expect(client.statuses([x, y])).toEqual(['finished', 'finished']);
  });

  test('lost leaves of a finished tree are computed again only where needed', () => {
    const cluster = new Cluster();
    const lost = cluster.join(2);
    const client = cluster.client();
    const leaves = Array.from({ length: 8 }, (_, i) => client.submit(`leaf${i}`));
    const sums = [0, 1].map((i) => client.submit(`sum${i}`, leaves.slice(4 * i, 4 * i + 4)));
    const root = client.submit('root', sums);
    client.release(...leaves);
    while (!lost.names.includes('sum1')) lost.finish(undefined, { nbytes: 1000 });
    const other = cluster.join(3, { threads: 16 });
    const sum0 = cluster.scheduler.state.keys.get('sum0')!.id;
    other.send({ kind: 'fetched', tasks: [sum0], nbytes: [1000] });
    client.release(...sums);
    cluster.kill(2);
    cluster.drain();
    expect(client.status(root)).toBe('finished');
    expect(other.started).toEqual(['leaf4', 'leaf5', 'leaf6', 'leaf7', 'sum1', 'root']);
  });

  test('a task is given up with the name of the last worker after more deaths than allowed', () => {
    const cluster = new Cluster({ allowedFailures: 3 });
    const client = cluster.client();
    const x = client.submit('x');
    for (let death = 1; death <= 4; death++) {
      expect(client.status(x)).toBe('pending');
      cluster.join(10 + death, { name: `worker ${death}` });
      cluster.kill(10 + death);
    }
    expect(client.futures.get(x)).toMatchObject({
      failed: {
        blame: 'x',
        worker: 14,
        failure: { kind: 'killed-worker', deaths: 4, text: expect.stringMatching(/worker 4/) },
      },
    });
  });

  test('with allowedFailures 0 the first death is enough, but only for what was running', () => {
    const cluster = new Cluster({ allowedFailures: 0 });
    const first = cluster.join(2);
    const client = cluster.client();
    const numbers = client.map(100);
    first.finish(undefined, { duration: 0.01 });
    expect(first.runs.size).toBeGreaterThan(10);
    cluster.kill(2);
    cluster.join(3);
    cluster.drain();
    expect(new Set(client.statuses(numbers))).toEqual(new Set(['finished']));
    const killer = client.submit('killer');
    cluster.kill(3);
    expect(client.status(killer)).toBe('error');
  });

  test('a worker that leaves in good order puts no task under suspicion', () => {
    const cluster = new Cluster({ allowedFailures: 0 });
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    cluster.workers.delete(2);
    worker.send({ kind: 'leave' });
    cluster.join(3).finish('x');
    expect(client.status(x)).toBe('finished');
  });

  test('a worker without a sign of life for too long is lost', () => {
    const cluster = new Cluster({ workerTimeout: 1000 });
    const worker = cluster.join(2);
    const client = cluster.client();
    client.submit('x');
    for (const ms of [0, 900]) cluster.tick(ms);
    expect(cluster.scheduler.state.workers.size).toBe(1);
    cluster.tick(200);
    expect(cluster.scheduler.state.workers.size).toBe(0);
    expect(worker.records.at(-1)).toEqual({ kind: 'expired' });
    expect(cluster.host).toEqual([{ kind: 'expired', rank: 2 }]);
    expect(client.records).toContainEqual({ kind: 'expired', client: 0, rank: 2 });
    expect(cluster.join(2).names).toEqual(['x']);
  });

  test('silence does not count while the scheduler is held up, a worker shares its loop with a script, or runs something on it', () => {
    const cluster = new Cluster({ workerTimeout: 3000 });
    const [first, second, called] = [cluster.join(2), cluster.join(5), cluster.join(3)];
    cluster.join(4, { shared: true });
    const client = cluster.client();
    client.submit('g', [], { ranks: 2, workers: [2, 5] });
    client.ask({ method: 'run', fn: client.description, args: [], workers: [3] });
    const pass = (ticks: number): number => {
      for (let i = 0; i < ticks; i++) cluster.tick(500);
      return cluster.scheduler.state.workers.size;
    };
    cluster.tick(0);
    cluster.tick(100_000);
    expect(pass(20)).toBe(4);
    const call = called.records.findLast((record) => record.kind === 'call');
    if (call?.kind !== 'call') throw new Error('no call');
    called.send({ kind: 'called', call: call.call, outcome: { ok: true, value: [] } });
    for (const member of [first, second]) member.finish('g');
    expect(pass(6)).toBe(4);
    expect(pass(1)).toBe(1);
  });

  test('a run that cannot get its dependency is ordered again once that is computed again', () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    const x = client.submit('x', [], { workers: [2] });
    a.finish('x', { nbytes: 1000 });
    const y = client.submit('y', [x], { workers: [3] });
    const { task, run } = b.run('y');
    b.runs.delete(task);
    b.send({ kind: 'missing-dependency', task, run, missing: 0, holder: 2 });
    expect(a.names).toEqual(['x']);
    a.finish('x', { nbytes: 1000 });
    expect(b.run('y').run).toBe(2);
    b.finish('y');
    expect(client.status(y)).toBe('finished');
  });

  test('a client that cannot fetch a result is told where it is next', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    worker.finish('x', { nbytes: 1000 });
    client.send({ kind: 'missing', client: 0, number: x, holder: 2 });
    expect(client.status(x)).toBe('pending');
    worker.finish('x', { nbytes: 1000 });
    expect(client.futures.get(x)).toMatchObject({ status: 'stored', holders: [2] });
  });
});

describe('scattered data', () => {
  const scatter = (cluster: Cluster, data: { broadcast?: boolean; workers?: number[] } = {}, key?: string) => {
    const client = cluster.clients.get(1e6)!;
    const number = client.next++;
    client.send({
      kind: 'scatter',
      client: 0,
      first: number,
      nbytes: [1000],
      ...(key && { keys: [key] }),
      data: { at: 'client', ...data },
    });
    return number;
  };
  const places = (cluster: Cluster) =>
    cluster.clients.get(1e6)!.records.flatMap((record) => (record.kind === 'place' ? [record] : []));

  test('is placed on one worker, on all, or on those named; paused ones are avoided', () => {
    const cluster = new Cluster();
    for (const rank of [2, 3, 4]) cluster.join(rank);
    cluster.workers.get(4)!.send({ kind: 'status', paused: true });
    cluster.client();
    scatter(cluster);
    scatter(cluster, { broadcast: true });
    scatter(cluster, { workers: [3] });
    const ranks = places(cluster).map((place) => [...place.ranks[0]!].sort());
    expect(ranks[0]).toHaveLength(1);
    expect(ranks.slice(1)).toEqual([[2, 3], [3]]);
  });

  test('without a worker it waits for one; dependents wait for the data', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const x = scatter(cluster);
    const y = client.submit('y', [x]);
    const worker = cluster.join(2);
    expect(places(cluster)).toMatchObject([{ numbers: [x], ranks: [[2]] }]);
    expect(worker.runs.size).toBe(0);
    worker.send({ kind: 'fetched', tasks: [places(cluster)[0]!.tasks[0]!], nbytes: [1000] });
    expect(client.status(x)).toBe('stored');
    worker.finish('y');
    expect(client.status(y)).toBe('finished');
  });

  test('the same key is one value', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    const a = scatter(cluster, {}, 'data');
    const b = scatter(cluster, {}, 'data');
    worker.send({ kind: 'fetched', tasks: [0], nbytes: [1000] });
    expect(client.statuses([a, b])).toEqual(['stored', 'stored']);
    expect(places(cluster)).toHaveLength(1);
  });

  test('lost, it is cancelled with what needs it; with a copy, nothing is', () => {
    const cluster = new Cluster();
    const [a, b] = [cluster.join(2), cluster.join(3)];
    const client = cluster.client();
    const x = scatter(cluster, { workers: [2] });
    a.send({ kind: 'fetched', tasks: [0], nbytes: [1000] });
    const kept = scatter(cluster, { workers: [2] });
    a.send({ kind: 'fetched', tasks: [1], nbytes: [1000] });
    b.send({ kind: 'fetched', tasks: [1], nbytes: [1000] });
    const y = client.submit('y', [x], { workers: [3] });
    const z = client.submit('z', [x], { workers: [4] });
    cluster.kill(2);
    expect(client.futures.get(x)).toMatchObject({ cancelled: { reason: 'data-lost' } });
    expect(client.futures.get(z)).toMatchObject({ cancelled: { reason: 'data-lost' } });
    // The run of y may have fetched x before.
    expect(client.status(y)).toBe('pending');
    b.send({ kind: 'missing-dependency', task: b.run('y').task, run: 1, missing: 0, holder: 2 });
    expect(client.futures.get(y)).toMatchObject({ cancelled: { reason: 'data-lost' } });
    expect(client.status(kept)).toBe('stored');
  });
});

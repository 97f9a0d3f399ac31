import { describe, expect, test } from 'vitest';
import type { Membership } from '../../src/scheduler/membership.ts';
import { Cluster, type SimulatedClient } from './cluster.ts';

const FIXED: Membership = { initial: [2, 3], replaced: false, more: 'none' };
const REPLACED: Membership = { ...FIXED, replaced: true };
const GROWING: Membership = { ...REPLACED, more: 'alike' };

function started(membership: Membership): { readonly cluster: Cluster; readonly client: SimulatedClient } {
  const cluster = new Cluster({}, membership);
  cluster.join(2);
  cluster.join(3, { name: 'bob', resources: { gpu: 1 } });
  return { cluster, client: cluster.client() };
}

const failure = (code: string, text: RegExp) => ({
  failed: { failure: { kind: 'unrunnable', code, text: expect.stringMatching(text) } },
});

describe('where workers are fixed', () => {
  test('what none of them can ever run fails at once, and says what it needs and what there is', () => {
    const { cluster, client } = started(FIXED);
    const much = client.submit('much', [], { resources: { gpu: 2 } });
    const wide = client.submit('wide', [], { ranks: 3 });
    const carol = client.submit('carol', [], { workers: ['carol'] });
    const alice = client.submit('alice', [], { workers: [2], resources: { gpu: 1 } });
    expect(client.futures.get(much)).toMatchObject(
      failure('PAR_UNRUNNABLE', /needs 2 gpu.*2; bob \(rank 3\) with 1 gpu/),
    );
    expect(client.futures.get(wide)).toMatchObject(failure('PAR_UNRUNNABLE', /needs 3 workers at a time/));
    expect(client.futures.get(carol)).toMatchObject(failure('PAR_NOT_FOUND', /needs workers carol/));
    expect(client.futures.get(alice)).toMatchObject(failure('PAR_UNRUNNABLE', /needs workers 2, 1 gpu/));
    const dear = client.submit('dear', [], { workers: ['carol'], allowOtherWorkers: true });
    cluster.drain();
    expect(client.status(dear)).toBe('finished');
    client.release(much, wide, carol, alice, dear);
    expect(cluster.tasks).toBe(0);
  });

  test('nothing is said before the last of them has joined', () => {
    const cluster = new Cluster({}, FIXED);
    cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x', [], { resources: { gpu: 1 } });
    const y = client.submit('y', [], { resources: { gpu: 9 } });
    expect(client.statuses([x, y])).toEqual(['pending', 'pending']);
    expect(cluster.join(3, { resources: { gpu: 1 } }).names).toEqual(['x']);
    expect(client.statuses([x, y])).toEqual(['pending', 'error']);
  });

  test('a worker that is lost before it has joined is not waited for', () => {
    const cluster = new Cluster({}, FIXED);
    cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x', [], { workers: [3] });
    cluster.kill(3);
    expect(client.status(x)).toBe('error');
  });

  test('a task does not wait for what it depends on when it can never run itself', () => {
    const { client } = started(FIXED);
    const x = client.submit('x');
    const y = client.submit('y', [x], { resources: { tpu: 1 } });
    const z = client.submit('z', [y]);
    expect(client.statuses([x, y, z])).toEqual(['pending', 'error', 'error']);
  });

  test('with the last worker that could run them, tasks fail, and so does what would have to be computed again', () => {
    const { cluster, client } = started(FIXED);
    const x = client.submit('x', [], { workers: ['bob'] });
    cluster.workers.get(3)!.finish('x', { nbytes: 1000 });
    const [running, queued] = client.map(2, { resources: { gpu: 1 } });
    const any = client.submit('any');
    cluster.kill(3);
    expect(client.statuses([x, running!, queued!])).toEqual(['error', 'error', 'error']);
    cluster.drain();
    expect(client.status(any)).toBe('finished');
    cluster.kill(2);
    expect(client.futures.get(client.submit('last'))).toMatchObject(failure('PAR_UNRUNNABLE', /there are no workers/));
  });

  test('one that left, counted as silent or lost its process is treated as what it is', () => {
    const cluster = new Cluster({ workerTimeout: 1000 }, FIXED);
    cluster.join(2, { shared: true });
    cluster.join(3, { resources: { gpu: 1 } });
    const client = cluster.client();
    const x = client.submit('x', [], { resources: { gpu: 1 } });
    for (const ms of [0, 900, 200]) cluster.tick(ms);
    expect(cluster.scheduler.state.workers.size).toBe(1);
    expect(client.status(x)).toBe('pending');
    expect(cluster.join(3, { resources: { gpu: 1 } }).names).toEqual(['x']);
    cluster.workers.delete(3);
    cluster.send(3, { kind: 'died', how: 'SIGSEGV' });
    expect(client.status(x)).toBe('pending');
    const again = cluster.join(3, { resources: { gpu: 1 } });
    expect(again.names).toEqual(['x']);
    cluster.workers.delete(3);
    again.send({ kind: 'leave' });
    expect(client.status(x)).toBe('error');
  });

  test('data for workers that are not there, or for none, fails; more workers than there are is refused', () => {
    const { cluster, client } = started(FIXED);
    const scatter = (workers?: (number | string)[]): number => {
      const number = client.next++;
      const data = { at: 'client', ...(workers && { workers }) } as const;
      client.send({ kind: 'scatter', client: 0, first: number, nbytes: [1000], data });
      return number;
    };
    expect(client.futures.get(scatter(['carol']))).toMatchObject(failure('PAR_NOT_FOUND', /no worker carol/));
    const answer = client.ask({ method: 'wait-for-workers', count: 3 });
    expect(client.answer(answer)).toMatchObject({ ok: false, code: 'PAR_NO_WORKERS' });
    const two = client.ask({ method: 'wait-for-workers', count: 2 });
    expect(client.answer(two)).toMatchObject({ ok: true });
    const waiting = scatter(['bob']);
    cluster.kill(3);
    expect(client.futures.get(waiting)).toMatchObject(failure('PAR_NOT_FOUND', /no worker bob/));
    cluster.kill(2);
    expect(client.futures.get(scatter())).toMatchObject(failure('PAR_UNRUNNABLE', /no workers/));
  });
});

describe('where others take the place of lost workers', () => {
  test('tasks wait for the one that can run them, but not for one of that rank', () => {
    const { cluster, client } = started(REPLACED);
    const [x, bob, three] = [{ resources: { gpu: 1 } }, { workers: ['bob'] }, { workers: [3] }].map((options, i) =>
      client.submit(`x${i}`, [], options),
    );
    cluster.kill(3);
    expect(client.statuses([x!, bob!, three!])).toEqual(['pending', 'pending', 'error']);
    cluster.join(4, { name: 'bob', resources: { gpu: 1 } });
    cluster.drain();
    expect(client.statuses([x!, bob!])).toEqual(['finished', 'finished']);
    expect(cluster.scheduler.state.members.most).toBe(2);
  });

  test('one that is lost before it has joined leaves it open what will come', () => {
    const cluster = new Cluster({}, REPLACED);
    cluster.join(2);
    cluster.kill(3);
    const client = cluster.client();
    const x = client.submit('x', [], { resources: { gpu: 1 } });
    expect(client.status(x)).toBe('pending');
    expect(cluster.join(4, { resources: { gpu: 1 } }).names).toEqual(['x']);
  });
});

describe('where more workers can be started', () => {
  test('tasks that need more of them wait, which is said once; what they do not have fails', () => {
    const { cluster, client } = started(GROWING);
    client.ask({ method: 'subscribe', topic: 'warn' });
    const wide = client.submit('wide', [], { ranks: 3 });
    const wider = client.submit('wider', [], { ranks: 3 });
    cluster.tick(100);
    const warnings = client.records.filter((record) => record.kind === 'event');
    expect(warnings).toHaveLength(1);
    const text = Buffer.from(warnings[0]!.message[0]!).toString();
    expect(text).toMatch(/wide waits for workers.*needs 3 workers at a time.*the 2 workers are/);
    const none = client.submit('none', [], { resources: { tpu: 1 } });
    expect(client.statuses([wide, wider, none])).toEqual(['pending', 'pending', 'error']);
    const many = client.ask({ method: 'wait-for-workers', count: 3 });
    cluster.join(4);
    cluster.drain();
    expect(client.statuses([wide, wider])).toEqual(['finished', 'finished']);
    expect(client.answer(many)).toMatchObject({ ok: true });
  });

  test('where any may join, all waits, and each need is told once', () => {
    const { cluster, client } = started({ ...REPLACED, more: 'any' });
    client.ask({ method: 'subscribe', topic: 'warn' });
    const gpus = client.map(2, { resources: { gpu: 2 } });
    const carol = client.submit('carol', [], { workers: ['carol'] });
    expect(client.statuses([...gpus, carol])).toEqual(['pending', 'pending', 'pending']);
    expect(client.records.filter((record) => record.kind === 'event')).toHaveLength(2);
    cluster.join(4, { name: 'carol', resources: { gpu: 2 } });
    cluster.drain();
    expect(client.statuses([...gpus, carol])).toEqual(['finished', 'finished', 'finished']);
  });
});

import { describe, expect, test } from 'vitest';
import type { ReceivedValue } from '../../src/protocol/index.ts';
import { clientId } from '../../src/protocol/index.ts';
import { Cluster } from './cluster.ts';

const bytes = (n: number) => ({ value: [Uint8Array.of(n)] });
const numbers = (values: readonly ReceivedValue[]) => values.map(({ value }) => value[0]![0]);

describe('queue', () => {
  test('gets wait for puts, first come first served; a batch takes what is there', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const first = client.ask({ method: 'queue-get', name: 'q' });
    const second = client.ask({ method: 'queue-get', name: 'q' });
    for (const n of [1, 2, 3, 4, 5]) client.ask({ method: 'queue-put', name: 'q', item: bytes(n) });
    expect(numbers(client.value(first))).toEqual([1]);
    expect(numbers(client.value(second))).toEqual([2]);
    expect(client.value(client.ask({ method: 'queue-size', name: 'q' }))).toBe(3);
    expect(numbers(client.value(client.ask({ method: 'queue-get', name: 'q', batch: 2 })))).toEqual([3, 4]);
    expect(numbers(client.value(client.ask({ method: 'queue-get', name: 'q', batch: 0 })))).toEqual([5]);
    expect(numbers(client.value(client.ask({ method: 'queue-get', name: 'q', batch: 0 })))).toEqual([]);
  });

  test('puts wait while it is full; a withdrawn one never happens', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const put = (n: number) => client.ask({ method: 'queue-put', name: 'q', maxSize: 1, item: bytes(n) });
    const [one, two, three] = [put(1), put(2), put(3)];
    expect(client.answer(one)).toBeDefined();
    expect(client.answer(two)).toBeUndefined();
    client.send({ kind: 'withdraw', client: 0, request: two });
    expect(client.answer(two)).toMatchObject({ ok: false, code: 'PAR_TIMEOUT' });
    expect(numbers(client.value(client.ask({ method: 'queue-get', name: 'q' })))).toEqual([1]);
    expect(client.answer(three)).toMatchObject({ ok: true });
    expect(numbers(client.value(client.ask({ method: 'queue-get', name: 'q' })))).toEqual([3]);
  });

  test('a future in it survives its client, and the one that gets it knows its state', () => {
    const cluster = new Cluster();
    cluster.join(2);
    const one = cluster.client(1);
    const two = cluster.client(9);
    const x = one.submit('x');
    one.ask({ method: 'queue-put', name: 'q', item: { value: [], holds: [x] } });
    cluster.drain();
    one.send({ kind: 'close-client', client: 0 });
    const [item] = two.value<ReceivedValue[]>(two.ask({ method: 'queue-get', name: 'q' }));
    expect(item!.references).toEqual([{ number: -1, from: { client: clientId(1, 0), number: x } }]);
    expect(two.status(-1)).toBe('finished');
    two.release(-1);
    expect(cluster.tasks).toBe(0);
  });

  test('closing it ends what waits', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const get = client.ask({ method: 'queue-get', name: 'q' });
    client.ask({ method: 'queue-close', name: 'q' });
    expect(client.answer(get)).toMatchObject({ ok: false, code: 'PAR_CLOSED' });
  });
});

describe('variable', () => {
  test('get waits until it is set, then gives the last value', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const early = client.ask({ method: 'variable-get', name: 'v' });
    for (const n of [1, 2]) client.ask({ method: 'variable-set', name: 'v', value: bytes(n) });
    expect(numbers([client.value(early)])).toEqual([1]);
    expect(numbers([client.value(client.ask({ method: 'variable-get', name: 'v' }))])).toEqual([2]);
  });

  test('setting it anew lets go of the future it held', () => {
    const cluster = new Cluster();
    cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    client.ask({ method: 'variable-set', name: 'v', value: { value: [], holds: [x] } });
    client.release(x);
    expect(cluster.tasks).toBe(1);
    client.ask({ method: 'variable-set', name: 'v', value: bytes(1) });
    expect(cluster.tasks).toBe(0);
    client.ask({ method: 'variable-delete', name: 'v' });
    expect(cluster.scheduler.state.coordination.variables.size).toBe(0);
  });
});

describe('event', () => {
  test('waits end when it is set; unset and unwaited it leaves no state', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const wait = client.ask({ method: 'event-wait', name: 'e' });
    client.ask({ method: 'event-set', name: 'e' });
    expect(client.answer(wait)).toMatchObject({ ok: true });
    expect(client.value(client.ask({ method: 'event-is-set', name: 'e' }))).toBe(true);
    client.ask({ method: 'event-clear', name: 'e' });
    expect(cluster.scheduler.state.coordination.events.size).toBe(0);
  });
});

describe('semaphore and locks', () => {
  const acquire = (name: string, maxLeases = 2, task?: number) =>
    ({ method: 'semaphore-acquire', name, maxLeases, ...(task !== undefined && { task }) }) as const;

  test('the third of two waits until one is released; releasing twice is refused', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const [a, , c] = [client.ask(acquire('s')), client.ask(acquire('s')), client.ask(acquire('s'))];
    expect(client.answer(c)).toBeUndefined();
    const lease = client.value<number>(a);
    client.ask({ method: 'semaphore-release', name: 's', lease });
    expect(client.answer(c)).toMatchObject({ ok: true });
    const again = client.ask({ method: 'semaphore-release', name: 's', lease });
    expect(client.answer(again)).toMatchObject({ ok: false, code: 'PAR_ARGUMENT' });
    expect(client.answer(client.ask(acquire('s', 3)))).toMatchObject({ ok: false, code: 'PAR_EXISTS' });
  });

  test('leases end with a dead client, and with the run of a task', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const one = cluster.client(1);
    const two = cluster.client(9);
    one.ask(acquire('lock', 1));
    const second = two.ask(acquire('lock', 1));
    expect(two.answer(second)).toBeUndefined();
    cluster.kill(1);
    expect(two.answer(second)).toMatchObject({ ok: true });
    two.submit('x');
    const inside = cluster.client(2);
    inside.ask(acquire('other', 1, worker.run('x').task));
    const waiting = two.ask(acquire('other', 1));
    expect(two.answer(waiting)).toBeUndefined();
    worker.fail('x');
    expect(two.answer(waiting)).toMatchObject({ ok: true });
  });

  test('a withdrawn acquire takes no lease later', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const held = client.value<number>(client.ask(acquire('s', 1)));
    const withdrawn = client.ask(acquire('s', 1));
    client.send({ kind: 'withdraw', client: 0, request: withdrawn });
    client.ask({ method: 'semaphore-release', name: 's', lease: held });
    expect(cluster.scheduler.state.coordination.leases.size).toBe(0);
    expect(cluster.scheduler.state.coordination.semaphores.size).toBe(0);
  });

  test('several locks are taken at once, all or any of them', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const take = (names: string[], count?: number) =>
      client.ask({ method: 'multi-lock-acquire', names, ...(count !== undefined && { count }) });
    const { lease } = client.value<{ lease: number }>(take(['a', 'b']));
    const both = take(['b', 'c']);
    const any = take(['a', 'd', 'e'], 2);
    expect(client.answer(both)).toBeUndefined();
    expect(client.value(any)).toMatchObject({ names: ['d', 'e'] });
    client.ask({ method: 'multi-lock-release', lease });
    expect(client.value(both)).toMatchObject({ names: ['b', 'c'] });
  });
});

describe('datasets and topics', () => {
  test('a dataset goes from client to client; a duplicate is refused; unpublishing lets go of it', () => {
    const cluster = new Cluster();
    cluster.join(2);
    const one = cluster.client(1);
    const two = cluster.client(9);
    const x = one.submit('x');
    const publish = { method: 'publish', name: 'd', value: { value: [], holds: [x] } } as const;
    one.ask(publish);
    expect(one.answer(one.ask(publish))).toMatchObject({ ok: false, code: 'PAR_EXISTS' });
    expect(one.answer(one.ask({ ...publish, override: true }))).toMatchObject({ ok: true });
    cluster.drain();
    one.send({ kind: 'close-client', client: 0 });
    expect(two.value(two.ask({ method: 'list-datasets' }))).toEqual(['d']);
    two.value(two.ask({ method: 'get-dataset', name: 'd' }));
    expect(two.status(-1)).toBe('finished');
    two.release(-1);
    two.ask({ method: 'unpublish', name: 'd' });
    expect(cluster.tasks).toBe(0);
    expect(two.answer(two.ask({ method: 'get-dataset', name: 'd' }))).toMatchObject({ code: 'PAR_NOT_FOUND' });
  });

  test('subscribers hear a topic until they unsubscribe; the history has all', () => {
    const cluster = new Cluster({ eventHistory: 2 });
    const client = cluster.client();
    const log = (n: number) => client.ask({ method: 'log-event', topic: 't', message: [Uint8Array.of(n)] });
    client.ask({ method: 'subscribe', topic: 't' });
    log(1);
    client.ask({ method: 'unsubscribe', topic: 't' });
    log(2);
    log(3);
    const heard = client.records.filter((record) => record.kind === 'event');
    expect(heard).toHaveLength(1);
    expect(client.value(client.ask({ method: 'get-events', topic: 't' }))).toMatchObject([
      { message: [Uint8Array.of(2)] },
      { message: [Uint8Array.of(3)] },
    ]);
  });
});

describe('the cluster', () => {
  test('a function runs on all workers, and what a lost one answers is its loss', () => {
    const cluster = new Cluster();
    for (const rank of [2, 3]) cluster.join(rank);
    const client = cluster.client();
    const fn = {
      description: { format: 1, hash: 'g', name: 'g', root: 0, nodes: [], values: [] },
      values: [],
    } as const;
    const run = client.ask({ method: 'run', fn, args: [] });
    const order = cluster.workers.get(2)!.records.find((record) => record.kind === 'call');
    const call = order?.kind === 'call' ? order.call : -1;
    cluster.send(2, { kind: 'called', call, outcome: { ok: true, value: [] } });
    expect(client.answer(run)).toBeUndefined();
    cluster.kill(3);
    expect(client.value(run)).toMatchObject([
      { rank: 2, outcome: { ok: true } },
      { rank: 3, outcome: { ok: false } },
    ]);
  });

  test('replicate makes as many copies as asked, and drops surplus ones', () => {
    const cluster = new Cluster();
    const workers = [2, 3, 4, 5].map((rank) => cluster.join(rank));
    const client = cluster.client();
    const x = client.submit('x', [], { workers: [2] });
    const copies = (count: number) => client.ask({ method: 'replicate', futures: [x], copies: count });
    const three = copies(3);
    workers[0]!.finish('x', { nbytes: 1000 });
    const ordered = workers.filter((worker) => worker.records.some((record) => record.kind === 'replicate'));
    expect(ordered).toHaveLength(2);
    expect(client.answer(three)).toBeUndefined();
    for (const worker of ordered) worker.send({ kind: 'fetched', tasks: [0], nbytes: [1000] });
    expect(client.answer(three)).toMatchObject({ ok: true });
    const who = () =>
      client.value<{ holders: number[] }[]>(client.ask({ method: 'who-has', futures: [x] }))[0]!.holders;
    expect(who()).toHaveLength(3);
    expect(client.answer(copies(1))).toMatchObject({ ok: true });
    expect(who()).toHaveLength(1);
  });

  test('a retiring worker ends what it runs and leaves when its data is elsewhere; nothing is computed again', () => {
    const cluster = new Cluster();
    const old = cluster.join(2);
    const client = cluster.client();
    const x = client.submit('x');
    old.finish('x', { nbytes: 1000 });
    const y = client.submit('y');
    const other = cluster.join(3);
    const retired = client.ask({ method: 'retire-workers', workers: [2] });
    client.submit('z');
    expect(other.names).toEqual(['z']);
    old.finish('y', { nbytes: 1000 });
    const copies = other.records.flatMap((record) => (record.kind === 'replicate' ? record.tasks : []));
    expect(copies).toHaveLength(2);
    other.send({ kind: 'fetched', tasks: copies, nbytes: [1000, 1000] });
    expect(old.closed).toBe(true);
    cluster.workers.delete(2);
    cluster.send(2, { kind: 'leave' });
    expect(client.answer(retired)).toMatchObject({ ok: true });
    expect(client.statuses([x, y])).toEqual(['stored', 'stored']);
  });

  test('restart cancels the futures of all clients, and keys can be submitted again', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const [one, two] = [cluster.client(1), cluster.client(9)];
    const [a, b] = [one.submit('x'), two.submit('y')];
    one.ask({ method: 'publish', name: 'd', value: { value: [], holds: [a] } });
    one.ask({ method: 'restart' });
    expect(one.futures.get(a)).toMatchObject({ cancelled: { reason: 'restart' } });
    expect(two.futures.get(b)).toMatchObject({ cancelled: { reason: 'restart' } });
    expect(cluster.tasks).toBe(0);
    const again = one.submit('x');
    worker.finish('x');
    expect(one.status(again)).toBe('finished');
  });

  test('waiting for workers ends when enough are there', () => {
    const cluster = new Cluster();
    const client = cluster.client();
    const wait = client.ask({ method: 'wait-for-workers', count: 2 });
    cluster.join(2);
    expect(client.answer(wait)).toBeUndefined();
    cluster.join(3);
    expect(client.value(wait)).toHaveLength(2);
  });

  test('a story tells the transitions of a task', () => {
    const cluster = new Cluster();
    cluster.join(2);
    const client = cluster.client();
    client.submit('x');
    cluster.drain();
    const story = client.value<{ from: string; to: string }[]>(client.ask({ method: 'story', key: 'x' }));
    expect(story.map(({ to }) => to)).toEqual(['queued', 'processing', 'memory']);
  });

  test('shutdown tells workers, clients and the host', () => {
    const cluster = new Cluster();
    const worker = cluster.join(2);
    const client = cluster.client();
    client.ask({ method: 'shutdown' });
    expect(worker.closed).toBe(true);
    expect(client.records.at(-1)).toMatchObject({ kind: 'stopped' });
    expect(cluster.host).toEqual([{ kind: 'shutdown' }]);
  });
});

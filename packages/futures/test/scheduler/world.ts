import type { TaskOptions } from '../../src/protocol/index.ts';
import type { Membership } from '../../src/scheduler/membership.ts';
import { Cluster, type Run, type SimulatedClient, type SimulatedWorker } from './cluster.ts';
import type { Step } from './history.ts';

/** Ranks of the first of each. */
export const FIRST_WORKER = 10;
const FIRST_CLIENT = 100_000;

/** A simulated cluster to which the steps of a history happen. */
export class World {
  readonly cluster: Cluster;
  readonly clients: SimulatedClient[] = [];
  readonly past: { readonly worker: SimulatedWorker; readonly run: Run }[] = [];
  nextRank = FIRST_WORKER;
  nextClientRank = FIRST_CLIENT;
  nextLocal = 2;
  readonly leases: { readonly client: SimulatedClient; readonly request: number }[] = [];

  constructor(membership?: Membership) {
    this.cluster = new Cluster({ allowedFailures: 2 }, membership);
    const rank = this.nextClientRank++;
    this.clients.push(this.cluster.client(rank, 0), this.cluster.client(rank, 1));
  }

  /** The client of the tasks of a worker. */
  clientOf(worker: SimulatedWorker): SimulatedClient {
    const known = this.clients.find(({ rank }) => rank === worker.rank);
    if (known) return known;
    const client = this.cluster.client(worker.rank, this.nextLocal++);
    this.clients.push(client);
    return client;
  }

  /** They went with their rank, or with its process. */
  forgetClients(rank: number): void {
    for (const client of this.clients.filter((one) => one.rank === rank)) {
      this.clients.splice(this.clients.indexOf(client), 1);
    }
  }

  closeClients(rank: number): void {
    for (const client of this.clients.filter((one) => one.rank === rank)) {
      client.send({ kind: 'close-client', client: client.local });
    }
    this.forgetClients(rank);
  }

  worker(at: number): SimulatedWorker | undefined {
    const all = [...this.cluster.workers.values()];
    return all[at % Math.max(all.length, 1)];
  }

  run(at: number): { worker: SimulatedWorker; run: Run } | undefined {
    const all = [...this.cluster.workers.values()].flatMap((worker) =>
      [...worker.runs.values()].map((run) => ({ worker, run })),
    );
    const found = all[at % Math.max(all.length, 1)];
    if (found) this.past.push(found);
    return found;
  }

  options(b: number): TaskOptions {
    switch (b % 9) {
      case 0:
        return { retries: 2 };
      case 1:
        return { resources: { gpu: 1 } };
      case 2:
        return { workers: [FIRST_WORKER, FIRST_WORKER + 2], allowOtherWorkers: b % 2 === 0 };
      case 3:
        return { actor: b % 4 === 0, priority: 1 };
      case 4:
        return { ranks: 1 + (b % 3) };
      case 5:
        return { fireAndForget: true };
      default:
        return {};
    }
  }

  live(client: SimulatedClient): number[] {
    return [...client.futures.keys()].filter((number) => client.status(number) !== 'cancelled');
  }

  some(client: SimulatedClient, a: number, b: number): number[] {
    const live = this.live(client);
    return live.length === 0 ? [] : [live[a % live.length]!, live[b % live.length]!].slice(0, 1 + (b % 2));
  }

  apply({ what, a, b }: Step): void {
    const { cluster } = this;
    const client = this.clients[a % this.clients.length]!;
    const worker = this.worker(a);
    cluster.now += 1;
    switch (what) {
      case 'submit':
        client.submit(b % 3 === 0 ? `k${b % 12}` : undefined, this.some(client, a, b), this.options(b));
        break;
      case 'map': {
        const own = this.some(client, a, b).flatMap((number, i) => [i, number]);
        client.map(5, this.options(b), { dependencies: own });
        break;
      }
      case 'finish': {
        const found = this.run(a);
        found?.worker.finish(found.run, { duration: b % 2 === 0 ? 0.01 : 50 });
        break;
      }
      case 'store': {
        const found = this.run(a);
        const first = found?.run.order.group?.[0] ?? found?.worker.rank;
        found?.worker.finish(found.run, { nbytes: first === found.worker.rank ? 1000 + b : 1 });
        break;
      }
      case 'fail':
      case 'kill-thread': {
        const found = this.run(a);
        found?.worker.fail(found.run.name, { killed: what === 'kill-thread' });
        break;
      }
      case 'join':
        if (cluster.workers.size < 5) {
          cluster.join(this.nextRank++, { threads: 1 + (b % 2), ...(b % 3 > 0 && { resources: { gpu: 2 } }) });
        }
        break;
      case 'kill':
        if (worker) {
          this.forgetClients(worker.rank);
          cluster.kill(worker.rank);
        }
        break;
      case 'leave':
        if (worker) this.leave(worker);
        break;
      case 'replace':
        // The process of an isolated worker died; the rank starts another.
        if (worker) {
          this.closeClients(worker.rank);
          cluster.workers.delete(worker.rank);
          cluster.send(worker.rank, { kind: 'died', how: 'SIGSEGV' });
          cluster.join(worker.rank, { threads: 1 + (b % 2) });
        }
        break;
      case 'lose-client':
        if (client.rank >= FIRST_CLIENT) {
          this.forgetClients(client.rank);
          cluster.kill(client.rank);
          this.clients.push(cluster.client(this.nextClientRank++, this.nextLocal++));
        }
        break;
      case 'scale':
        client.ask({ method: 'wait-for-workers', count: 1 + (b % 6) });
        if (cluster.workers.size > 2) {
          const workers = [this.worker(a)!.rank, this.worker(a + 1)!.rank];
          client.ask({ method: 'retire-workers', workers });
        }
        break;
      case 'acquire':
        this.acquire(client, a, b);
        break;
      case 'give-back': {
        const taken = this.leases[a % Math.max(this.leases.length, 1)];
        const outcome = taken?.client.answer(taken.request);
        if (!outcome?.ok || !this.clients.includes(taken!.client)) break;
        const value = outcome.value as number | { readonly lease: number };
        if (typeof value === 'number') taken!.client.ask({ method: 'semaphore-release', name: '', lease: value });
        else taken!.client.ask({ method: 'multi-lock-release', lease: value.lease });
        break;
      }
      case 'restart':
        client.ask({ method: 'restart' });
        break;
      case 'release':
        this.release(client, this.some(client, a, b));
        break;
      case 'cancel':
      case 'force':
        client.cancel(this.some(client, a, b), { force: what === 'force', ...(b % 3 === 0 && { waiting: true }) });
        break;
      case 'scatter':
        this.scatter(client, b);
        break;
      case 'put':
        this.put(a);
        break;
      case 'copy':
        this.copy(a, b);
        break;
      case 'miss': {
        const found = this.run(a);
        const remote = found?.run.locations.find((location) => 'holders' in location);
        if (!found || !remote || !('holders' in remote)) break;
        found.worker.runs.delete(found.run.task);
        const { task, run } = found.run;
        const holder = remote.holders[b % remote.holders.length]!;
        found.worker.send({ kind: 'missing-dependency', task, run, missing: remote.task, holder });
        break;
      }
      case 'gather-miss': {
        const number = this.live(client).find((one) => client.status(one) === 'stored');
        const future = number === undefined ? undefined : client.futures.get(number);
        if (future?.status !== 'stored') break;
        client.send({ kind: 'missing', client: client.local, number: number!, holder: future.holders[0]! });
        break;
      }
      case 'retract':
        if (worker?.records.some((record) => record.kind === 'retract')) worker.retract(b % 3);
        break;
      case 'reschedule': {
        const found = this.run(a);
        if (!found) break;
        found.worker.runs.delete(found.run.task);
        found.worker.send({ kind: 'rescheduled', tasks: [found.run.task], runs: [found.run.run] });
        break;
      }
      case 'block': {
        const found = this.run(a);
        const kind = b % 2 === 0 ? 'blocked' : 'unblocked';
        found?.worker.send({ kind, task: found.run.task, run: found.run.run });
        break;
      }
      case 'pause':
        worker?.send({ kind: 'status', paused: b % 2 === 0 });
        break;
      case 'retry':
        client.send({ kind: 'retry', client: client.local, numbers: this.live(client) });
        break;
      case 'close-client':
        client.send({ kind: 'close-client', client: client.local });
        this.clients.splice(this.clients.indexOf(client), 1);
        if (client.rank >= FIRST_CLIENT) this.clients.push(cluster.client(client.rank, this.nextLocal++));
        break;
      case 'retire':
        if (worker && cluster.workers.size > 1) client.ask({ method: 'retire-workers', workers: [worker.rank] });
        break;
      case 'replicate': {
        const live = this.live(client);
        client.ask({ method: 'replicate', futures: live, copies: 1 + (b % 3) });
        break;
      }
      case 'late': {
        const found = this.past[a % Math.max(this.past.length, 1)];
        if (!found || cluster.workers.get(found.worker.rank) !== found.worker) break;
        const { task, run } = found.run;
        if (found.worker.runs.get(task)?.run === run) break;
        this.late(found.worker, task, run, b);
        break;
      }
      case 'tick':
        cluster.tick(b % 200);
        break;
    }
    this.close();
  }

  /** What a worker says of a run that is over, or was taken from it. */
  late(worker: SimulatedWorker, task: number, run: number, b: number): void {
    const [tasks, runs, durations] = [[task], [run], [1]];
    switch (b % 5) {
      case 0:
        worker.send({ kind: 'finished', tasks, runs, durations, values: { bytes: Uint8Array.of(1), ends: [1] } });
        return;
      case 1:
        // The order that ends its run is on its way, and will free the data.
        worker.send({ kind: 'finished-stored', tasks, runs, durations, nbytes: [2000], types: ['object'] });
        return;
      case 2: {
        const failure = { kind: 'thrown', error: [], text: 'late' } as const;
        worker.send({ kind: 'errored', task, run, duration: 1, failure });
        return;
      }
      case 3:
        worker.send({ kind: 'rescheduled', tasks, runs });
        return;
      default:
        worker.send({ kind: 'blocked', task, run });
    }
  }

  /** For a script, for a task, or for one whose run is over. */
  acquire(script: SimulatedClient, a: number, b: number): void {
    const found = b % 4 === 0 ? undefined : this.run(a);
    const past = b % 4 === 1 ? this.past[b % this.past.length] : undefined;
    const client = found ? this.clientOf(found.worker) : script;
    const id = past?.run.task ?? found?.run.task;
    const task = id === undefined ? {} : { task: id };
    const request =
      b % 3 === 0
        ? client.ask({ method: 'multi-lock-acquire', names: ['x', 'y', 'z'], count: 1 + (a % 3), ...task })
        : client.ask({ method: 'semaphore-acquire', name: `s${b % 2}`, maxLeases: 1 + (b % 2), ...task });
    this.leases.push({ client, request });
  }

  leave(worker: SimulatedWorker): void {
    this.closeClients(worker.rank);
    this.cluster.workers.delete(worker.rank);
    this.cluster.send(worker.rank, { kind: 'leave' });
  }

  /** Workers that were told to close do. */
  close(): void {
    for (const worker of [...this.cluster.workers.values()]) if (worker.closed) this.leave(worker);
  }

  release(client: SimulatedClient, numbers: readonly number[]): void {
    for (const number of numbers) client.futures.delete(number);
    client.release(...numbers);
  }

  scatter(client: SimulatedClient, b: number): void {
    const number = client.next++;
    client.futures.set(number, { status: 'pending' });
    const data =
      b % 3 === 0
        ? ({ at: 'inline', values: [Uint8Array.of(1)] } as const)
        : ({ at: 'client', broadcast: 1 + (b % 2) } as const);
    const keys = b % 4 === 0 ? { keys: [`s${b % 3}`] } : {};
    client.send({ kind: 'scatter', client: client.local, first: number, nbytes: [2000], data, ...keys });
  }

  /** Data that clients were told to put somewhere arrives there. */
  put(a: number): void {
    const places = this.clients.flatMap((client) =>
      client.records.flatMap((record) =>
        record.kind === 'place' ? record.tasks.map((task, i) => ({ task, ranks: record.ranks[i]! })) : [],
      ),
    );
    const place = places[a % Math.max(places.length, 1)];
    for (const rank of place?.ranks ?? []) this.bring(rank, place!.task, 2000);
  }

  copy(a: number, b: number): void {
    const { tasks } = this.cluster.scheduler.state;
    const stored = [...tasks.values()].filter((task) => task.holders.length > 0 && !task.submission?.actor);
    const task = stored[a % Math.max(stored.length, 1)];
    const target = this.worker(b);
    if (task && target) this.bring(target.rank, task.id, task.nbytes);
  }

  bring(rank: number, task: number, nbytes: number): void {
    const worker = this.cluster.workers.get(rank);
    if (!worker || worker.data.has(task)) return;
    worker.data.set(task, nbytes);
    worker.send({ kind: 'fetched', tasks: [task], nbytes: [nbytes] });
  }
}

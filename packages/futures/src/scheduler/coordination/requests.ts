import type { Call, Request, TaskId, Withdraw } from '../../protocol/index.ts';
import type { ClientState } from '../client-state.ts';
import { counts, explain, hasWhat, nbytes, processing, storyOf, whoHas } from '../introspection.ts';
import { replicate, retire } from '../replication.ts';
import { restart } from '../restart.ts';
import type { SchedulerState } from '../state.ts';
import { STATE } from '../task.ts';
import { infoOf, takesTasks, type WorkerState } from '../worker-state.ts';
import { Ask } from './ask.ts';
import { EventFlag } from './event.ts';
import { keep } from './holds.ts';
import { Queue } from './queue.ts';
import { Semaphore } from './semaphore.ts';
import { Variable } from './variable.ts';

export function request(s: SchedulerState, client: ClientState, record: Request): void {
  const ask = new Ask(client, record.request);
  const asks = s.coordination.asks.get(client) ?? new Map<number, Ask>();
  s.coordination.asks.set(client, asks.set(record.request, ask));
  perform(s, client, ask, record.call);
  s.coordination.prune(s);
}

export function withdraw(s: SchedulerState, client: ClientState, { request: number }: Withdraw): void {
  const ask = s.coordination.asks.get(client)?.get(number);
  if (ask === undefined) return;
  ask.leave();
  ask.refuse(s, 'PAR_TIMEOUT', 'withdrawn');
  s.coordination.prune(s);
}

function named<T>(things: Map<string, T>, name: string, make: () => T): T {
  const known = things.get(name);
  if (known !== undefined) return known;
  const thing = make();
  things.set(name, thing);
  return thing;
}

function perform(s: SchedulerState, client: ClientState, ask: Ask, call: Call): void {
  const { coordination } = s;
  switch (call.method) {
    case 'who-has':
      ask.answer(s, whoHas(s, client, call.futures));
      return;
    case 'has-what':
      ask.answer(s, hasWhat(s, call.workers));
      return;
    case 'nbytes':
      ask.answer(s, nbytes(s, client, call.futures));
      return;
    case 'processing':
      ask.answer(s, processing(s, call.workers));
      return;
    case 'workers':
      ask.answer(s, [...s.workers.values()].map(infoOf));
      return;
    case 'counts':
      ask.answer(s, counts(s, client, call.ranges));
      return;
    case 'explain':
      ask.answer(s, explain(s, client, call.future));
      return;
    case 'story':
      ask.answer(s, storyOf(s, call.key));
      return;
    case 'wait-for-workers': {
      const wait = { ask, count: call.count };
      coordination.workerWaits.push(wait);
      ask.leave = () => {
        coordination.workerWaits = coordination.workerWaits.filter((other) => other !== wait);
      };
      coordination.workersChanged(s);
      return;
    }
    case 'run':
    case 'run-on-scheduler':
      runCall(s, ask, call);
      return;
    case 'replicate':
      copyTasks(s, client, ask, call);
      return;
    case 'retire-workers': {
      const workers = find(s, ask, call.workers, 'retireWorkers');
      if (workers) retire(s, workers, () => ask.answer(s));
      return;
    }
    case 'restart':
      restart(s);
      ask.answer(s);
      return;
    case 'shutdown':
      ask.answer(s);
      shutdown(s);
      return;
    case 'publish':
      coordination.datasets.publish(s, ask, call.name, keep(s, client, call.value), call.override ?? false);
      return;
    case 'get-dataset':
      coordination.datasets.get(s, ask, call.name);
      return;
    case 'list-datasets':
      ask.answer(s, coordination.datasets.names());
      return;
    case 'unpublish':
      coordination.datasets.unpublish(s, ask, call.name);
      return;
    case 'log-event':
      coordination.topics.log(s, call.topic, call.message);
      ask.answer(s);
      return;
    case 'get-events':
      ask.answer(s, coordination.topics.events(call.topic));
      return;
    case 'subscribe':
      coordination.topics.subscribe(client, call.topic);
      ask.answer(s);
      return;
    case 'unsubscribe':
      coordination.topics.unsubscribe(client, call.topic);
      ask.answer(s);
      return;
    default:
      performNamed(s, client, ask, call);
      return;
  }
}

type NamedCall = Extract<
  Call,
  {
    readonly method:
      | `queue-${string}`
      | `variable-${string}`
      | `event-${string}`
      | `semaphore-${string}`
      | `multi-lock-${string}`;
  }
>;

function performNamed(s: SchedulerState, client: ClientState, ask: Ask, call: NamedCall): void {
  const { queues, variables, events, semaphores, leases, multiLocks } = s.coordination;
  switch (call.method) {
    case 'queue-put': {
      if (isOver(s, client, call.task)) {
        ask.refuse(s, 'PAR_CLOSED', `queue '${call.name}': the task that puts is over`);
        return;
      }
      const queue = named(queues, call.name, () => new Queue());
      queue.maxSize ||= call.maxSize ?? 0;
      queue.put(s, ask, keep(s, client, call.item));
      return;
    }
    case 'queue-get':
      named(queues, call.name, () => new Queue()).get(s, ask, call.batch);
      return;
    case 'queue-size':
      ask.answer(s, queues.get(call.name)?.size ?? 0);
      return;
    case 'queue-close':
      queues.get(call.name)?.close(s, `queue '${call.name}' was closed`);
      queues.delete(call.name);
      ask.answer(s);
      return;
    case 'variable-set':
      named(variables, call.name, () => new Variable()).set(s, keep(s, client, call.value));
      ask.answer(s);
      return;
    case 'variable-get':
      named(variables, call.name, () => new Variable()).get(s, ask);
      return;
    case 'variable-delete':
      variables.get(call.name)?.close(s, `variable '${call.name}' was deleted`);
      variables.delete(call.name);
      ask.answer(s);
      return;
    case 'event-wait':
      named(events, call.name, () => new EventFlag()).wait(s, ask);
      return;
    case 'event-set':
      named(events, call.name, () => new EventFlag()).set(s);
      ask.answer(s);
      return;
    case 'event-clear': {
      const event = events.get(call.name);
      if (event) event.isSet = false;
      ask.answer(s);
      return;
    }
    case 'event-is-set':
      ask.answer(s, events.get(call.name)?.isSet ?? false);
      return;
    case 'semaphore-acquire': {
      if (isOver(s, client, call.task)) {
        ask.refuse(s, 'PAR_CLOSED', `semaphore '${call.name}': the task that acquires is over`);
        return;
      }
      if (call.task !== undefined) s.coordination.asked.add(call.task);
      const semaphore = named(semaphores, call.name, () => new Semaphore(call.maxLeases));
      if (semaphore.maxLeases !== call.maxLeases) {
        const message = `semaphore '${call.name}' has ${semaphore.maxLeases} leases, not ${call.maxLeases}`;
        ask.refuse(s, 'PAR_EXISTS', message);
        return;
      }
      semaphore.acquire(s, ask, call.task);
      return;
    }
    case 'semaphore-release':
    case 'multi-lock-release':
      if (leases.end(call.lease)) ask.answer(s);
      else ask.refuse(s, 'PAR_ARGUMENT', `lease ${call.lease} was released before, or ended with its holder`);
      return;
    case 'semaphore-value':
      ask.answer(s, semaphores.get(call.name)?.taken ?? 0);
      return;
    case 'semaphore-close':
      semaphores.get(call.name)?.close(s, `semaphore '${call.name}' was closed`);
      semaphores.delete(call.name);
      ask.answer(s);
      return;
    case 'multi-lock-acquire': {
      if (isOver(s, client, call.task)) {
        ask.refuse(s, 'PAR_CLOSED', `locks '${call.names.join("', '")}': the task that acquires is over`);
        return;
      }
      if (call.task !== undefined) s.coordination.asked.add(call.task);
      const names = [...new Set(call.names)];
      const count = call.count ?? names.length;
      if (count < 1 || count > names.length) {
        ask.refuse(s, 'PAR_ARGUMENT', `${count} of ${names.length} locks cannot be taken`);
        return;
      }
      multiLocks.acquire(s, ask, names, count, call.task);
      return;
    }
  }
}

/** A request of a task whose run on that rank has ended meanwhile. */
function isOver(s: SchedulerState, client: ClientState, id: TaskId | undefined): boolean {
  if (id === undefined) return false;
  const task = s.tasks.get(id);
  if (task?.state !== STATE.PROCESSING) return true;
  const members = task.rare?.group?.members ?? [task.worker];
  return !members.some((member) => member?.rank === client.rank);
}

function find(
  s: SchedulerState,
  ask: Ask,
  names: readonly (number | string)[],
  operation: string,
): WorkerState[] | undefined {
  const found: WorkerState[] = [];
  for (const name of names) {
    const worker = [...s.workers.values()].find((other) => other.rank === name || other.name === name);
    if (worker === undefined) {
      const known = [...s.workers.values()].map((other) => other.name).join(', ');
      ask.refuse(s, 'PAR_NOT_FOUND', `${operation}: there is no worker ${name}; workers are: ${known || 'none'}`);
      return undefined;
    }
    found.push(worker);
  }
  return found;
}

function runCall(
  s: SchedulerState,
  ask: Ask,
  call: Extract<Call, { readonly method: 'run' | 'run-on-scheduler' }>,
): void {
  const number = s.nextRequest++;
  const order = { kind: 'call', call: number, fn: call.fn, args: call.args } as const;
  if (call.method === 'run-on-scheduler') {
    s.coordination.calls.set(number, {
      waiting: new Set([s.options.rank]),
      outcomes: [],
      done: ([only]) => ask.answer(s, only!.outcome),
    });
    s.outbox.host(order);
    return;
  }
  const workers = call.workers === undefined ? [...s.workers.values()] : find(s, ask, call.workers, 'run');
  if (workers === undefined) return;
  if (workers.length === 0) {
    ask.answer(s, []);
    return;
  }
  s.coordination.calls.set(number, {
    waiting: new Set(workers.map((worker) => worker.rank)),
    outcomes: [],
    done: (outcomes) => ask.answer(s, outcomes),
  });
  for (const worker of workers) s.outbox.worker(worker, order);
}

function copyTasks(
  s: SchedulerState,
  client: ClientState,
  ask: Ask,
  call: Extract<Call, { readonly method: 'replicate' }>,
): void {
  const copies = call.copies ?? Number.POSITIVE_INFINITY;
  if (!(copies >= 1)) {
    ask.refuse(s, 'PAR_ARGUMENT', `replicate: ${copies} copies, but at least one must be left`);
    return;
  }
  if (![...s.workers.values()].some(takesTasks)) {
    ask.refuse(s, 'PAR_NO_WORKERS', 'replicate: no worker takes data now');
    return;
  }
  const tasks = call.futures.map((number) => client.futures.get(number)).filter((task) => task !== undefined);
  if (call.workers !== undefined && find(s, ask, call.workers, 'replicate') === undefined) return;
  const workers = call.workers === undefined ? null : new Set(call.workers);
  replicate(s, tasks, copies, workers, () => ask.answer(s));
}

function shutdown(s: SchedulerState): void {
  for (const worker of s.workers.values()) s.outbox.worker(worker, { kind: 'close' });
  for (const client of s.clients.values()) s.outbox.client(client, { kind: 'stopped', client: client.local });
  s.outbox.host({ kind: 'shutdown' });
}

import type { TaskId } from '../../protocol/index.ts';
import type { ClientState } from '../client-state.ts';
import type { SchedulerState } from '../state.ts';
import type { Ask } from './ask.ts';

export interface Lease {
  readonly id: number;
  readonly client: ClientState;
  /** Ends with the run of this task. */
  readonly task: TaskId | undefined;
  free(): void;
}

/** Who has what. Leases end with their holder: a client that closes or dies, a task whose run is over. */
export class Leases {
  readonly #all = new Map<number, Lease>();
  readonly #byTask = new Map<TaskId, Set<Lease>>();
  #next = 1;

  get size(): number {
    return this.#all.size;
  }

  /** Tasks that have leases. */
  tasks(): Iterable<TaskId> {
    return this.#byTask.keys();
  }

  grant(client: ClientState, task: TaskId | undefined, free: () => void): number {
    const lease = { id: this.#next++, client, task, free };
    this.#all.set(lease.id, lease);
    if (task !== undefined) {
      const leases = this.#byTask.get(task) ?? new Set();
      this.#byTask.set(task, leases.add(lease));
    }
    return lease.id;
  }

  /** False: there is no such lease (any more). */
  end(id: number): boolean {
    const lease = this.#all.get(id);
    if (lease === undefined) return false;
    this.#all.delete(id);
    if (lease.task !== undefined) {
      const leases = this.#byTask.get(lease.task);
      leases?.delete(lease);
      if (leases?.size === 0) this.#byTask.delete(lease.task);
    }
    lease.free();
    return true;
  }

  endOfClient(client: ClientState): void {
    for (const lease of [...this.#all.values()]) if (lease.client === client) this.end(lease.id);
  }

  endOfTask(task: TaskId): void {
    for (const lease of this.#byTask.get(task) ?? []) this.end(lease.id);
  }
}

interface Waiter {
  readonly ask: Ask;
  readonly task: TaskId | undefined;
}

/** Takes the requests of a task out of those that wait, and refuses them. */
function refuseTask<W extends Waiter>(s: SchedulerState, waiters: readonly W[], task: TaskId): W[] {
  const [over, left] = [waiters.filter((one) => one.task === task), waiters.filter((one) => one.task !== task)];
  for (const { ask } of over) ask.refuse(s, 'PAR_CLOSED', 'the task that waited for it is over');
  return left;
}

/** At most `maxLeases` holders at a time, first come first served. */
export class Semaphore {
  readonly maxLeases: number;
  taken = 0;
  #waiters: Waiter[] = [];

  constructor(maxLeases: number) {
    this.maxLeases = maxLeases;
  }

  get idle(): boolean {
    return this.taken === 0 && this.#waiters.length === 0;
  }

  acquire(s: SchedulerState, ask: Ask, task: TaskId | undefined): void {
    const waiter = { ask, task };
    this.#waiters.push(waiter);
    ask.leave = () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
    };
    this.#grant(s);
  }

  #grant(s: SchedulerState): void {
    while (this.taken < this.maxLeases && this.#waiters.length > 0) {
      const { ask, task } = this.#waiters.shift()!;
      this.taken++;
      const lease = s.coordination.leases.grant(ask.client, task, () => {
        this.taken--;
        this.#grant(s);
      });
      ask.answer(s, lease);
    }
  }

  /** Tasks that wait. */
  get waiting(): readonly (TaskId | undefined)[] {
    return this.#waiters.map(({ task }) => task);
  }

  endOfTask(s: SchedulerState, task: TaskId): void {
    this.#waiters = refuseTask(s, this.#waiters, task);
  }

  close(s: SchedulerState, message: string): void {
    for (const { ask } of this.#waiters.splice(0)) ask.refuse(s, 'PAR_CLOSED', message);
  }
}

interface LockWaiter extends Waiter {
  readonly names: readonly string[];
  readonly count: number;
}

/** Several locks at once, or any `count` of them; first come first served at each lock. */
export class MultiLocks {
  readonly #taken = new Set<string>();
  #waiters: LockWaiter[] = [];

  acquire(s: SchedulerState, ask: Ask, names: readonly string[], count: number, task: TaskId | undefined): void {
    const waiter = { ask, names, count, task };
    this.#waiters.push(waiter);
    ask.leave = () => {
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      this.#grant(s);
    };
    this.#grant(s);
  }

  /** Tasks that wait. */
  get waiting(): readonly (TaskId | undefined)[] {
    return this.#waiters.map(({ task }) => task);
  }

  endOfTask(s: SchedulerState, task: TaskId): void {
    this.#waiters = refuseTask(s, this.#waiters, task);
    this.#grant(s);
  }

  #grant(s: SchedulerState): void {
    const claimed = new Set<string>();
    for (const waiter of [...this.#waiters]) {
      const free = waiter.names.filter((name) => !this.#taken.has(name) && !claimed.has(name));
      if (free.length < waiter.count) {
        for (const name of waiter.names) claimed.add(name);
        continue;
      }
      const names = free.slice(0, waiter.count);
      for (const name of names) this.#taken.add(name);
      this.#waiters = this.#waiters.filter((other) => other !== waiter);
      const lease = s.coordination.leases.grant(waiter.ask.client, waiter.task, () => {
        for (const name of names) this.#taken.delete(name);
        this.#grant(s);
      });
      waiter.ask.answer(s, { lease, names });
    }
  }
}

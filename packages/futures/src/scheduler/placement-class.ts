import type { Rank, TaskOptions } from '../protocol/index.ts';
import { ReadyQueue } from './ready-queue.ts';
import type { WorkerState } from './worker-state.ts';

/** Tasks that may run in the same places: one queue for all of them, so that those which cannot run now delay no others. */
export class PlacementClass {
  readonly id: string;
  /** Ranks and names. Null: no restriction. */
  readonly allowed: ReadonlySet<Rank | string> | null;
  /** `allowed` is only a preference. */
  readonly soft: boolean;
  readonly resources: readonly (readonly [name: string, amount: number])[];
  readonly actor: boolean;
  readonly ranks: number;
  readonly queue = new ReadyQueue();
  /** Tasks in state queued, in `queue` or in the backlog of a worker. */
  queued = 0;
  /** Tasks of this class that are not forgotten. */
  tasks = 0;
  /** Workers that may run them and do not leave; 0 also when a task of several ranks has too few. */
  workers = 0;
  /** When tasks were first found waiting though no worker may run them. */
  unrunnableSince: number | undefined;
  /** People were told that its tasks wait for more workers. */
  announced = false;
  /** Placed by count of actors or several workers at a time, not one task per free thread. */
  readonly special: boolean;

  constructor(id: string, options: TaskOptions) {
    this.id = id;
    this.allowed = options.workers === undefined ? null : new Set(options.workers);
    this.soft = options.allowOtherWorkers ?? false;
    this.resources = Object.entries(options.resources ?? {}).filter(([, amount]) => amount > 0);
    this.actor = options.actor ?? false;
    this.ranks = options.ranks ?? 1;
    this.special = this.actor || this.ranks > 1;
  }
}

export function classId(options: TaskOptions): string {
  const { workers, allowOtherWorkers, resources, actor, ranks } = options;
  if (workers === undefined && resources === undefined && !actor && (ranks ?? 1) === 1) return '';
  return JSON.stringify([
    workers === undefined ? null : [...workers].sort((a, b) => (String(a) < String(b) ? -1 : 1)),
    allowOtherWorkers ?? false,
    Object.entries(resources ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)),
    actor ?? false,
    ranks ?? 1,
  ]);
}

/** What of a worker decides which tasks it can run. */
export type WorkerKind = Pick<WorkerState, 'rank' | 'name' | 'resources' | 'alone'>;

/** `workers` names it, by rank or name. */
export function isNamed(placement: PlacementClass, worker: WorkerKind): boolean {
  return placement.allowed === null || placement.allowed.has(worker.rank) || placement.allowed.has(worker.name);
}

/** The worker may run tasks of this class when it has room. */
export function isAllowed(placement: PlacementClass, worker: WorkerKind): boolean {
  if (!placement.soft && !isNamed(placement, worker)) return false;
  if (placement.ranks > 1 && worker.alone) return false;
  for (const [name, amount] of placement.resources) if (!((worker.resources[name] ?? 0) >= amount)) return false;
  return true;
}

export function hasFreeResources(placement: PlacementClass, worker: WorkerState): boolean {
  for (const [name, amount] of placement.resources) if (!((worker.free[name] ?? 0) >= amount)) return false;
  return true;
}

export function takeResources(placement: PlacementClass, worker: WorkerState): void {
  for (const [name, amount] of placement.resources) worker.free[name] = rounded(worker.free[name]! - amount);
}

export function giveResources(placement: PlacementClass, worker: WorkerState): void {
  for (const [name, amount] of placement.resources) worker.free[name] = rounded(worker.free[name]! + amount);
}

/** Fractions must add up again. */
function rounded(amount: number): number {
  return Math.round(amount * 1e6) / 1e6;
}

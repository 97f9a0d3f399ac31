import { type Communicator, detect, init, type Universe, universeOf } from '@par/comm-core';
import { setCurrentCluster } from '../client/current.ts';
import { FuturesError } from '../client/errors.ts';
import { Cluster, type Surroundings } from './cluster.ts';
import { joinCluster } from './join-cluster.ts';
import { type Layout, type LayoutOptions, layoutOf } from './layout.ts';
import { layerOf, type RoleGrowth, type RoleOptions, runRole, startParts } from './run-role.ts';
import { ranksSoFar, replacementOf, seatProgram } from './seats.ts';

export interface InitializeOptions extends LayoutOptions, RoleOptions {
  /** Ranks to use. Default: all of the job; a process started alone starts a local cluster. */
  readonly comm?: Communicator | undefined;
  /** Whether processes of scheduler and workers end with the cluster. Default true; false: `initialize` returns there too. */
  readonly exit?: boolean | undefined;
  /**
   * Joins a running cluster as a client: the file that `par cluster --scheduler-file` writes, which may be yet to come. Nothing else
   * but `signal` is looked at then. Default: PAR_SCHEDULER_FILE, where a process is started alone.
   */
  readonly schedulerFile?: string | undefined;
  /** Ends the wait for a scheduler file. Default: after 30 s. */
  readonly signal?: AbortSignal | undefined;
  /** Worker processes of a local cluster: lost ones are replaced. Default: one per core, at most 8. */
  readonly workers?: number | undefined;
}

/** What `initialize` returns, with `exit: false`, where no script goes on: the cluster has been shut down. */
export interface Finished {
  readonly role: 'scheduler' | 'worker';
  readonly rank: number;
  readonly layout: Layout;
}

let first: Promise<Cluster | Finished> | undefined;

/**
 * Divides the ranks of this job into a scheduler (rank 0), a client (rank 1), which goes on with the script, and workers (all
 * others), which never come back from here: they end with the script. On two ranks the client shares rank 0 with the
 * scheduler; with `exclusiveWorkers: false` these ranks work too. A process started alone, by `node script.ts`, gets a
 * scheduler and workers of its own on this machine; workers of it that die are replaced.
 *
 * Collective over the ranks. Further calls, without `comm`, give the same cluster.
 *
 * Rejects on every rank with PAR_LAYOUT when there are too few ranks for the roles; PAR_LOCAL_CLUSTER when local processes
 * cannot be started; PAR_SCHEDULER_FILE when there is no cluster to join, or the file cannot be trusted.
 */
export function initialize(options?: InitializeOptions & { readonly exit?: true | undefined }): Promise<Cluster>;
export function initialize(options: InitializeOptions): Promise<Cluster | Finished>;
export function initialize(options: InitializeOptions = {}): Promise<Cluster | Finished> {
  if (options.comm !== undefined) return start(options.comm, options);
  first ??= startAll(options).catch((error) => {
    first = undefined;
    throw error;
  });
  return first;
}

async function startAll(options: InitializeOptions): Promise<Cluster | Finished> {
  const { schedulerFile, signal } = options;
  if (schedulerFile !== undefined) return join(schedulerFile, signal);
  const { row } = detect(process.env);
  if (row !== 'single') return start(await init({ onPeerLoss: 'reject' }), options);
  const { PAR_SCHEDULER_FILE } = process.env;
  if (PAR_SCHEDULER_FILE) return join(PAR_SCHEDULER_FILE, signal);
  if (options.client !== undefined || options.scheduler !== undefined || options.exclusiveWorkers !== undefined) {
    throw new FuturesError(
      'PAR_LAYOUT',
      'initialize: this process was started alone, so client and scheduler have no ranks to choose; start it with: par run -np 4 script.ts',
    );
  }
  return startAlone(options, () => {
    first = undefined;
  });
}

async function join(schedulerFile: string, signal: AbortSignal | undefined): Promise<Cluster> {
  const cluster = await joinCluster({ schedulerFile, signal }, () => {
    first = undefined;
  });
  setCurrentCluster(cluster);
  return cluster;
}

/** A cluster of processes on this machine, for this process alone. */
export async function startAlone(options: InitializeOptions, closing = (): void => {}): Promise<Cluster> {
  const { startLocalCluster } = await import('./local-cluster.ts');
  const { comm, layout, surroundings } = await startLocalCluster(options.workers, roleOptions(options));
  return clientOf(comm, layout, roleOptions(options), {
    elastic: surroundings.elastic,
    size: () => surroundings.size(),
    close: () => {
      closing();
      return surroundings.close();
    },
  });
}

async function start(world: Communicator, options: InitializeOptions): Promise<Cluster | Finished> {
  const layout = layoutOf(world.size, options);
  const { exit = true } = options;
  // Once: what a cluster leaves behind would meet the next one there.
  const universe = options.comm === undefined && exit ? universeOf(world) : undefined;
  const comm = universe?.comm ?? (await layerOf(world));
  const role = { ranksOnHost: ranksOnHost(world, options), ...roleOptions(options) };
  const growth = universe && growthOf(universe, layout, role);
  if (world.rank === layout.client) {
    const size = universe === undefined ? () => world.size : ranksSoFar(universe, world.size);
    return clientOf(comm, layout, role, { size, close: () => free(comm, exit) }, growth);
  }
  await runRole(comm, layout, role, growth);
  if (exit) {
    // A communicator of the caller's may be in use elsewhere; the process's end says goodbye for it.
    if (options.comm === undefined) await world[Symbol.asyncDispose]();
    process.exit(0);
  }
  await free(comm, exit);
  return { role: world.rank === layout.scheduler ? 'scheduler' : 'worker', rank: world.rank, layout };
}

/** Under a launcher that starts workers in place of lost ones. */
function growthOf(universe: Universe, layout: Layout, role: RoleOptions): RoleGrowth {
  const { scheduler, client, workers } = layout;
  const exclusive = !workers.includes(scheduler) && !workers.includes(client);
  return { universe, replacement: replacementOf(seatProgram(), { scheduler, exclusive, role }) };
}

/** Of a communicator of some ranks nothing is known but their number. */
function ranksOnHost(world: Communicator, { comm }: InitializeOptions): number {
  return (comm === undefined ? detect(process.env).localSize : undefined) ?? world.size;
}

/** Where the program goes on on all ranks, nothing of the layer stays. Otherwise ranks end without waiting for each other. */
async function free(comm: Communicator, exit: boolean): Promise<void> {
  if (!exit) await comm.free();
}

async function clientOf(
  comm: Communicator,
  layout: Layout,
  role: RoleOptions,
  surroundings: Surroundings,
  growth?: RoleGrowth,
): Promise<Cluster> {
  const cluster = new Cluster(layout, await startParts(comm, layout, role, growth), surroundings);
  setCurrentCluster(cluster);
  return cluster;
}

function roleOptions(options: InitializeOptions): RoleOptions {
  const {
    comm: _,
    exit: __,
    client: ___,
    scheduler: ____,
    exclusiveWorkers: _____,
    workers: ______,
    schedulerFile: _______,
    signal: ________,
    ...role
  } = options;
  return role;
}

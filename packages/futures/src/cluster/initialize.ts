import { type Communicator, detect, init } from '@par/comm-core';
import { setCurrentCluster } from '../client/current.ts';
import { FuturesError } from '../client/errors.ts';
import { Cluster, type Surroundings } from './cluster.ts';
import { type Layout, type LayoutOptions, layoutOf } from './layout.ts';
import { startLocalCluster } from './local-cluster.ts';
import { LOCAL_LAYOUT } from './member-settings.ts';
import { RankLink } from './rank-link.ts';
import { layerOf, type RoleOptions, runRole } from './run-role.ts';
import { SchedulerLoop } from './scheduler-loop.ts';

export interface InitializeOptions extends LayoutOptions, RoleOptions {
  /** Ranks to use. Default: all of the job; a process started alone starts a local cluster. */
  readonly comm?: Communicator | undefined;
  /** Whether processes of scheduler and workers end with the cluster. Default true; false: `initialize` returns there too. */
  readonly exit?: boolean | undefined;
  /** Worker processes of a local cluster. Default: one per core, at most 8. */
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
 * scheduler. A process started alone, by `node script.ts`, gets a scheduler and workers of its own on this machine.
 *
 * Collective over the ranks. Further calls, without `comm`, give the same cluster.
 *
 * Rejects on every rank with PAR_LAYOUT when there are too few ranks for the roles; PAR_LOCAL_CLUSTER when local processes
 * cannot be started.
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
  const { row } = detect(process.env);
  if (row !== 'single') return start(await init({ onPeerLoss: 'reject' }), options);
  if (options.client !== undefined || options.scheduler !== undefined) {
    throw new FuturesError(
      'PAR_LAYOUT',
      'initialize: this process was started alone, so client and scheduler have no ranks to choose; start it with: par run -np 4 script.ts',
    );
  }
  return startAlone(options, () => {
    first = undefined;
  });
}

/** A cluster of processes on this machine, for this process alone. */
export async function startAlone(options: InitializeOptions, closing = (): void => {}): Promise<Cluster> {
  const local = await startLocalCluster(options);
  return clientOf(await layerOf(local.comm), layoutOf(local.comm.size, LOCAL_LAYOUT), options, () => {
    closing();
    return local.close();
  });
}

async function start(world: Communicator, options: InitializeOptions): Promise<Cluster | Finished> {
  const layout = layoutOf(world.size, options);
  const { comm: _, exit = true, client: __, scheduler: ___, workers: ____, ...role } = options;
  if (world.rank === layout.client) return clientOf(await layerOf(world), layout, options, async () => {});
  await runRole(world, layout, role);
  if (exit) {
    // A communicator of the caller's may be in use elsewhere; the process's end says goodbye for it.
    if (options.comm === undefined) await world[Symbol.asyncDispose]();
    process.exit(0);
  }
  return { role: world.rank === layout.scheduler ? 'scheduler' : 'worker', rank: world.rank, layout };
}

function clientOf(comm: Communicator, layout: Layout, options: InitializeOptions, close: () => Promise<void>): Cluster {
  const scheduler =
    layout.scheduler === comm.rank ? new SchedulerLoop(comm, layout, options.schedulerOptions ?? {}) : undefined;
  const link = new RankLink(comm, layout.scheduler, scheduler === undefined ? [] : [scheduler]);
  const surroundings: Surroundings = { scheduler, close };
  const cluster = new Cluster(layout, link, surroundings);
  setCurrentCluster(cluster);
  return cluster;
}

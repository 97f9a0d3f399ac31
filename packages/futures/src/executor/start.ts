import { ArgumentRangeError, type Communicator } from '@par/comm-core';
import { Client } from '../client/client.ts';
import { FuturesError } from '../client/errors.ts';
import { coreOf } from '../client/scope.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type InitializeOptions, initialize, startAlone } from '../cluster/initialize.ts';
import { Executor, type ExecutorOptions } from './executor.ts';

export interface StartExecutorOptions
  extends ExecutorOptions,
    Omit<InitializeOptions, 'comm' | 'exit' | 'client' | 'scheduler'> {
  /** The rank that gets the executor. Default 0. */
  readonly root?: number | undefined;
}

/** Communicators with an executor that was not shut down. */
const taken = new WeakSet<Communicator>();

/**
 * Makes the ranks of a communicator a pool: `root` gets the executor, all others work for it and get undefined once it is shut
 * down. Collective. On one rank alone, workers are started on this machine.
 *
 * Rejects with PAR_RANK for a root that is no rank, PAR_EXISTS while the communicator has another executor.
 */
export async function executor(
  comm: Communicator,
  { root = 0, initializer, ...options }: StartExecutorOptions = {},
): Promise<Executor | undefined> {
  if (!(Number.isInteger(root) && root >= 0 && root < comm.size)) {
    throw new ArgumentRangeError('PAR_RANK', `executor: root is ${root}, but ranks go from 0 to ${comm.size - 1}`);
  }
  if (taken.has(comm)) {
    throw new FuturesError('PAR_EXISTS', 'executor: this communicator has an executor; shut that one down first');
  }
  taken.add(comm);
  try {
    const cluster =
      comm.size === 1
        ? await startAlone(options)
        : await initialize({ ...options, comm, exit: false, client: root, scheduler: root });
    if (cluster.role === 'client') return new RootExecutor(comm, cluster, { initializer });
    taken.delete(comm);
    return undefined;
  } catch (error) {
    taken.delete(comm);
    throw error;
  }
}

/** An executor with a cluster of its own. */
class RootExecutor extends Executor {
  readonly #cluster: Cluster;
  readonly #comm: Communicator;

  constructor(comm: Communicator, cluster: Cluster, options: ExecutorOptions) {
    const client = new Client({ cluster, name: 'executor' });
    super(client, options);
    coreOf(client).keepsResults = true;
    this.#cluster = cluster;
    this.#comm = comm;
  }

  protected override async end(): Promise<void> {
    await this.#cluster.close();
    taken.delete(this.#comm);
  }
}

import type { Communicator } from '@par/comm-core';
import type { SchedulerOptions } from '../scheduler/index.ts';
import { runWorker, type WorkerOptions } from '../worker/index.ts';
import type { Layout } from './layout.ts';
import { SchedulerLoop } from './scheduler-loop.ts';

export interface RoleOptions extends Omit<WorkerOptions, 'scheduler' | 'mailbox'> {
  readonly schedulerOptions?: Omit<SchedulerOptions, 'rank'> | undefined;
}

/** A communicator of the layer's own: its messages never meet the program's. Collective. */
export async function layerOf(world: Communicator): Promise<Communicator> {
  const comm = await world.dup();
  comm.name = `${world.name}.futures`;
  return comm;
}

/** Plays a rank's part until the cluster is shut down. Collective over `world`: the client's rank calls `layerOf`. */
export async function runRole(world: Communicator, layout: Layout, options: RoleOptions): Promise<void> {
  const comm = await layerOf(world);
  if (comm.rank === layout.scheduler) {
    const loop = new SchedulerLoop(comm, layout, options.schedulerOptions ?? {});
    loop.hold();
    await loop.ended;
    return;
  }
  // The scheduler gives its tasks to others.
  comm.expendable();
  const { schedulerOptions: _, ...worker } = options;
  try {
    await runWorker(comm, { ...worker, scheduler: layout.scheduler });
  } catch (error) {
    // Without its scheduler a worker is of no use; whoever needs the cluster is told by the client.
    if ((error as { readonly code?: string }).code !== 'PAR_PEER_LOST') throw error;
  }
}

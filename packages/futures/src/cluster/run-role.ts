import type { Communicator, Replacement } from '@par/comm-core';
import { Mailbox } from '../mailbox/index.ts';
import type { SchedulerOptions } from '../scheduler/index.ts';
import type { WorkerOptions } from '../worker/index.ts';
import type { Growth, Roles } from './layout.ts';
import type { SchedulerLoop } from './scheduler-loop.ts';

export interface RoleOptions extends Omit<WorkerOptions, 'scheduler' | 'background'> {
  readonly schedulerOptions?: Omit<SchedulerOptions, 'rank'> | undefined;
}

/** A communicator of the layer's own: its messages never meet the program's. Collective. */
export async function layerOf(world: Communicator): Promise<Communicator> {
  const comm = await world.dup();
  comm.name = `${world.name}.futures`;
  return comm;
}

/** What runs on a rank besides scripts. */
export interface Parts {
  readonly mailbox: Mailbox;
  readonly scheduler: SchedulerLoop | undefined;
  readonly isWorker: boolean;
  /** Resolves when scheduler and worker of this rank have ended: the cluster was shut down. */
  readonly ended: Promise<void>;
}

/** Where ranks can come later. */
export interface RoleGrowth extends Growth {
  /** What becomes a worker in place of this rank when it is lost. */
  readonly replacement?: Replacement | undefined;
}

/** Loads and starts this rank's scheduler and worker, if it has them. Nothing of them keeps the process alive but a hold of the mailbox. */
export async function startParts(
  comm: Communicator,
  layout: Roles,
  { schedulerOptions, ...worker }: RoleOptions,
  growth: Growth = {},
): Promise<Parts> {
  const { rank } = comm;
  const scheduling = rank === layout.scheduler ? await import('./scheduler-loop.ts') : undefined;
  const work = layout.workers.includes(rank) ? await import('../worker/run-worker.ts') : undefined;
  const mailbox = new Mailbox(comm);
  const scheduler = scheduling && new scheduling.SchedulerLoop(mailbox, layout, schedulerOptions ?? {}, growth);
  const background = rank === layout.client;
  const working = work?.runWorkerOn(mailbox, { ...worker, scheduler: layout.scheduler, background }).catch((error) => {
    // Without its scheduler a worker is of no use; whoever needs the cluster is told by the client.
    if ((error as { readonly code?: string }).code !== 'PAR_PEER_LOST') throw error;
  });
  const ended = Promise.all([scheduler?.ended, working]).then(() => {});
  return { mailbox, scheduler, isWorker: working !== undefined, ended };
}

/** Plays a rank's part until the cluster is shut down. */
export async function runRole(
  comm: Communicator,
  layout: Roles,
  options: RoleOptions,
  growth: RoleGrowth = {},
): Promise<void> {
  // The scheduler gives the tasks of a worker to others.
  if (comm.rank !== layout.scheduler) comm.expendable(growth.replacement);
  const { mailbox, ended } = await startParts(comm, layout, options, growth);
  mailbox.hold();
  await ended;
  await mailbox.close();
}

import type { Communicator } from '@par/comm-core';
import { Mailbox } from '../mailbox/index.ts';
import { settingsOf, type WorkerOptions } from './options.ts';
import { WorkerRank } from './worker.ts';

/**
 * Makes this rank a worker: it runs what the scheduler orders, in threads, until the scheduler closes it. Resolves once
 * everything the worker had is gone: threads, data, files. Rejects with PAR_PEER_LOST when the scheduler is lost.
 */
export async function runWorkerOn(mailbox: Mailbox, options: WorkerOptions = {}): Promise<void> {
  if (options.isolation === 'process') {
    const { IsolatedWorker } = await import('./process/isolated-worker.ts');
    return new IsolatedWorker(mailbox, options).run();
  }
  return new WorkerRank(mailbox, settingsOf(options, mailbox.size), mailbox.comm).run();
}

/** A worker on a rank that does nothing else. `comm` is the layer's own. */
export async function runWorker(comm: Communicator, options: WorkerOptions = {}): Promise<void> {
  const mailbox = new Mailbox(comm);
  mailbox.hold();
  try {
    await runWorkerOn(mailbox, options);
  } finally {
    await mailbox.close();
  }
}

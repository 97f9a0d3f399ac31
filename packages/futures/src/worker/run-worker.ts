import type { Communicator } from '@par/comm-core';
import { Mailbox } from '../mailbox/index.ts';
import { TAGS, type ToClient } from '../protocol/index.ts';
import { settingsOf, type WorkerOptions } from './options.ts';
import { WorkerRank } from './worker.ts';

/**
 * Makes this rank a worker: it runs what the scheduler orders, in threads, until the scheduler closes it. `comm` is the
 * layer's own; nobody else uses its tags on this rank, unless the mailbox is shared. Resolves once everything the worker had
 * is gone: threads, data, files. Rejects with PAR_PEER_LOST when the scheduler is lost.
 */
export async function runWorker(comm: Communicator, options: WorkerOptions = {}): Promise<void> {
  const mailbox = options.mailbox ?? new Mailbox(comm);
  const worker = new WorkerRank(mailbox, settingsOf(options, comm.size));
  if (options.mailbox === undefined) {
    mailbox.receive<ToClient>(TAGS.toClient, (records) => worker.toClients(records));
  }
  try {
    await worker.run();
  } finally {
    if (options.mailbox === undefined) await mailbox.close();
  }
}

import type { PeerRequest, Rank, WorkerRecord } from '../../protocol/index.ts';
import type { DataStore } from './data-store.ts';
import type { Peers } from './peers.ts';

/** Answers what other ranks want of this worker's data. */
export async function servePeer(
  request: Exclude<PeerRequest, { readonly kind: 'actor-call' }>,
  source: Rank,
  store: DataStore,
  peers: Peers,
  report: (record: WorkerRecord) => void,
): Promise<void> {
  switch (request.kind) {
    case 'fetch': {
      const values = await Promise.all(request.tasks.map((task) => store.read(task)));
      peers.answer(source, { kind: 'data', request: request.request, values });
      return;
    }
    case 'fetch-withdrawn':
      return;
    case 'put': {
      const nbytes = request.tasks.map((task, i) => store.put(task, request.values[i]!));
      report({ kind: 'fetched', tasks: request.tasks, nbytes });
      return;
    }
  }
}

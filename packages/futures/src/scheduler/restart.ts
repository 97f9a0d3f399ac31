import type { SchedulerState } from './state.ts';
import { cancelAll, release } from './transitions.ts';

/** Every future of every client is cancelled, what was published or queued is dropped, workers start from nothing. */
export function restart(s: SchedulerState): void {
  const { coordination } = s;
  coordination.datasets.clear(s);
  for (const [name, queue] of coordination.queues) queue.close(s, `queue '${name}' was closed by a restart`);
  for (const [name, variable] of coordination.variables)
    variable.close(s, `variable '${name}' was deleted by a restart`);
  coordination.queues.clear();
  coordination.variables.clear();
  cancelAll(s, [...s.tasks.values()], 'restart', 'all', 'the cluster was restarted');
  for (const task of [...s.tasks.values()]) release(s, task);
  for (const worker of s.workers.values()) s.outbox.worker(worker, { kind: 'reset' });
}

import { parentPort, workerData } from 'node:worker_threads';
import { actorArgument } from '../client/actor.ts';
import { setCurrentCluster } from '../client/current.ts';
import { currentCore } from '../client/current-core.ts';
import { setActorFactory } from '../values/index.ts';
import { running } from './thread/context.ts';
import type { ThreadTask } from './thread/task.ts';
import { TaskRunner } from './thread/task-runner.ts';
import { ThreadLink } from './thread/thread-link.ts';
import type { ThreadData, ThreadOrder, ThreadReport } from './threads/messages.ts';

/** The program of a task thread. */
const port = parentPort!;
const data = workerData as ThreadData;
const post = (report: ThreadReport): void => port.postMessage(report);
const link = new ThreadLink(data, post);
setActorFactory((place) => actorArgument(currentCore, place));
// `new Client()` in a task speaks through this thread; captured futures are those of such a client.
setCurrentCluster({ link });
const runner = new TaskRunner(data, link, post);

const exit = process.exit;
process.exit = ((code?: number | string | null) => {
  const task = running.getStore() as ThreadTask | undefined;
  post({
    kind: 'exiting',
    slot: task?.over === false ? task.slot : undefined,
    status: Number(code ?? process.exitCode ?? 0),
  });
  exit(code);
}) as typeof process.exit;

port.on('message', (order: ThreadOrder) => {
  switch (order.kind) {
    case 'tasks':
      return runner.add(order);
    case 'abort':
      return runner.abort(order.slot, order.run);
    case 'actor-call':
      return runner.callActor(order);
    case 'forget-functions':
      for (const fn of order.fns) runner.functions.forget(fn);
      return;
    case 'client-records':
      return link.received(order.records);
    case 'answer':
      return link.answered(order.question, order.outcome);
  }
});
post({ kind: 'ready' });

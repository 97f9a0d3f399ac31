import { ParError } from '@par/comm-core';
import { matching, type Transport } from '@par/comm-core/transport';
import { bootstrap, type Started } from './bootstrap/bootstrap.ts';
import { watchTasks } from './bootstrap/ended-tasks.ts';
import { holderOf } from './bootstrap/holder.ts';
import { watchLauncher } from './bootstrap/launcher-watch.ts';
import { enter, type Joined, join, meet } from './join.ts';
import { type EnterOptions, optionsFromEnvironment, type Place, type TcpOptions } from './options.ts';
import type { Control } from './rendezvous/control.ts';
import type { RequestHandler } from './rendezvous/exchanges.ts';
import type { Rendezvous } from './rendezvous/server.ts';

export { type Door, type EnterOptions, type Family, optionsFromEnvironment, type TcpOptions } from './options.ts';
export type { RequestHandler } from './rendezvous/exchanges.ts';

/** A Transport with a line to the job's launcher. */
export interface TcpTransport extends Transport {
  /** Answers the launcher's questions of this name. `pending` is answered already. */
  onRequest(name: string, handler: RequestHandler): void;
  /** Asks the launcher; rejects with PAR_TRANSPORT when nothing answers that name there. */
  request(name: string, data?: unknown, signal?: AbortSignal): Promise<unknown>;
}

/**
 * What comm-core's `init` calls: joins the job that the environment describes, and removes secrets from `env`. Ranks that `par run`
 * started find it by the launcher's variables; ranks of batch systems and foreign launchers meet at rank 0, which they find through
 * the launcher's PMI or a private file that all hosts share.
 */
export async function createTransport(detection: Started, env: NodeJS.ProcessEnv): Promise<TcpTransport> {
  if (env.PAR_RENDEZVOUS || detection.row === 'par' || detection.row === 'explicit') {
    return connectTransport(optionsFromEnvironment(detection as Place, env));
  }
  let control: Control | undefined;
  const launcher = Promise.withResolvers<never>();
  launcher.promise.catch(() => {}); // later, the ranks' channel says it
  watchLauncher(detection.row, (what) => {
    const gone = new ParError('PAR_TRANSPORT', `the launcher is gone: ${what} has ended`);
    launcher.reject(gone);
    control?.break(gone);
  });
  const { settings, reached, held } = await Promise.race([bootstrap(detection, env), launcher.promise]);
  control = reached.control;
  const stop = watchTasks(env, reached);
  return connect(await meet(settings, reached).finally(stop), held);
}

/** Joins a job. Rejects with PAR_ENVIRONMENT, PAR_TRANSPORT, PAR_PEER_LOST or PAR_ABORTED. */
export async function connectTransport(options: TcpOptions): Promise<TcpTransport> {
  return connect(await join(options), undefined);
}

/**
 * Joins a job under way as a rank that its rendezvous chooses. Rejects with TransportUnavailableError when that cannot be reached,
 * PAR_TRANSPORT when it takes nobody in or has no rank left, otherwise as `connectTransport` does.
 */
export async function enterTransport(options: EnterOptions): Promise<TcpTransport> {
  return connect(await enter(options), undefined);
}

async function connect({ link, control }: Joined, held: Rendezvous | undefined): Promise<TcpTransport> {
  const transport = matching(link);
  control.onRequest('pending', () => transport.pending());
  await link.connected();
  return Object.assign(transport, held && holderOf(transport, held), {
    onRequest: (name: string, handler: RequestHandler) => control.onRequest(name, handler),
    request: (name: string, data?: unknown, signal?: AbortSignal) => control.request(name, data, signal),
  });
}

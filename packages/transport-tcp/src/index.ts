import { matching, type Transport } from '@par/comm-core/transport';
import { join } from './join.ts';
import { optionsFromEnvironment, type TcpOptions } from './options.ts';
import type { RequestHandler } from './rendezvous/exchanges.ts';

export { type Family, optionsFromEnvironment, type TcpOptions } from './options.ts';
export type { RequestHandler } from './rendezvous/exchanges.ts';

/** A Transport with a line to the job's launcher. */
export interface TcpTransport extends Transport {
  /** Answers the launcher's questions of this name. `pending` is answered already. */
  onRequest(name: string, handler: RequestHandler): void;
  /** Asks the launcher; rejects with PAR_TRANSPORT when nothing answers that name there. */
  request(name: string, data?: unknown, signal?: AbortSignal): Promise<unknown>;
}

/** What comm-core's `init` calls: joins the job that the launcher's variables describe, and removes the secret from `env`. */
export function createTransport(
  detection: { readonly rank: number; readonly size: number },
  env: NodeJS.ProcessEnv,
): Promise<TcpTransport> {
  return connectTransport(optionsFromEnvironment(detection, env));
}

/** Joins a job. Rejects with PAR_ENVIRONMENT, PAR_TRANSPORT, PAR_PEER_LOST or PAR_ABORTED. */
export async function connectTransport(options: TcpOptions): Promise<TcpTransport> {
  const { link, control } = await join(options);
  const transport = matching(link);
  control.onRequest('pending', () => transport.pending());
  await link.connected();
  return Object.assign(transport, {
    onRequest: (name: string, handler: RequestHandler) => control.onRequest(name, handler),
    request: (name: string, data?: unknown, signal?: AbortSignal) => control.request(name, data, signal),
  });
}

/**
 * Real MPI underneath par: `@par/comm-core`'s `init` loads this package when ranks were started by an MPI launcher.
 */
import type { Transport } from '@par/comm-core/transport';
import { loadAddon } from './addon/load.ts';
import { join } from './job.ts';
import { launchOf } from './launcher.ts';

export { MpiError } from './errors.ts';

/**
 * Starts MPI in this process, once. `env` is read for the launcher's variables and for PAR_MPI_ADDON (path of the addon to
 * load) and PAR_MPI_RANKS (ranks that run par, when others do not). Rejects with PAR_TRANSPORT when no addon loads and with
 * PAR_ENVIRONMENT when launcher and library do not belong together.
 */
export async function createTransport(_detection: unknown, env: NodeJS.ProcessEnv): Promise<Transport> {
  const launch = launchOf(env);
  return join(loadAddon(launch, env).native, launch, env);
}

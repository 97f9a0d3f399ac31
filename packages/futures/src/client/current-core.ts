import { ClientCore } from './core.ts';
import { currentCluster } from './current.ts';
import type { ClientLink } from './link.ts';

const cores = new WeakMap<ClientLink, ClientCore>();

/** The first client of this process, or task thread, that is open; made when there is none. Throws PAR_NOT_INITIALIZED. */
export function currentCore(): ClientCore {
  const { link } = currentCluster();
  const known = cores.get(link);
  if (known !== undefined && !known.ended) return known;
  const core = new ClientCore(link, undefined);
  cores.set(link, core);
  return core;
}

/** A client that was opened is the current one unless there is one. */
export function offerAsCurrent(core: ClientCore): void {
  if (cores.get(core.link)?.ended ?? true) cores.set(core.link, core);
}

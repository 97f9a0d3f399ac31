import { lookup } from 'node:dns/promises';
import { hostname, networkInterfaces, userInfo } from 'node:os';
import type { HostRequest } from './host-list.ts';

/** Whether a host is the one par runs on, so that its ranks need no connection: by name, or by an address of an interface here. */
export async function isThisHost({ name, user }: HostRequest, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (user !== undefined && user !== ownName()) return false;
  const own = hostname();
  if ([own, own.split('.')[0], 'localhost', env.SLURMD_NODENAME].includes(name)) return true;
  // A name only ssh's configuration knows is no name of this host's.
  const found = await lookup(name).catch(() => undefined);
  return found !== undefined && ownAddresses().has(found.address);
}

/** Undefined: a user without an entry among the system's, as in a container. */
function ownName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    return undefined;
  }
}

function ownAddresses(): Set<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((interfaces) => (interfaces ?? []).map(({ address }) => address)),
  );
}

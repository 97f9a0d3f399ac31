import { once } from 'node:events';
import { networkInterfaces } from 'node:os';
import { ParError } from '@par/comm-core';

/** An address of documentation (RFC 5737) that nobody has: what leads to it is the default route. */
const ANYWHERE = '192.0.2.1';

/**
 * This host's address on the interface that leads to one of `peers` (host names or addresses, the first that has a route), otherwise on
 * the default route, otherwise on the first interface there is. Nothing is sent. Throws PAR_ENVIRONMENT on a host without a network.
 */
export async function addressTowards(peers: readonly string[]): Promise<string> {
  for (const peer of [...peers, ANYWHERE]) {
    const address = await routeTo(peer);
    if (address !== undefined) return address;
  }
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === 'IPv4');
  if (outside !== undefined) return outside.address;
  throw new ParError(
    'PAR_ENVIRONMENT',
    `this host has no network interface that leads to ${peers.join(', ') || 'other hosts'}; name one with PAR_TCP_HOST (an interface such as eth0, or an address)`,
  );
}

/** Connecting a datagram socket chooses the interface and sends nothing. Ranks of one host load neither module. */
async function routeTo(peer: string): Promise<string | undefined> {
  const { lookup } = process.getBuiltinModule('node:dns/promises');
  const { createSocket } = process.getBuiltinModule('node:dgram');
  const found = await lookup(peer).catch(() => undefined);
  if (found === undefined) return undefined;
  const socket = createSocket(found.family === 6 ? 'udp6' : 'udp4');
  try {
    socket.connect(9, found.address); // the discard port; any would do
    await once(socket, 'connect');
    return socket.address().address;
  } catch {
    return undefined; // no route: the next peer may have one
  } finally {
    socket.close();
  }
}

import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** The address of this host that packets to `peer` leave from, as the kernel routes: nothing is sent. Undefined: no route. */
export function routeTo(peer: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = createSocket(isIPv6(peer) ? 'udp6' : 'udp4');
    const settle = (address: string | undefined): void => {
      socket.close();
      resolve(address);
    };
    socket.on('error', () => settle(undefined));
    // Any port: connecting a datagram socket only chooses the route.
    socket.connect(9, peer, () => settle(socket.address().address));
  });
}

/** The address to listen on so that the peers get here: of the interface that routes to the first of them there is a route to. */
export async function addressTowards(peers: readonly string[]): Promise<string | undefined> {
  for (const peer of peers) {
    const address = await routeTo(peer);
    if (address !== undefined && !isLoopback(address)) return address;
  }
  return undefined;
}

export function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}

import { ParError } from '@par/comm-core';

/** Where a listener is: a socket in the file system, or a host and port. */
export type Address =
  | { readonly family: 'unix'; readonly path: string }
  | { readonly family: 'tcp'; readonly host: string; readonly port: number };

/** Longest path a Unix domain socket can have on Linux (108 bytes with its terminator; macOS: 104). */
const UNIX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** Parses `unix:/path/socket`, `tcp:host:port` or `tcp:[::1]:port`. Throws ParError PAR_ENVIRONMENT. */
export function parseAddress(text: string): Address {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (path === '') throw malformed(text);
    if (Buffer.byteLength(path) > UNIX_PATH_BYTES) {
      throw new ParError(
        'PAR_ENVIRONMENT',
        `socket path ${path} has ${Buffer.byteLength(path)} bytes, the system allows ${UNIX_PATH_BYTES}; point TMPDIR to a shorter directory`,
      );
    }
    return { family: 'unix', path };
  }
  const match = /^tcp:(?:\[([0-9A-Fa-f:.%]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65535) throw malformed(text);
  return { family: 'tcp', host, port };
}

export function formatAddress(address: Address): string {
  if (address.family === 'unix') return `unix:${address.path}`;
  return address.host.includes(':') ? `tcp:[${address.host}]:${address.port}` : `tcp:${address.host}:${address.port}`;
}

function malformed(text: string): ParError {
  return new ParError(
    'PAR_ENVIRONMENT',
    `'${text}' is not an address of a rendezvous; write unix:/path/to/socket or tcp:host:port`,
  );
}

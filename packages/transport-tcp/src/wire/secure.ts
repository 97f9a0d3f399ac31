import type { NetConnectOpts, Socket } from 'node:net';
import type { ConnectionOptions, SecureContext, TLSSocketOptions } from 'node:tls';
import type { Wire } from './wire.ts';

/*
 * TLS 1.3 with the job's own pre-shared key (RFC 8446, section 2.2): no certificates, and nobody without the secret gets
 * past the first message. External keys go with SHA-256 suites only.
 */
const SUITES = 'TLS_AES_128_GCM_SHA256:PSK';
const IDENTITY = 'par';

/** Loaded on first use: node:tls takes as long to load as the rest of Node, and few jobs need it. */
const tls = (): typeof import('node:tls') => process.getBuiltinModule('node:tls');

/** Starts a connection that speaks TLS from its first byte. */
export function dialSecure(to: NetConnectOpts, key: Buffer, onread: Wire['onread'], onConnected: () => void): Socket {
  const options = {
    ...to,
    onread,
    minVersion: 'TLSv1.3',
    ciphers: SUITES,
    pskCallback: () => ({ psk: key, identity: IDENTITY }),
    checkServerIdentity: () => undefined, // there is no certificate: the key is the identity
  } satisfies ConnectionOptions & { onread: Wire['onread'] };
  return tls().connect(options as unknown as ConnectionOptions, onConnected);
}

let context: SecureContext | undefined;

/** The server's side of `dialSecure` on an accepted connection. */
export function acceptSecure(accepted: Socket, key: Buffer): Socket {
  context ??= tls().createSecureContext({ ciphers: SUITES, minVersion: 'TLSv1.3' });
  const options = {
    isServer: true,
    secureContext: context,
    pskCallback: (_socket: unknown, identity: string) => (identity === IDENTITY ? key : null),
  };
  const { TLSSocket } = tls();
  return new TLSSocket(accepted, options as unknown as TLSSocketOptions);
}

import { mkdtempSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { dirname, join as joinPath } from 'node:path';
import { ParError } from '@par/comm-core';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { hostIdentity } from './host-identity.ts';
import { MESH_RANKS, SocketLink } from './link/link.ts';
import { turningTime } from './link/turning.ts';
import type { TcpOptions } from './options.ts';
import { type Control, joinJob } from './rendezvous/control.ts';
import { Credentials } from './wire/handshake.ts';
import { Listener } from './wire/listener.ts';

/** A rank that has met all others. Nothing is connected before `link.start` and `link.connected`. */
export interface Joined {
  readonly link: SocketLink;
  readonly control: Control;
}

/** Meets the other ranks at the rendezvous. Rejects with PAR_ENVIRONMENT, PAR_TRANSPORT, PAR_PEER_LOST or PAR_ABORTED. */
export async function join(options: TcpOptions, host = hostIdentity()): Promise<Joined> {
  const { rank, size, family = 'auto' } = options;
  const rendezvous = parseAddress(options.rendezvous);
  const credentials = new Credentials(rank, size, options.job, options.secret, options.secure);
  const log = options.log ?? ((line: string): void => void process.stderr.write(`par: rank ${rank}: ${line}\n`));
  const listeners: Listener[] = [];
  const listen = async (address: Address): Promise<Address> => {
    const listener = new Listener(credentials, log);
    const bound = await listener.listen(address).catch((cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'two processes were given the same PAR_RANK' : cause.message;
      throw new ParError('PAR_TRANSPORT', `rank ${rank} cannot listen at ${formatAddress(address)}: ${why}`, { cause });
    });
    listeners.push(listener);
    return bound;
  };

  const directory = family === 'tcp' ? undefined : socketDirectory(rendezvous);
  const release = (): void => {
    if (directory?.own) rmSync(directory.path, { recursive: true, force: true });
  };
  try {
    const unix = directory && joinPath(directory.path, `${rank}.sock`);
    if (unix !== undefined && size > 1) await listen(parseAddress(`unix:${unix}`));
    const control = await joinJob({
      rendezvous,
      credentials,
      announcement: { host, hostname: hostname(), pid: process.pid, unix },
      listen: listenTcp,
      connectTimeout: options.connectTimeout ?? 30_000,
    });
    const { members, initial } = control;
    const present = members.filter((member) => member !== undefined);
    const link = new SocketLink({
      credentials,
      members,
      listeners,
      control,
      open: initial < size,
      turning: turningTime(options.spin, present.filter((member) => member.host === host).length),
      mesh: options.connect === undefined ? initial <= MESH_RANKS : options.connect === 'mesh',
      release,
    });
    return { link, control };
  } catch (error) {
    for (const listener of listeners) listener.close();
    release();
    throw error;
  }

  async function listenTcp(loopback: boolean, route: string | undefined): Promise<Address> {
    if (family === 'unix') {
      throw new ParError('PAR_ENVIRONMENT', 'PAR_TCP_FAMILY=unix, but the ranks are on more than one host');
    }
    const host = loopback ? '127.0.0.1' : (options.host ?? route);
    if (host === undefined) {
      throw new ParError(
        'PAR_ENVIRONMENT',
        `rank ${rank} on ${hostname()} has no route to the other hosts; set PAR_TCP_HOST to its address on a network they share`,
      );
    }
    return listen({ family: 'tcp', host, port: 0 });
  }
}

/** Next to the rendezvous when that is a socket of this host (its owner removes it), otherwise a directory of our own. */
function socketDirectory(rendezvous: Address): { readonly path: string; readonly own: boolean } {
  if (rendezvous.family === 'unix') return { path: dirname(rendezvous.path), own: false };
  return { path: mkdtempSync(joinPath(tmpdir(), 'par-')), own: true };
}

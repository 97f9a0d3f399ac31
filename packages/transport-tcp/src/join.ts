import { hostname } from 'node:os';
import { dirname, join as joinPath } from 'node:path';
import { ParError, TransportUnavailableError } from '@par/comm-core';
import { type Address, formatAddress, parseAddress } from './address.ts';
import { hostIdentity } from './host-identity.ts';
import { MESH_RANKS, SocketLink } from './link/link.ts';
import { turningTime } from './link/turning.ts';
import { type EnterOptions, isOwnAddress, type LinkSettings, type TcpOptions } from './options.ts';
import { makeOwnDirectory } from './own-directory.ts';
import { type Control, connectControl, Declined } from './rendezvous/control.ts';
import { Credentials, NEWCOMER } from './wire/handshake.ts';
import { Listener } from './wire/listener.ts';

/** A rank that has met all others. Nothing is connected before `link.start` and `link.connected`. */
export interface Joined {
  readonly link: SocketLink;
  readonly control: Control;
}

/** A rendezvous that has proved to be this job's, and the means to prove the same to its ranks. */
export interface Reached {
  readonly credentials: Credentials;
  readonly control: Control;
  /** A directory for the sockets of all ranks of this host, which somebody else removes; undefined: each rank has its own. */
  readonly sockets: string | undefined;
}

/** Meets the other ranks at the rendezvous. Rejects with PAR_ENVIRONMENT, PAR_TRANSPORT, PAR_PEER_LOST or PAR_ABORTED. */
export async function join(options: TcpOptions, host?: string): Promise<Joined> {
  return meet(options, await reachAddress(options), host);
}

/**
 * Joins a job under way as a rank that its rendezvous chooses. Rejects with TransportUnavailableError when that cannot be reached,
 * otherwise as `join` does.
 */
export async function enter({ doors, connectTimeout = 10_000, ...options }: EnterOptions): Promise<Joined> {
  const credentialsOf = (rank: number): Credentials =>
    new Credentials(rank, options.size, options.job, options.secret, options.secure);
  const failures: string[] = [];
  for (const door of doors) {
    const address = parseAddress(door.address);
    // A socket that a shared directory shows here, too.
    if (address.family === 'unix' && door.tcpHost !== undefined && !isOwnAddress(door.tcpHost)) {
      failures.push(`${door.address}: it is another host's`);
      continue;
    }
    let control: Control;
    try {
      control = await connectControl(address, credentialsOf(NEWCOMER), connectTimeout);
    } catch (error) {
      failures.push(`${door.address}: ${(error as Error).message}`);
      continue;
    }
    const rank = await control.seated();
    const sockets = address.family === 'unix' ? dirname(address.path) : undefined;
    const host = options.host ?? door.tcpHost;
    return meet({ ...options, host, rank }, { credentials: credentialsOf(rank), control, sockets });
  }
  const here = doors.every(({ address }) => address.startsWith('unix:'));
  const advice = here
    ? '; it takes in processes of its own hosts only, or of others when it was started with --listen'
    : '';
  throw new TransportUnavailableError(`the job cannot be reached (${failures.join('; ')})${advice}`);
}

/** Joins the job whose rendezvous has been reached. Rejects with PAR_ENVIRONMENT, PAR_TRANSPORT, PAR_PEER_LOST or PAR_ABORTED. */
export async function meet(options: LinkSettings, reached: Reached, identity?: string): Promise<Joined> {
  const { rank, size, family = 'auto' } = options;
  const { credentials, control } = reached;
  const log = options.log ?? ((line: string): void => void process.stderr.write(`par: rank ${rank}: ${line}\n`));
  const listeners: Listener[] = [];
  const listen = async (address: Address): Promise<Address> => {
    const listener = new Listener(credentials, log);
    const bound = await listener.listen(address).catch((cause: NodeJS.ErrnoException) => {
      const why = cause.code === 'EADDRINUSE' ? 'two processes were given the same rank' : cause.message;
      throw new ParError('PAR_TRANSPORT', `rank ${rank} cannot listen at ${formatAddress(address)}: ${why}`, { cause });
    });
    listeners.push(listener);
    return bound;
  };

  const own = family === 'tcp' || reached.sockets !== undefined ? undefined : makeOwnDirectory();
  const directory = family === 'tcp' ? undefined : (reached.sockets ?? own?.path);
  const host = identity ?? hostIdentity(directory);
  const release = (): void => own?.release();
  try {
    const unix = directory && joinPath(directory, `${rank}.sock`);
    if (unix !== undefined && size > 1) await listen(parseAddress(`unix:${unix}`));
    await control.join({ host, hostname: hostname(), pid: process.pid, unix, role: options.role }, listenTcp);
    const { members, initial } = control;
    const present = members.filter((member) => member !== undefined);
    const link = new SocketLink({
      credentials,
      members,
      listeners,
      control,
      newcomer: rank >= initial,
      worldSize: options.worldSize,
      turning: turningTime(options.spin, present.filter((member) => member.host === host).length),
      mesh: options.connect === undefined ? initial <= MESH_RANKS : options.connect === 'mesh',
      release,
    });
    return { link, control };
  } catch (error) {
    control.abandon();
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

/** Pause between two attempts to reach a rendezvous that is not there yet, in milliseconds. */
const RETRY_MS = 20;

/** Reaches a rendezvous at a known address, waiting for it to appear. */
async function reachAddress(options: TcpOptions): Promise<Reached> {
  const address = parseAddress(options.rendezvous);
  const credentials = new Credentials(options.rank, options.size, options.job, options.secret, options.secure);
  const deadline = performance.now() + (options.connectTimeout ?? 30_000);
  for (;;) {
    try {
      const control = await connectControl(address, credentials, Math.max(1, deadline - performance.now()));
      return { credentials, control, sockets: address.family === 'unix' ? dirname(address.path) : undefined };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const absent = code === 'ENOENT' || code === 'ECONNREFUSED';
      if (!absent || performance.now() > deadline) {
        if (error instanceof Declined) throw error;
        throw new ParError(
          'PAR_TRANSPORT',
          `rank ${options.rank} cannot join at ${options.rendezvous}: ${(error as Error).message}; is the launcher still running?`,
          { cause: error },
        );
      }
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

import { resolve } from 'node:path';
import { universeOf } from '@par/comm-core';
import type * as Tcp from '@par/transport-tcp';
import type { TcpTransport } from '@par/transport-tcp';
import type * as TcpRendezvous from '@par/transport-tcp/rendezvous';
import type { Access } from '@par/transport-tcp/rendezvous';
import { FuturesError } from '../client/errors.ts';
import { Cluster } from './cluster.ts';
import { findTransport } from './find-transport.ts';
import { CLIENT_ROLE } from './layout.ts';
import { startParts } from './run-role.ts';
import { ranksSoFar } from './seats.ts';

/** How long a cluster may take to appear, unless told otherwise, in milliseconds. */
const APPEAR_MS = 30_000;
/** Pause between two looks, in milliseconds. */
const LOOK_MS = 50;

export interface JoinOptions {
  /** What `par cluster --scheduler-file` has written, or will have. */
  readonly schedulerFile: string;
  /** Ends the wait for the file and for the cluster's answer. Default: after 30 s. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes this process a client of a running cluster. Waits for the file to appear. Rejects with PAR_SCHEDULER_FILE when it does not, is
 * malformed or open to others, or its cluster cannot be joined.
 */
export async function joinCluster({ schedulerFile, signal }: JoinOptions, closing = (): void => {}): Promise<Cluster> {
  const file = resolve(schedulerFile);
  const { transport, access } = await enter(file, signal ?? AbortSignal.timeout(APPEAR_MS));
  const universe = universeOf(transport)!;
  const { comm } = universe;
  const scheduler = 0;
  const roles = { scheduler, client: comm.rank, workers: [] };
  const cluster = new Cluster({ ...roles, size: access.worldSize }, await startParts(comm, roles, {}), {
    joined: true,
    size: ranksSoFar(universe, comm.rank + 1),
    close: () => {
      closing();
      return transport.close();
    },
    leave: () => transport.leave(),
  });
  return cluster;
}

async function enter(file: string, signal: AbortSignal): Promise<{ transport: TcpTransport; access: Access }> {
  const { enterTransport } = (await import(findTransport('@par/transport-tcp', 'a scheduler file'))) as typeof Tcp;
  const rendezvous = findTransport('@par/transport-tcp/rendezvous', 'a scheduler file');
  const { readAccess } = (await import(rendezvous)) as typeof TcpRendezvous;
  for (;;) {
    let why: string;
    let cause: unknown;
    try {
      const access = readAccess(file);
      if (access !== undefined) return { transport: await enterTransport(entryOf(access, CLIENT_ROLE)), access };
      why = `there is no ${file}; start a cluster with: par cluster -np 4 --scheduler-file ${file}`;
    } catch (error) {
      const { name, message } = error as Error;
      if (name !== 'TransportUnavailableError') throw refused(message, error);
      // A new cluster may be about to put its own in the place of one left behind.
      why = `the cluster of ${file} does not answer: ${message}; if it has ended, start it again`;
      cause = error;
    }
    if (signal.aborted) throw refused(why, cause);
    await pause(signal);
  }
}

/** How a process joins that is there for `role`. */
export function entryOf({ job, size, worldSize, secret, secure, doors }: Access, role: string): Tcp.EnterOptions {
  return { job, size, worldSize, secret: Buffer.from(secret, 'hex'), secure, doors, role };
}

function refused(why: string, cause: unknown): FuturesError {
  return new FuturesError('PAR_SCHEDULER_FILE', `no cluster was joined: ${why}`, { cause });
}

function pause(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, LOOK_MS);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}

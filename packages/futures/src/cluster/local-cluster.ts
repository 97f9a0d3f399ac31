import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { type Communicator, worldOf } from '@par/comm-core';
import type * as Tcp from '@par/transport-tcp';
import type * as TcpRendezvous from '@par/transport-tcp/rendezvous';
import { FuturesError } from '../client/errors.ts';
import { LOCAL_LAYOUT, type MemberSettings } from './member-settings.ts';

/** Most workers that are started without being asked for. */
const MOST_WORKERS = 8;
/** What members of an ended cluster get to end by themselves, in milliseconds. */
const END_MS = 2_000;

export interface LocalClusterOptions {
  /** Worker processes. Default: one per core, at most 8. */
  readonly workers?: number | undefined;
  /** Task threads of each worker. Default 1. */
  readonly nthreads?: number | undefined;
}

/** Scheduler and workers as processes of this machine; this process is one of the ranks. */
export interface LocalCluster {
  readonly comm: Communicator;
  /** Leaves the cluster and ends its processes: those that do not end by themselves within 2 s are killed. */
  close(): Promise<void>;
  /** Ends its processes at once, from inside `process.exit`. */
  kill(): void;
}

/**
 * Starts a scheduler and workers on this machine, connected by sockets in a directory only this user can enter. They end with
 * this process, whatever ends it. Rejects with PAR_LOCAL_CLUSTER when the transport is not installed or a process does not start.
 */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const workers = options.workers ?? Math.min(availableParallelism(), MOST_WORKERS);
  if (!Number.isSafeInteger(workers) || workers < 1) {
    throw new FuturesError('PAR_LAYOUT', `initialize: workers is ${workers}, but must be an integer ≥ 1`);
  }
  const transportUrl = findTransport('@par/transport-tcp');
  const { connectTransport } = (await import(transportUrl)) as typeof Tcp;
  const { startRendezvous } = (await import(findTransport('@par/transport-tcp/rendezvous'))) as typeof TcpRendezvous;
  const directory = mkdtempSync(join(tmpdir(), 'par-'));
  const size = workers + LOCAL_LAYOUT.others;
  const identity = { size, job: randomBytes(16).toString('hex'), secret: randomBytes(32) };
  const members = new Members(directory);
  try {
    const rendezvous = await startRendezvous({ ...identity, listen: `unix:${join(directory, 'rendezvous.sock')}` });
    const settings: MemberSettings = { directory, transportUrl, nthreads: options.nthreads ?? 1, workers };
    for (let rank = 0; rank < size; rank++) {
      if (rank === LOCAL_LAYOUT.client) continue;
      members.start(memberEnvironment(identity, rank, rendezvous.address, settings), (how) =>
        rendezvous.lost(rank, how),
      );
    }
    const transport = await connectTransport({
      ...identity,
      rank: LOCAL_LAYOUT.client,
      rendezvous: rendezvous.address,
    });
    return {
      comm: worldOf(transport),
      async close() {
        await transport.close();
        // Nothing of the rendezvous keeps this process alive; what it waits for are the ends of the members.
        await Promise.all([members.end(), rendezvous.close()]);
      },
      kill: () => members.kill(),
    };
  } catch (cause) {
    members.kill();
    throw new FuturesError(
      'PAR_LOCAL_CLUSTER',
      `initialize: the local cluster did not start: ${(cause as Error).message}`,
      {
        cause,
      },
    );
  }
}

function memberEnvironment(
  { size, job, secret }: { readonly size: number; readonly job: string; readonly secret: Uint8Array },
  rank: number,
  rendezvous: string,
  settings: MemberSettings,
): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PAR_RANK: String(rank),
    PAR_SIZE: String(size),
    PAR_JOB: job,
    PAR_RENDEZVOUS: rendezvous,
    PAR_SECRET: Buffer.from(secret).toString('hex'),
    PAR_LOCAL_CLUSTER: JSON.stringify(settings),
  };
}

class Members {
  readonly #directory: string;
  readonly #children = new Set<ChildProcess>();
  #ending = false;
  readonly #onExit = (): void => this.kill();

  constructor(directory: string) {
    this.#directory = directory;
    process.on('exit', this.#onExit);
  }

  start(env: NodeJS.ProcessEnv, ended: (how: string) => void): void {
    const child = spawn(process.execPath, [...nodeOptions(), memberProgram()], {
      env,
      // A group of its own: Ctrl-C reaches the script only, which ends the others in order.
      detached: true,
      // Standard input tells a member that the script is gone.
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    this.#children.add(child);
    child.on('error', (error) => ended(`its process could not be started: ${error.message}`));
    child.on('exit', (code, signal) => {
      this.#children.delete(child);
      if (!this.#ending)
        ended(signal === null ? `its process ended with status ${code}` : `its process was ended by ${signal}`);
    });
    child.stdin!.on('error', () => {}); // the member has ended; its exit says so
    child.unref();
    (child.stdin as unknown as { unref(): void }).unref();
  }

  async end(): Promise<void> {
    this.#ending = true;
    const gone = Promise.all(
      Array.from(this.#children, (child) => new Promise<void>((resolve) => child.once('exit', () => resolve()))),
    );
    for (const child of this.#children) {
      child.ref();
      child.stdin!.end();
    }
    const late = setTimeout(() => this.#signal(), END_MS);
    await gone;
    clearTimeout(late);
    this.kill();
  }

  kill(): void {
    this.#ending = true;
    this.#signal();
    process.off('exit', this.#onExit);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #signal(): void {
    for (const { pid } of this.#children) {
      if (pid === undefined) continue;
      try {
        process.kill(-pid, 'SIGKILL');
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
      }
    }
  }
}

/** Node's options that say how code is loaded; those of debuggers and tests belong to this process alone. */
function nodeOptions(): string[] {
  return process.execArgv.filter(
    (option) =>
      !/^--(inspect|test|watch|eval|print|input-type|cpu-prof|heap-prof)/.test(option) && option.startsWith('--'),
  );
}

/** The program next to this file: as it was built, or in the sources. */
function memberProgram(): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const path = extension === 'ts' ? './member-process.ts' : './cluster/member-process.js';
  return fileURLToPath(new URL(path, import.meta.url));
}

/** An optional neighbour: found from the program's own folder first, which package managers that isolate packages need. */
function findTransport(specifier: string): string {
  const places = [process.argv[1] && pathToFileURL(process.argv[1]).href, import.meta.url];
  for (const place of places) {
    if (!place) continue;
    try {
      return pathToFileURL(createRequire(place).resolve(specifier)).href;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND' && code !== 'ERR_MODULE_NOT_FOUND') throw error;
    }
  }
  throw new FuturesError(
    'PAR_LOCAL_CLUSTER',
    'initialize: a local cluster needs @par/transport-tcp, which is not installed; run: npm install @par/transport-tcp',
  );
}

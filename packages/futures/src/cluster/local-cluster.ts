import { randomBytes } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { availableCores, type Communicator, worldOf } from '@par/comm-core';
import type * as Tcp from '@par/transport-tcp';
import type * as TcpRendezvous from '@par/transport-tcp/rendezvous';
import { FuturesError } from '../client/errors.ts';
import type { Elastic, Surroundings } from './cluster.ts';
import { findTransport } from './find-transport.ts';
import type { Layout } from './layout.ts';
import { LOCAL_LAYOUT, LOCAL_RANKS, type MemberSettings } from './member-settings.ts';
import { type MemberEnd, Members } from './members.ts';
import type { RoleOptions } from './run-role.ts';

/** Most workers that are started without being asked for. */
const MOST_WORKERS = 8;
/** So many replacements in a row that never join are the last: something is wrong with starting them. */
const MOST_FAILED_STARTS = 5;

/** Scheduler and workers as processes of this machine; this process is one of the ranks. */
export interface LocalCluster {
  readonly comm: Communicator;
  readonly layout: Layout;
  readonly surroundings: Surroundings;
}

/**
 * Starts a scheduler and workers on this machine, connected by sockets in a directory only this user can enter. They end with
 * this process, however it ends. Rejects with PAR_LAYOUT, PAR_LOCAL_CLUSTER.
 */
export async function startLocalCluster(workers: number | undefined, role: RoleOptions): Promise<LocalCluster> {
  const count = workers ?? Math.min(availableCores(), MOST_WORKERS);
  if (!Number.isSafeInteger(count) || count < 1 || count > LOCAL_RANKS - LOCAL_LAYOUT.others) {
    throw new FuturesError('PAR_LAYOUT', `initialize: workers is ${workers}, but must be an integer ≥ 1`);
  }
  const transportUrl = findTransport('@par/transport-tcp', 'a local cluster');
  const { connectTransport } = (await import(transportUrl)) as typeof Tcp;
  const { startRendezvous } = (await import(
    findTransport('@par/transport-tcp/rendezvous', 'a local cluster')
  )) as typeof TcpRendezvous;
  const directory = mkdtempSync(join(tmpdir(), 'par-'));
  const { scheduler, client, others } = LOCAL_LAYOUT;
  const identity = { size: LOCAL_RANKS, job: randomBytes(16).toString('hex'), secret: randomBytes(32) };
  const members = new Members(directory);
  try {
    const listen = `unix:${join(directory, 'rendezvous.sock')}`;
    const rendezvous = await startRendezvous({ ...identity, initial: others + count, listen });
    const settings: MemberSettings = { directory, transportUrl, workers: count, role };
    const processes: Processes = {
      start: (rank, ended) =>
        members.start(environment(identity, rank, rendezvous.address, settings), (end) => {
          if (!end.orderly) rendezvous.lost(rank, end.how);
          ended(end);
        }),
      hasJoined: (rank) => rendezvous.announcement(rank) !== undefined,
    };
    processes.start(scheduler, () => {});
    const elastic = new LocalWorkers(processes, others);
    elastic.scale(count);
    const ranks = { ...identity, rank: client, rendezvous: rendezvous.address };
    const transport = await connectTransport(ranks);
    return {
      comm: worldOf(transport),
      layout: {
        size: others + count,
        scheduler,
        client,
        workers: Array.from({ length: count }, (_, i) => others + i),
      },
      surroundings: {
        elastic,
        size: () => elastic.nextRank,
        async close() {
          await transport.close();
          // Nothing of the rendezvous keeps this process alive; what it waits for are the ends of the members.
          await Promise.all([members.end(), rendezvous.close()]);
        },
      },
    };
  } catch (cause) {
    members.kill();
    const why = (cause as Error).message;
    throw new FuturesError('PAR_LOCAL_CLUSTER', `initialize: the local cluster did not start: ${why}`, { cause });
  }
}

interface Processes {
  /** Gives what kills the process. */
  start(rank: number, ended: (end: MemberEnd) => void): () => void;
  hasJoined(rank: number): boolean;
}

/** As many worker processes as there are to be, whatever happens to them. */
class LocalWorkers implements Elastic {
  readonly #processes: Processes;
  /** In the order of their start. */
  readonly #live = new Map<number, () => void>();
  readonly #leaving = new Set<number>();
  #wanted = 0;
  #failedStarts = 0;
  nextRank: number;
  onStarted: (ranks: readonly number[]) => void = () => {};

  constructor(processes: Processes, firstRank: number) {
    this.#processes = processes;
    this.nextRank = firstRank;
  }

  scale(workers: number): readonly number[] {
    this.#wanted = workers;
    this.#failedStarts = 0;
    this.#fill();
    const staying = [...this.#live.keys()].filter((rank) => !this.#leaving.has(rank));
    const surplus = staying.slice(workers);
    for (const rank of surplus) this.#leaving.add(rank);
    return surplus;
  }

  end(rank: number): void {
    this.#live.get(rank)?.();
  }

  #fill(): void {
    const started: number[] = [];
    while (this.#live.size - this.#leaving.size < this.#wanted) {
      if (this.nextRank >= LOCAL_RANKS) {
        this.#giveUp(`all ${LOCAL_RANKS} ranks of this cluster have been used`);
        break;
      }
      const rank = this.nextRank++;
      this.#live.set(
        rank,
        this.#processes.start(rank, (end) => this.#ended(rank, end)),
      );
      started.push(rank);
    }
    if (started.length > 0) this.onStarted(started);
  }

  #ended(rank: number, { orderly, how }: MemberEnd): void {
    this.#live.delete(rank);
    const asked = this.#leaving.delete(rank);
    // It was retired by a client.
    if (orderly && !asked) this.#wanted--;
    this.#failedStarts = this.#processes.hasJoined(rank) ? 0 : this.#failedStarts + 1;
    if (this.#failedStarts >= MOST_FAILED_STARTS) this.#giveUp(`${how} before it joined, as others before it`);
    else this.#fill();
  }

  #giveUp(why: string): void {
    this.#wanted = this.#live.size - this.#leaving.size;
    process.emitWarning(
      `a worker of the local cluster is not replaced, ${this.#wanted} are left: ${why}; start the script again when that is mended`,
      { code: 'PAR_NOT_REPLACED' },
    );
  }
}

function environment(
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

import type { Replacement } from '@par/comm-core/transport';
import { UsageError } from '../usage-error.ts';
import type { RankEnd } from './exit-policy.ts';
import { describeEnd } from './summary.ts';

/** How long ranks that have called init wait for others before people are told, in milliseconds. */
const NOTICE_MS = 60_000;

/** The launcher's end of the channel each rank keeps open to it, over which ranks also find each other. */
export interface Control {
  /** What ranks are told in PAR_RENDEZVOUS. */
  readonly address: string;
  /** Where processes of other hosts may join. */
  readonly door: string | undefined;
  /** Settles when every rank has joined; rejects when the job ends before. */
  readonly complete: Promise<unknown>;
  /** Whether this rank has ever said that it is there. */
  hasJoined(rank: number): boolean;
  /** A rank for a process that is to join later; undefined: there is none left. */
  reserve(): number | undefined;
  /**
   * What a rank waits for: "recv source=1 tag=7 on world, waiting 12 s". Rejects when it is not connected, or cannot answer in time.
   */
  pending(rank: number, signal: AbortSignal): Promise<readonly string[]>;
  /** The process of a rank has ended: unless it said goodbye, the others are told. Settles when all that it has said is heard. */
  rankEnded(rank: number, end: RankEnd): Promise<void>;
  /** Ends it once all that these ranks, whose processes have ended, have said is passed on: whoever else is there has to learn of it. */
  close(ended: readonly number[]): Promise<void>;
}

export interface ControlOptions {
  /** Path of the socket to listen on, in a directory of the job's own. */
  readonly path: string;
  /** Where to listen for processes of other hosts, `tcp:host:port`; undefined: nowhere. */
  readonly door: string | undefined;
  readonly size: number;
  /** All ranks that can ever be. */
  readonly universe: number;
  /** Whoever knows the secret can join as a rank of its own. */
  readonly newcomers: boolean;
  readonly jobId: string;
  /** 64 hex digits. */
  readonly secret: string;
  /** TLS 1.3 on the channel. */
  readonly secure: boolean;
  /** A rank has asked for the end of the job. */
  onAbort(rank: number, status: number, reason: string): void;
  /** The loss of this rank need not end the job, or is to be made good. */
  onExpendable(rank: number, replacement: Replacement | undefined): void;
  /** A rank has lost its connection to another. */
  onMissed(rank: number, lost: number): void;
  /** This rank counts as lost to the others, for this reason, and is to be killed. */
  onEvict(rank: number, reason: string): void;
  /** Something a person should know, such as a refused connection. */
  onNotice(message: string): void;
}

/** Starts listening; ranks may be started once it settles. */
export async function openControl(options: ControlOptions): Promise<Control> {
  const {
    path,
    door,
    size,
    universe,
    newcomers,
    jobId,
    secret,
    secure,
    onAbort,
    onExpendable,
    onMissed,
    onEvict,
    onNotice,
  } = options;
  const { startRendezvous } = await import('@par/transport-tcp/rendezvous');
  const rendezvous = await startRendezvous({
    listen: `unix:${path}`,
    door,
    size: universe,
    initial: size,
    newcomers,
    job: jobId,
    secret: Buffer.from(secret, 'hex'),
    secure,
    onAbort,
    onExpendable,
    onMissed,
    onEvict,
    // Without a limit: their parents see them end.
    absence: { after: NOTICE_MS, tell: (text) => onNotice(`${text}; the others wait for them`) },
    log: onNotice,
  }).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  return {
    address: rendezvous.address,
    door: rendezvous.door,
    complete: rendezvous.complete,
    hasJoined: (rank) => rendezvous.announcement(rank) !== undefined,
    reserve: () => rendezvous.reserve(),
    pending: async (rank, signal) => (await rendezvous.request(rank, 'pending', undefined, signal)) as string[],
    rankEnded: (rank, end) => {
      // One that has joined is missed through its channel, where its goodbye, if any, comes first; a lost host says nothing.
      if (rendezvous.announcement(rank) === undefined || end.kind === 'host-lost')
        rendezvous.lost(rank, describeEnd(end));
      return end.kind === 'host-lost' ? Promise.resolve() : rendezvous.drained([rank]);
    },
    close: async (ended) => {
      await rendezvous.drained(ended);
      void rendezvous.close();
    },
  };
}

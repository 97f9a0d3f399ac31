import type { Access } from '@par/transport-tcp/rendezvous';
import type { Fleet } from '../agent/fleet.ts';
import type { RunOptions } from '../command-line/parse-run.ts';
import type { RankEnd } from './exit-policy.ts';
import type { Job, Replacing } from './job.ts';
import type { ResolvedSegment } from './plan.ts';
import type { Rank, RankEvents, RankPlan } from './rank-process.ts';
import type { Reaper } from './reaper.ts';

/** A job of `par cluster`. */
export type ClusterPart =
  | {
      readonly kind: 'founds';
      /** Where processes of other hosts may join, `tcp:host:port`; undefined: nowhere. */
      readonly door: string | undefined;
      /** Is told, once all ranks have joined, how other processes can; what it returns is called when the job has ended. */
      readonly onAccess: (access: Access) => () => void;
    }
  /** Its ranks are workers of a cluster that runs: each joins by itself. */
  | { readonly kind: 'joins'; readonly access: Access };

/** What is known of a job before any of it is started. */
export interface Setting {
  readonly options: RunOptions;
  readonly segments: readonly ResolvedSegment[];
  readonly size: number;
  /** 32 hex digits, new for every job. */
  readonly id: string;
  /** The job's own, mode 0700. */
  readonly directory: string;
  readonly reaper: Reaper;
  /** The hosts of the job, connected; undefined: this one only. */
  readonly fleet: Fleet | undefined;
  /** Undefined: a program's job. */
  readonly cluster: ClusterPart | undefined;
}

/** What a starter tells while the job runs. */
export interface StarterEvents {
  /** Undefined before the ranks are started. */
  job(): Job | undefined;
  note(message: string): void;
}

/** Starts the ranks of a job: as our own children, or through an MPI's launcher. */
export interface Starter {
  readonly plans: readonly RankPlan[];
  readonly causeMs: number;
  isConsequence(end: RankEnd): boolean;
  start(events: RankEvents): readonly Rank[];
  /** Undefined: lost ranks are not replaced. */
  readonly replacing?: Replacing | undefined;
  /** Settles when every rank has a process, or cannot have one. */
  started(): Promise<void>;
  /** The process of a rank has ended; settles when all that it has said to par is heard. */
  rankEnded(rank: number, end: RankEnd): Promise<void>;
  /** What a rank waits for; rejects when it cannot be asked. */
  pending(rank: number, signal: AbortSignal): Promise<readonly string[]>;
  /** All ranks have ended; settles when nothing of it is left. */
  close(): Promise<void>;
}

import type { RankEnd } from '../run/exit-policy.ts';
import type { RankPlan } from '../run/rank-process.ts';
import type { Endpoint, SurveyRequest } from './survey.ts';

/** What an agent says of its host first. */
export interface HostFacts {
  readonly version: string;
  readonly node: string;
  readonly hostname: string;
  readonly cores: number;
  readonly pid: number;
  /** The address of this host that the launcher's connection came to, where that is known (sshd tells). */
  readonly reached: string | undefined;
}

/** A program that has to be there. */
export interface ProgramCheck {
  readonly program: string;
  readonly cwd: string;
}

/** Everything an agent needs before it starts ranks. */
export interface Preparation {
  /** 32 hex digits, those of the job. */
  readonly job: string;
  /** Number of the host in the job. */
  readonly host: number;
  readonly programs: readonly ProgramCheck[];
  /** Addresses of the other hosts. */
  readonly peers: readonly string[];
  readonly graceMs: number;
  /** Silence after which the launcher is taken for lost. */
  readonly heartbeatMs: number;
}

export interface Prepared {
  /** Path of the socket where ranks of this host find the rendezvous. */
  readonly rendezvous: string;
  /** Where ranks of this host listen for those of others; undefined: there is no route. */
  readonly address: string | undefined;
}

/** A rank of an agent. Its environment is what par adds: the rest is the host's own. */
export type RemotePlan = RankPlan;

/** What a launcher may ask. Answers: lines or a string; milliseconds since 1970; a Survey; reasons by host. */
export type Question =
  | { readonly name: 'stack'; readonly rank: number; readonly ms: number }
  | { readonly name: 'time' }
  | { readonly name: 'survey'; readonly request: SurveyRequest }
  | { readonly name: 'reach'; readonly endpoints: readonly Endpoint[] };

export type ToAgent =
  | { readonly type: 'prepare'; readonly preparation: Preparation }
  | { readonly type: 'start'; readonly plans: readonly RemotePlan[] }
  | { readonly type: 'signal'; readonly rank: number; readonly signal: NodeJS.Signals }
  | { readonly type: 'pause'; readonly rank: number; readonly paused: boolean }
  | { readonly type: 'ask'; readonly id: number; readonly question: Question }
  /** The launcher is being stopped, or goes on: it does not answer meanwhile. */
  | { readonly type: 'suspended'; readonly suspended: boolean }
  | { readonly type: 'alive' }
  /** All is over: end, and leave nothing. */
  | { readonly type: 'close' };

export type FromAgent =
  | { readonly type: 'hello'; readonly facts: HostFacts }
  | { readonly type: 'prepared'; readonly prepared: Prepared }
  /** It cannot do what was asked: exit status and words as of UsageError. */
  | { readonly type: 'refused'; readonly status: number; readonly message: string }
  | { readonly type: 'started'; readonly rank: number; readonly pid: number | undefined }
  | { readonly type: 'ended'; readonly rank: number; readonly end: RankEnd }
  | { readonly type: 'output-ended'; readonly rank: number; readonly stream: 'stdout' | 'stderr' }
  | { readonly type: 'closed'; readonly rank: number }
  /** So many bytes of the rank's input were taken. */
  | { readonly type: 'stdin-taken'; readonly rank: number }
  | { readonly type: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly type: 'failed'; readonly id: number; readonly message: string }
  | { readonly type: 'alive' };

import type { RoleOptions } from './run-role.ts';

/** Roles of a local cluster: a scheduler of its own, so that a script that computes between its calls holds nothing up. */
export const LOCAL_LAYOUT = { scheduler: 0, client: 1, others: 2 } as const;

/** Ranks a local cluster can have over its life: a worker in place of a lost one gets a rank of its own. */
export const LOCAL_RANKS = 4096;

/** What a process of a local cluster is told, in PAR_LOCAL_CLUSTER. */
export interface MemberSettings {
  /** Holds the cluster's sockets and what workers spill. */
  readonly directory: string;
  /** URL of the transport's module. */
  readonly transportUrl: string;
  /** Workers that start with the cluster. */
  readonly workers: number;
  readonly role: RoleOptions;
}

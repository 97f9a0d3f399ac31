/** Roles of a local cluster: a scheduler of its own, so that a script that computes between its calls holds nothing up. */
export const LOCAL_LAYOUT = { scheduler: 0, client: 1, others: 2 } as const;

/** What a process of a local cluster is told, in PAR_LOCAL_CLUSTER. */
export interface MemberSettings {
  /** Holds the cluster's sockets and what workers spill. */
  readonly directory: string;
  /** URL of the transport's module. */
  readonly transportUrl: string;
  readonly nthreads: number;
  readonly workers: number;
}

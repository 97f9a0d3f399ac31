import type { Context } from './contract.ts';

/** What a launcher runs in place of a rank that is lost: a Node program, with these variables besides its own. */
export interface Replacement {
  /** Path on the rank's host. */
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
}

/** All ranks that are there or may still come. Messages only: a collective would wait for ranks that never do. */
export interface Universe {
  readonly context: Context;
  /** Is told of each rank that has joined later, before or after this call, and of the role it names. */
  onArrival(listener: (rank: number, role: string) => void): void;
  /** Has the launcher kill a rank that counts as lost though its process is there, for this reason. */
  evict(rank: number, reason: string): void;
}

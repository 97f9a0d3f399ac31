import type { Reached } from '../join.ts';
import type { LinkSettings } from '../options.ts';
import type { Rendezvous } from '../rendezvous/server.ts';

/** How a rank that no launcher of ours started comes to its rendezvous. */
export interface Meeting {
  readonly settings: LinkSettings;
  readonly reached: Reached;
  /** The rendezvous, when this rank holds it: it is rank 0. */
  readonly held: Rendezvous | undefined;
}
